import { CORE_SCHEMA, YAMLException, load } from 'js-yaml';

/** What stands above the first cell of a script. */
export type Header =
  | {
      readonly ok: true;
      readonly metadata: Readonly<Record<string, unknown>>;
      /** The part of the header that is not the notebook's metadata; jupytext keeps it as a raw cell. */
      readonly rawCell: string | undefined;
      /** The line at which the cells begin. */
      readonly next: number;
    }
  | { readonly ok: false; readonly message: string };

const coding = /^[ \t\f]*#.*?coding[:=][ \t]*[-_.a-zA-Z0-9]+/;
const rule = /^---\s*$/;

/** Reads the `#!` line, the `coding` line and the YAML between `# ---` lines, as far as a script has them. */
export function readHeader(lines: readonly string[]): Header {
  const jupytext: Record<string, unknown> = {};
  let start = 0;
  if (lines[0]?.startsWith('#!') === true) jupytext['executable'] = lines[start++]?.slice(2);
  if (coding.test(lines[start] ?? '')) jupytext['encoding'] = lines[start++];
  const found = Object.keys(jupytext).length > 0 ? { jupytext } : {};
  const block = findBlock(lines, start);
  if (block === undefined) return { ok: true, metadata: found, rawCell: undefined, next: start };
  const { notebook, other, end } = splitHeader(lines.slice(start, block.end), block.start - start, block.end);
  const read = readYaml(notebook);
  if (!read.ok) return read;
  const own = read.metadata['jupytext'];
  const merged = typeof own === 'object' && own !== null ? { ...own, ...jupytext } : jupytext;
  const metadata = Object.keys(jupytext).length > 0 ? { ...read.metadata, jupytext: merged } : read.metadata;
  const rawCell = other.length > 0 ? ['---', ...other, '---'].join('\n') : undefined;
  const isBlank = (lines[end] ?? '').replace(/^# ?/, '').trim() === '';
  return { ok: true, metadata, rawCell, next: end < lines.length && isBlank ? end + 1 : end };
}

/** The lines between the two rules; only empty comments may stand before the first. */
function findBlock(
  lines: readonly string[],
  from: number,
): { readonly start: number; readonly end: number } | undefined {
  let start: number | undefined;
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (!line.startsWith('#')) return undefined;
    const text = line.replace(/^# ?/, '');
    if (rule.test(text)) {
      if (start !== undefined) return { start, end: at };
      start = at + 1;
    } else if (start === undefined && text.trim() !== '') return undefined;
  }
  return undefined;
}

function splitHeader(
  lines: readonly string[],
  from: number,
  last: number,
): { readonly notebook: readonly string[]; readonly other: readonly string[]; readonly end: number } {
  const notebook: string[] = [];
  // Empty comments above the first rule are kept too.
  const other = lines.slice(0, from - 1).map(() => '');
  let inside = false;
  for (const line of lines.slice(from)) {
    const text = line.replace(/^# ?/, '');
    if (/^jupyter\s*:\s*$/.test(text)) inside = true;
    else if (/^\S/.test(text)) inside = false;
    (inside ? notebook : other).push(text);
  }
  return { notebook, other, end: last + 1 };
}

type YamlRead =
  | { readonly ok: true; readonly metadata: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly message: string };

function readYaml(lines: readonly string[]): YamlRead {
  if (lines.length === 0) return { ok: true, metadata: {} };
  try {
    const read: unknown = load(lines.join('\n'), { schema: CORE_SCHEMA });
    const jupyter: unknown = typeof read === 'object' && read !== null && 'jupyter' in read ? read.jupyter : undefined;
    if (typeof jupyter === 'object' && jupyter !== null && !Array.isArray(jupyter)) {
      // Through JSON and back: aliases become copies, and what JSON has no word for is left out.
      return { ok: true, metadata: JSON.parse(JSON.stringify(jupyter)) as Record<string, unknown> };
    }
    return { ok: true, metadata: {} };
  } catch (error) {
    if (error instanceof YAMLException)
      return { ok: false, message: error.message.split('\n')[0]?.replace(/ \(\d+:\d+\)$/, '') ?? '' };
    // A value that holds itself, or is nested without end.
    if (error instanceof TypeError || error instanceof RangeError) return { ok: false, message: 'it holds itself' };
    throw error;
  }
}
