import type { NotebookOutput } from '../report/outputs.ts';

/** An output without what no two honest runs have in common. */
export type Shown =
  | { readonly kind: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'error'; readonly ename: string; readonly evalue: string; readonly traceback: string }
  | { readonly kind: 'result' | 'display'; readonly data: Readonly<Record<string, string>> };

/** Streams joined by name and put first, counts and metadata dropped, addresses and the like masked. */
export function normaliseOutputs(outputs: readonly NotebookOutput[]): readonly Shown[] {
  const streams = { stdout: '', stderr: '' };
  const others: Shown[] = [];
  for (const output of outputs) {
    const type = output['output_type'];
    if (type === 'stream') streams[output['name'] === 'stderr' ? 'stderr' : 'stdout'] += textOf(output['text']);
    else if (type === 'error') {
      const lines = Array.isArray(output['traceback']) ? output['traceback'].map(String).join('\n') : '';
      const evalue = mask(textOf(output['evalue']));
      others.push({ kind: 'error', ename: textOf(output['ename']), evalue, traceback: mask(withoutColours(lines)) });
    } else others.push({ kind: type === 'execute_result' ? 'result' : 'display', data: normaliseData(output['data']) });
  }
  // The two streams reach a notebook in an order that differs from run to run.
  const first = (['stdout', 'stderr'] as const)
    .filter((kind) => streams[kind] !== '')
    .map((kind) => ({ kind, text: mask(withoutColours(applyReturns(streams[kind]))) }));
  return [...first, ...others];
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

/** A progress bar that returns to the start of its line shows its last state. */
function applyReturns(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => (line.includes('\r') ? (line.split('\r').findLast((part) => part !== '') ?? '') : line))
    .join('\n');
}

function withoutColours(text: string): string {
  return text.replaceAll(/\u001B\[[0-9;]*[A-Za-z]/g, '');
}

const masks: readonly (readonly [RegExp, string])[] = [
  [/0x[0-9a-fA-F]{6,}/g, '0x…'],
  // The name a cell has as a file, in Jupyter's way and in ours.
  [/(?:\/[^\s:'"<>()]*)?\/ipykernel_[^\s:'"<>()]*\/\d+\.py/g, 'CELL.py'],
  [/\b\d{4,}\.py\b|<ipython-input-\d+-[0-9a-f]+>/g, 'CELL.py'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID'],
  [/\/tmp\/[A-Za-z0-9_./-]+/g, '/tmp/…'],
  [/\b(?:altair-viz-|T_)[0-9a-f]{4,}/g, 'ID'],
  [/sk-(?:container|estimator)-id-\d+/g, 'ID'],
  [/<dc:date>[^<]*<\/dc:date>/g, 'DATE'],
  [/\b(?:id|xlink:href|clip-path)="[^"]*"/g, 'ID'],
  [/(?:CPU times|Wall time|Compiler time)\s*:.*/g, 'TIME'],
  [/[\d.]+ ?(?:ns|µs|μs|us|ms|s|min) ± .*/g, 'TIME'],
  [/The slowest run took .*/g, 'TIME'],
  [/\d+(?:\.\d+)?(?:it\/s|s\/it)/g, 'RATE'],
  [/\d+:\d\d<(?:\d+:\d\d|\?)/g, 'TIME'],
];

/** Masks what no two runs have in common: addresses, names of temporary files, random ids, times. */
export function mask(text: string): string {
  let masked = text;
  for (const [pattern, word] of masks) masked = masked.replaceAll(pattern, word);
  return masked;
}
