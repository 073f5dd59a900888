import { directiveText, type CommentMark } from './comment-mark.ts';

/** Directives for one cell, by their names. */
export type DirectiveValues = ReadonlyMap<string, string>;

interface DirectiveAtTop {
  /** Its line, from 0. */
  readonly place: number;
  readonly name: string;
  /** The line up to the value. */
  readonly before: string;
  readonly value: string;
}

/** The lines `#| name: value` or `//| name: value` above the first line of code; none under a cell magic, to which such a line is text like any other. */
function directivesAtTop(lines: readonly string[]): {
  readonly found: readonly DirectiveAtTop[];
  readonly end: number;
} {
  const found: DirectiveAtTop[] = [];
  let end = 0;
  if (lines[0]?.startsWith('%%') === true) return { found, end };
  for (const [place, text] of lines.entries()) {
    const isAbove = text.trim() === '' || /^\s*(?:#|\/\/)/.test(text);
    if (!isAbove) break;
    if (/^\s*(?:#|\/\/)\|/.test(text)) end = place + 1;
    const [, start = '', name, colon, rest = ''] = /^(\s*(?:#|\/\/)\|\s*([\w-]+)\s*)(:\s*)?(.*)$/.exec(text) ?? [];
    if (name === undefined || (colon === undefined && rest !== '')) continue;
    found.push({ place, name, before: `${start}${colon ?? ''}`, value: colon === undefined ? 'true' : rest.trim() });
  }
  return { found, end };
}

/** The values of the directives of a cell by their names, in the order of their lines; a name without a value has `true`. */
export function readDirectives(source: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const { name, value } of directivesAtTop(source.split('\n')).found)
    values.set(name, [...(values.get(name) ?? []), value]);
  return values;
}

/**
 * The source of a cell with these directives at its top. One that is there already gets the new value where it stands; the others come
 * after the last, or as the first lines. Undefined under a cell magic.
 * @param comment what comments of the language begin with
 */
export function withDirectives(source: string, values: DirectiveValues, mark: CommentMark = '#'): string | undefined {
  if (source.startsWith('%%')) return undefined;
  const lines = source.split('\n');
  const { found, end } = directivesAtTop(lines);
  const left = new Map(values);
  for (const { place, name, before } of found) {
    const value = left.get(name);
    if (value === undefined || !before.includes(':')) continue;
    lines[place] = `${before}${value}`;
    left.delete(name);
  }
  lines.splice(end, 0, ...[...left].map(([name, value]) => directiveText(mark, name, value)));
  return lines.join('\n');
}

/** One directive of a cell: a line for each value. */
export interface DirectiveLines {
  readonly name: string;
  readonly values: readonly string[];
  /** How comments begin in the notebook's language. */
  readonly mark?: CommentMark;
}

/**
 * The source of a cell in which one directive has these values, a line each, and no others. The first stands where it stood before;
 * none takes the directive away. Undefined under a cell magic.
 */
export function withDirectiveLines(source: string, { name, values, mark = '#' }: DirectiveLines): string | undefined {
  if (source.startsWith('%%')) return undefined;
  const lines = source.split('\n');
  const { found, end } = directivesAtTop(lines);
  const own = new Set(found.filter((one) => one.name === name).map(({ place }) => place));
  const [first = end] = own;
  const written = values.map((value) => directiveText(mark, name, value));
  const kept = (line: string, place: number): readonly string[] => (own.has(place) ? [] : [line]);
  const before = lines.slice(0, first).flatMap(kept);
  const after = lines.slice(first).flatMap((line, place) => kept(line, place + first));
  return [...before, ...written, ...after].join('\n');
}
