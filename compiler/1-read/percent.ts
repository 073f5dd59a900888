import { isCellMarker, readMarker, type Marker } from './percent-marker.ts';
import { readHeader } from './percent-header.ts';
import { isCommandLine, uncommentMagics } from './percent-magics.ts';
import { isQuoted, startOfLine, scanLine } from './line-scan.ts';
import { languageMagics } from './percent-languages.ts';

/** A script as a notebook document, or why it cannot be read. */
export type PercentRead =
  | { readonly ok: true; readonly document: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: 'header'; readonly message: string }
  | { readonly ok: false; readonly problem: 'format'; readonly format: string };

/** Options of the file that its header sets. */
interface Options {
  /** False when magics stand in the file as they are, so that a commented one is a comment. */
  readonly commented: boolean;
  readonly language: string;
}

const ours: ReadonlySet<string> = new Set(['percent', 'hydrogen']);

/**
 * Percent-format Python as jupytext writes it: `# %%` starts a cell, `# %% [markdown]` one in comments, `# %% tags=["a"]` has metadata,
 * and magics are commented out. The cells are those that jupytext reads.
 */
export function parsePercent(text: string): PercentRead {
  const lines = text.split(/\r\n|\r|\n/);
  // A newline ends the last line; it starts no other.
  if (lines.at(-1) === '') lines.pop();
  const header = readHeader(lines);
  if (!header.ok) return { ok: false, problem: 'header', message: header.message };
  const { metadata, rawCell, next } = header;
  const jupytext = section(metadata, 'jupytext');
  const format = section(jupytext, 'text_representation')['format_name'];
  if (typeof format === 'string' && !ours.has(format)) return { ok: false, problem: 'format', format };
  const body = lines.slice(next);
  const asked = jupytext['comment_magics'];
  // A script without a marker is a plain one: its comments are comments.
  const isPlain = !body.some(isCellMarker);
  const hydrogen = isPlain || format === 'hydrogen' || (format === undefined && body.some(isBareCommand(body)));
  const language = section(metadata, 'kernelspec')['language'];
  const options = {
    commented: typeof asked === 'boolean' ? asked : !hydrogen,
    language: typeof language === 'string' ? language.toLowerCase() : 'python',
  };
  const cells = [...(rawCell === undefined ? [] : [{ cell_type: 'raw', metadata: {}, source: rawCell }])];
  for (let start = 0; start < body.length;) {
    const [cell, end] = readCell(body, start, options);
    cells.push(cell);
    start = end;
  }
  return { ok: true, document: { cells, metadata, nbformat: 4, nbformat_minor: 5 } };
}

function section(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const found = value[name];
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : {};
}

/** True for a line, outside of strings, that is a magic and no comment. */
function isBareCommand(lines: readonly string[]): (line: string, index: number) => boolean {
  const quoted: boolean[] = [];
  const state = startOfLine();
  for (const line of lines) {
    quoted.push(isQuoted(state));
    scanLine(state, line);
  }
  return (line, index) => quoted[index] !== true && !line.startsWith('#') && isCommandLine(line, false);
}

interface DocumentCell {
  readonly cell_type: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly source: string;
}

/** The cell that starts at a line, and the line at which the next one starts. */
function readCell(lines: readonly string[], start: number, options: Options): readonly [DocumentCell, number] {
  const first = lines[start] ?? '';
  const isMarked = isCellMarker(first);
  const marker: Marker = isMarked ? readMarker(first) : { kind: 'code', metadata: {} };
  const end = findEnd(lines, start, marker.kind);
  const own = lines.slice(isMarked ? start + 1 : start, lastLine(lines, start, end));
  const metadata: Record<string, unknown> = { ...marker.metadata };
  let { kind } = marker;
  if (kind === 'code' && !activeIn('ipynb', metadata)) {
    kind = 'raw';
    if (metadata['active'] === '') delete metadata['active'];
  }
  const language = typeof metadata['language'] === 'string' ? metadata['language'] : undefined;
  delete metadata['language'];
  let source = sourceOf({ kind, lines: own, language, isLive: marker.kind === 'code' }, metadata, options);
  if (language !== undefined && language.toLowerCase() !== options.language) {
    const args = typeof metadata['magic_args'] === 'string' ? ` ${metadata['magic_args']}` : '';
    if (languageMagics.has(language)) {
      delete metadata['magic_args'];
      source = `%%${language}${args}\n${source}`;
    } else metadata['language'] = language;
  }
  const code = kind === 'code' ? { outputs: [], execution_count: null } : {};
  return [{ cell_type: kind, metadata, source, ...code }, end];
}

/** True when a cell of this metadata is live in files with this ending; `otherwise` when it does not say. */
function activeIn(ending: string, metadata: Readonly<Record<string, unknown>>, otherwise = true): boolean {
  if (section(metadata, 'run_control')['frozen'] === true) return ending === 'ipynb';
  const tags: readonly unknown[] = Array.isArray(metadata['tags']) ? metadata['tags'] : [];
  const tag = tags.find((found) => typeof found === 'string' && found.startsWith('active-'));
  if (typeof tag === 'string') return tag.split('-').includes(ending);
  const { active } = metadata;
  return typeof active === 'string' ? active.split(/[.,]/).includes(ending) : otherwise;
}

const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/;

/** The line of the next marker: outside of strings and, in text, of fenced blocks. */
function findEnd(lines: readonly string[], start: number, kind: Marker['kind']): number {
  const state = startOfLine();
  let closing: RegExp | undefined;
  for (let at = start; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const quoted = isQuoted(state);
    scanLine(state, line);
    if (quoted) continue;
    if (kind !== 'code') {
      const text = uncomment(line);
      if (closing !== undefined) {
        if (closing.test(text)) closing = undefined;
        continue;
      }
      closing = closingOf(text);
      if (closing !== undefined && !lines.slice(at + 1).some((later) => closing?.test(uncomment(later))))
        closing = undefined;
      if (closing !== undefined) continue;
    }
    if (at > start && isCellMarker(line)) return at;
  }
  return lines.length;
}

/** What ends the fenced block that a line of Markdown opens. */
function closingOf(text: string): RegExp | undefined {
  const [, mark = '', rest = ''] = fence.exec(text) ?? [];
  if (mark === '' || (mark.startsWith('`') && rest.includes('`'))) return undefined;
  return new RegExp(`^ {0,3}${mark[0] === '`' ? '`' : '~'}{${String(mark.length)},}\\s*$`);
}

/** The blank line before the next marker, or two of them, stand between the cells and belong to none. */
function lastLine(lines: readonly string[], start: number, end: number): number {
  const blank = (at: number): boolean => (lines[at] ?? '').trim() === '';
  if (end - start >= 3 && blank(end - 1) && blank(end - 2) && !blank(end - 3)) return end - 2;
  return end > start && lines[end - 1] === '' ? end - 1 : end;
}

function sourceOf(
  cell: {
    readonly kind: string;
    readonly lines: readonly string[];
    readonly language: string | undefined;
    /** True when its lines stand in the file as they are, and not in comments. */
    readonly isLive: boolean;
  },
  metadata: Record<string, unknown>,
  { commented, language }: Options,
): string {
  const isText = !activeIn('py', metadata, cell.kind === 'code');
  const quoted = isText ? readQuoted(cell.lines, metadata) : undefined;
  if (quoted !== undefined) return quoted;
  const foreign = !('active' in metadata) && cell.language !== undefined && cell.language.toLowerCase() !== language;
  if (!activeIn('py', metadata) || foreign) return cell.lines.map(uncomment).join('\n');
  const lines = commented ? uncommentMagics(cell.lines) : cell.lines;
  if (cell.kind === 'code') return unescapeStarts(lines).join('\n');
  return (cell.isLive ? lines : lines.map(uncomment)).join('\n');
}

/** Text between three quotes, the other way to write a Markdown cell. */
function readQuoted(lines: readonly string[], metadata: Record<string, unknown>): string | undefined {
  const text = lines.join('\n').trim();
  const found = /^([rR]?)("""|''')([^]*)\2$/.exec(text);
  if (found === null) return undefined;
  const [, prefix = '', mark = '', inside = ''] = found;
  const [above, below] = [inside.startsWith('\n') ? '\n' : '', inside.length > 1 && inside.endsWith('\n') ? '\n' : ''];
  // How the quotes stood, as jupytext notes it for writing the script again.
  if (above !== '' && below !== '') metadata['cell_marker'] = `${prefix}${mark}`;
  else if (prefix !== '') metadata['cell_marker'] = `${prefix}${mark}${above},${below}${mark}`;
  return inside.slice(above.length, inside.length - below.length);
}

/** Without `# `, or `#` alone. */
function uncomment(line: string): string {
  return line.replace(/^# ?/, '');
}

const escapedStart = /^(?:# |#)*# ?\+/;

/** A comment that looks like a marker of another format was escaped by one more `#`. */
function unescapeStarts(lines: readonly string[]): readonly string[] {
  const state = startOfLine();
  return lines.map((line) => {
    const quoted = isQuoted(state);
    scanLine(state, line);
    return !quoted && escapedStart.test(line) && escapedStart.test(uncomment(line)) ? uncomment(line) : line;
  });
}
