import type { CellText } from './pipeline.ts';

/** The cells below a Markdown heading. */
export interface Section {
  /** Stays the same while the heading and the headings of the same text before it stay. */
  readonly id: string;
  readonly title: string;
  /** From 1; the levels that the notebook leaves out are closed up. */
  readonly depth: number;
  readonly parent: string | undefined;
  /** Ids of its own code cells, without those of the sections in it. */
  readonly cells: readonly string[];
  /** Ids of its code cells, those of the sections in it included. */
  readonly all: readonly string[];
}

/** The sections of a notebook in order, and by a cell's id the section that it stands in. */
export interface Sections {
  readonly all: readonly Section[];
  readonly of: ReadonlyMap<string, string>;
}

interface Draft {
  readonly id: string;
  readonly title: string;
  readonly level: number;
  readonly parent: Draft | undefined;
  readonly cells: string[];
  readonly all: string[];
}

/** A notebook without headings is cut into pieces of so many cells when it is longer than {@link longest}. */
const pieceLength = 20;
const longest = 60;

/** Clusters of cells by the Markdown headings above them. */
export function placeInSections(cells: readonly CellText[]): Sections {
  const drafts: Draft[] = [];
  const of = new Map<string, string>();
  const seen = new Map<string, number>();
  let current: Draft | undefined;
  for (const { kind, source, id } of cells) {
    if (kind === 'markdown') {
      for (const { level, title } of headingsOf(source)) {
        while (current !== undefined && current.level >= level) current = current.parent;
        const time = (seen.get(title) ?? 0) + 1;
        seen.set(title, time);
        current = { id: `${title}#${time}`, title, level, parent: current, cells: [], all: [] };
        drafts.push(current);
      }
    } else if (kind === 'code' && current !== undefined) {
      of.set(id, current.id);
      current.cells.push(id);
      for (let above: Draft | undefined = current; above !== undefined; above = above.parent) above.all.push(id);
    }
  }
  // A heading with nothing below it, and one around the whole notebook, say nothing of the cells.
  const told = drafts.filter(({ all }) => all.length > 0);
  if (told.length === 0) return cutIntoPieces(cells);
  return { all: told.map(sectionOf), of };
}

function sectionOf({ id, title, parent, cells, all }: Draft): Section {
  let depth = 1;
  for (let above = parent; above !== undefined; above = above.parent) depth++;
  return { id, title, depth, parent: parent?.id, cells, all };
}

function headingsOf(source: string): { readonly level: number; readonly title: string }[] {
  const found: { level: number; title: string }[] = [];
  let fence: string | undefined;
  for (const line of source.split('\n')) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined) {
      if (fence === undefined) fence = mark;
      else if (mark.startsWith(fence)) fence = undefined;
    }
    const [, marks = '', text = ''] = (fence === undefined ? /^ {0,3}(#{1,6})\s+(.+)$/.exec(line) : null) ?? [];
    const title = plainText(text);
    if (title !== '') found.push({ level: marks.length, title });
  }
  return found;
}

/** A heading without its marks: what it says, not how it looks. */
function plainText(markdown: string): string {
  return markdown
    .replace(/\s+#+\s*$/, '')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/(\*\*|__|\*|`)(.+?)\1/g, '$2')
    .trim();
}

function cutIntoPieces(cells: readonly CellText[]): Sections {
  const code = cells.filter(({ kind }) => kind === 'code').map(({ id }) => id);
  if (code.length <= longest) return { all: [], of: new Map() };
  const all: Section[] = [];
  for (let at = 0; at < code.length; at += pieceLength) {
    const own = code.slice(at, at + pieceLength);
    const title = `Cells ${at + 1} to ${at + own.length}`;
    all.push({ id: `${title}#1`, title, depth: 1, parent: undefined, cells: own, all: own });
  }
  return { all, of: new Map(all.flatMap(({ id, cells: own }) => own.map((cell) => [cell, id]))) };
}
