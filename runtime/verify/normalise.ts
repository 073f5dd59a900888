import { applyReturns } from '../../compiler/bundle/shown-output.ts';
import type { NotebookOutput } from '../report/outputs.ts';

/** An output without what no two honest runs have in common. */
export type Shown =
  | { readonly kind: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'error'; readonly ename: string; readonly evalue: string; readonly traceback: string }
  | { readonly kind: 'result' | 'display'; readonly data: Readonly<Record<string, string>> };

/**
 * Standard error joined and put first, since it reaches a notebook at another place from run to run; pieces of standard output
 * joined between displays; counts and metadata dropped; times and names of cells as files masked.
 */
export function normaliseOutputs(outputs: readonly NotebookOutput[]): readonly Shown[] {
  let errors = '';
  let printed = '';
  const shown: Shown[] = [];
  const flush = (): void => {
    if (printed !== '') shown.push({ kind: 'stdout', text: maskStream(printed) });
    printed = '';
  };
  for (const output of outputs) {
    const type = output['output_type'];
    if (type === 'stream' && output['name'] === 'stderr') errors += textOf(output['text']);
    else if (type === 'stream') printed += textOf(output['text']);
    else {
      flush();
      shown.push(type === 'error' ? normaliseError(output) : normaliseDisplay(output));
    }
  }
  flush();
  return errors === '' ? shown : [{ kind: 'stderr', text: maskStream(errors) }, ...shown];
}

function maskStream(text: string): string {
  return mask(withoutColours(applyReturns(text)));
}

function normaliseError(output: NotebookOutput): Shown {
  const lines = Array.isArray(output['traceback']) ? output['traceback'].map(String).join('\n') : '';
  const evalue = mask(textOf(output['evalue']));
  return { kind: 'error', ename: textOf(output['ename']), evalue, traceback: mask(withoutColours(lines)) };
}

function normaliseDisplay(output: NotebookOutput): Shown {
  const kind = output['output_type'] === 'execute_result' ? 'result' : 'display';
  return { kind, data: normaliseData(output['data']) };
}

function normaliseData(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value).map(([type, content]): [string, string] => {
    const text = typeof content === 'string' || Array.isArray(content) ? textOf(content) : JSON.stringify(content);
    if (type === 'image/png' || type === 'image/jpeg') return [type, text.replaceAll(/\s/g, '')];
    return [type, mask(text)];
  });
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}

function textOf(value: unknown): string {
  return Array.isArray(value)
    ? value.map(String).join('')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value ?? '');
}

function withoutColours(text: string): string {
  return text.replaceAll(/\u001B\[[0-9;]*[A-Za-z]/g, '');
}

const cellFile = /(?:\/[^\s:'"<>()]*)?\/ipykernel_[^\s:'"<>()]*\/\d+\.py/g;

/** What says nothing of the notebook, however often it is the same: how a cell is called as a file, and how long something took. */
const neverSaid: readonly (readonly [RegExp, string])[] = [
  // In Jupyter's way and in ours.
  [cellFile, 'CELL.py'],
  [/\b\d{4,}\.py\b|<ipython-input-\d+-[0-9a-f]+>/g, 'CELL.py'],
  [/(?:<anonymous>|\bcell \d+|\bcell-\d+\.ts):\d+:\d+/g, 'PLACE'],
  // Lines that `%time` and `%timeit` show only where something took long.
  [/^(?:The slowest run took |(?:Compiler time|Compiler|Parser) *: [\d.]+ (?:ns|[uµμ]s|ms|s|min)\b).*\n?/gm, ''],
  [/(?:CPU times|Wall time)\s*:.*/g, 'TIME'],
  [/[\d.]+ ?(?:ns|µs|μs|us|ms|s|min) ± .*/g, 'TIME'],
  [/\d+(?:\.\d+)?(?:it\/s|s\/it)/g, 'RATE'],
  [/\d+:\d\d<(?:\d+:\d\d|\?)/g, 'TIME'],
  // Counted in a process, so it depends on what else was shown there.
  [/sk-(?:container|estimator)-id-\d+/g, 'ID'],
];

/** What differs from run to run as a rule, and what a certificate calls it. */
export const mayDiffer: readonly (readonly [RegExp, string, string])[] = [
  [/0x[0-9a-fA-F]{6,}/g, '0x…', 'addresses'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID', 'uuids'],
  [/\/tmp\/[A-Za-z0-9_./-]+/g, '/tmp/…', 'temporary files'],
  [/\b(?:altair-viz-|T_)[0-9a-f]{4,}/g, 'ID', 'numbers of charts'],
  [/<dc:date>[^<]*<\/dc:date>/g, 'DATE', 'dates of pictures'],
  [/\b(?:id|xlink:href|clip-path)="[^"]*"/g, 'ID', 'ids of elements'],
];

/** Masks names of cells, times and rates. */
function mask(text: string): string {
  let masked = text;
  for (const [pattern, word] of neverSaid) {
    // Quadratic on text full of slashes, such as sound in base64.
    if (pattern === cellFile && !masked.includes('/ipykernel_')) continue;
    masked = masked.replaceAll(pattern, word);
  }
  return masked;
}

/**
 * Masks addresses, random ids and the like at places where the plain runs differ, in their texts and in ours: what they agree on is
 * said by the notebook. One plain run alone tells nothing of that, so all of it is masked then.
 */
export function maskDiffering(
  plain: readonly string[],
  ours: string,
): { readonly plain: readonly string[]; readonly ours: string } {
  let texts = [...plain, ours];
  for (const [pattern, word] of mayDiffer) {
    const found = texts.map((text) => text.match(pattern) ?? []);
    const [first = []] = found;
    const aligned = plain.length > 1 && found.every((matches) => matches.length === first.length);
    const agreed = first.map((match, place) => aligned && found.slice(0, -1).every((other) => other[place] === match));
    texts = texts.map((text) => {
      let place = 0;
      return text.replaceAll(pattern, (match) => (agreed[place++] === true ? match : word));
    });
  }
  return { plain: texts.slice(0, -1), ours: texts.at(-1) ?? '' };
}
