import { mayDiffer, normaliseOutputs, type Shown } from '../verify/normalise.ts';
import type { NotebookOutput } from '../report/outputs.ts';
import type { RecordedCell, RecordedOutput, RecordedPart } from './format.ts';
import { digestOfText } from './read.ts';

/** What a cell showed: each output's kind and its texts by name. */
export type Outputs = readonly { readonly kind: RecordedOutput['kind']; readonly texts: ReadonlyMap<string, string> }[];

/** A text of more lines that differs from run to run is not compared at all. */
const mostLines = 1000;

/** Outputs as a certificate compares them. @param hide puts words in the place of this machine's folders */
export function readOutputs(outputs: readonly NotebookOutput[], hide: (text: string) => string): Outputs {
  return normaliseOutputs(outputs).map((shown) => ({ kind: shown.kind, texts: textsOf(shown, hide) }));
}

function textsOf(shown: Shown, hide: (text: string) => string): ReadonlyMap<string, string> {
  if ('data' in shown) {
    return new Map(Object.entries(shown.data).map(([type, text]) => [type, isPicture(type) ? text : hide(text)]));
  }
  if (shown.kind !== 'error') return new Map([['text', hide(shown.text)]]);
  const { ename, evalue, traceback } = shown;
  return new Map([
    ['ename', ename],
    ['evalue', hide(evalue)],
    ['traceback', hide(traceback)],
  ]);
}

function isPicture(name: string): boolean {
  return name.startsWith('image/') && name !== 'image/svg+xml';
}

/** How a cell ended: `nothing`, `outputs`, or the class of the error. */
export function endOf(outputs: Outputs): string {
  const error = outputs.find(({ kind }) => kind === 'error');
  return error?.texts.get('ename') ?? (outputs.length === 0 ? 'nothing' : 'outputs');
}

/** What several runs of one cell have in common. */
export function recordOutputs(runs: readonly Outputs[]): Pick<RecordedCell, 'ends' | 'outputs'> {
  const ends = [...new Set(runs.map(endOf))].sort();
  const [first = []] = runs;
  if (runs.some((run) => kindsOf(run) !== kindsOf(first))) return { ends };
  const outputs = first.map(({ kind }, place): RecordedOutput => {
    const all = runs.map((run) => run[place]?.texts ?? new Map<string, string>());
    const names = [...new Set(all.flatMap((texts) => [...texts.keys()]))].sort();
    return {
      kind,
      parts: names.map((name) =>
        recordPart(
          name,
          all.map((texts) => texts.get(name)),
        ),
      ),
    };
  });
  return { ends, outputs };
}

function kindsOf(outputs: Outputs): string {
  return outputs.map(({ kind }) => kind).join(', ') || 'nothing';
}

function recordPart(name: string, given: readonly (string | undefined)[]): RecordedPart {
  const texts = given.flatMap((text) => text ?? []);
  // Not every run gave it.
  if (texts.length < given.length) return { name, masked: [] };
  const masked = isPicture(name) ? [] : kindsThatDiffer(texts);
  const [first = '', ...others] = texts.map((text) => maskKinds(text, masked));
  if (others.every((other) => other === first)) return { name, masked, digest: digestOfText(first) };
  if (isPicture(name)) return { name, masked };
  const lines = [first, ...others].map((text) => text.split('\n'));
  const length = lines[0]?.length ?? 0;
  if (length > mostLines || lines.some((one) => one.length !== length)) return { name, masked };
  const kept = (lines[0] ?? []).map((line, place) =>
    lines.every((one) => one[place] === line) ? digestOfText(line) : '',
  );
  return kept.every((digest) => digest === '') ? { name, masked } : { name, masked, lines: kept };
}

function kindsThatDiffer(texts: readonly string[]): readonly string[] {
  if (texts.every((text) => text === texts[0])) return [];
  return mayDiffer.flatMap(([pattern, , kind]) => {
    const found = texts.map((text) => (text.match(pattern) ?? []).join('\n'));
    return found.every((matches) => matches === found[0]) ? [] : [kind];
  });
}

function maskKinds(text: string, kinds: readonly string[]): string {
  let masked = text;
  for (const [pattern, word, kind] of mayDiffer) if (kinds.includes(kind)) masked = masked.replaceAll(pattern, word);
  return masked;
}

/** True when something of it differed from run to run, and is not compared. */
export function isUnstable({ outputs }: Pick<RecordedCell, 'outputs'>): boolean {
  return outputs === undefined || outputs.some(({ parts }) => parts.some(({ digest }) => digest === undefined));
}

/** Where outputs first differ from what all runs of the certificate had in common; empty when they do not. */
export function differenceOf(recorded: Pick<RecordedCell, 'ends' | 'outputs'>, now: Outputs): string {
  const end = endOf(now);
  if (!recorded.ends.includes(end))
    return `${describeEnds(recorded.ends)} in the certificate, ${describeEnds([end])} here`;
  if (recorded.outputs === undefined) return '';
  const before = recorded.outputs.map(({ kind }) => kind).join(', ') || 'nothing';
  if (before !== kindsOf(now)) return `${before} in the certificate, ${kindsOf(now)} here`;
  for (const [place, { kind, parts }] of recorded.outputs.entries()) {
    const texts = now[place]?.texts ?? new Map<string, string>();
    const added = [...texts.keys()].find((name) => !parts.some((part) => part.name === name));
    if (added !== undefined) return `${kind} has ${added} here, which the certificate does not have`;
    for (const part of [...parts].sort(readableFirst)) {
      const said = differenceOfPart(part, texts.get(part.name));
      if (said !== '') return `${['stdout', 'stderr'].includes(kind) ? kind : `${kind} ${part.name}`} ${said}`;
    }
  }
  return '';
}

/** What people read comes before the same thing as HTML. */
function readableFirst(left: RecordedPart, right: RecordedPart): number {
  return Number(right.name === 'text/plain') - Number(left.name === 'text/plain');
}

function describeEnds(ends: readonly string[]): string {
  return ends.map((end) => (end === 'nothing' || end === 'outputs' ? end : `raises ${end}`)).join(' or ');
}

function differenceOfPart({ name, masked, digest, lines }: RecordedPart, now: string | undefined): string {
  if (now === undefined) return digest === undefined && lines === undefined ? '' : 'is missing here';
  const text = maskKinds(now, masked);
  if (digest !== undefined) {
    if (digestOfText(text) === digest) return '';
    return isPicture(name) ? 'is another picture' : `is another text: ${excerpt(text)} here`;
  }
  if (lines === undefined) return '';
  const own = text.split('\n');
  if (own.length !== lines.length) return `has ${own.length} lines here, ${lines.length} in the certificate`;
  const place = lines.findIndex((line, at) => line !== '' && line !== digestOfText(own[at] ?? ''));
  return place < 0 ? '' : `is another text in line ${place + 1}: ${excerpt(own[place] ?? '')} here`;
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 70 ? `${text.slice(0, 69)}…` : text);
}

/** True when two runs on one machine differ in what is not masked anyway. */
export function differsFromRunToRun(first: Outputs, second: Outputs): boolean {
  return isUnstable(recordOutputs([first, second]));
}
