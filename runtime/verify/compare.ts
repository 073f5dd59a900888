import type { NotebookOutput } from '../report/outputs.ts';
import { maskDiffering, normaliseOutputs, type Shown } from './normalise.ts';

/**
 * The verdict on one code cell. `unstable`: plain runs differ among themselves where ours differs too. What they agree on still has to
 * be the same: other outputs of the cell, and whether it prints, shows or raises something.
 */
export interface CellVerdict {
  /** Place in the notebook, all cell types counted, from 0. */
  readonly index: number;
  readonly verdict: 'equal' | 'unstable' | 'different';
  /** Where the outputs first differ; empty when they are equal. */
  readonly what: string;
}

interface Cell {
  readonly cell_type: string;
  readonly source: string | readonly string[];
  readonly metadata?: { readonly tags?: readonly string[] };
  readonly outputs?: readonly NotebookOutput[];
}

/** Parsed nbformat 4. */
export interface ExecutedNotebook {
  readonly cells: readonly Cell[];
}

/** Arrays that numpy leaves as the memory was: what they show has no right answer, however often it is the same. */
const uninitialised = /\b(?:np|numpy)\.empty(?:_like)?\(/;

/** Compares a run with plain runs of the same notebook, cell by cell; the more plain runs, the surer what is unstable. */
export function compareRuns(plainRuns: readonly ExecutedNotebook[], ours: ExecutedNotebook): readonly CellVerdict[] {
  const verdicts: CellVerdict[] = [];
  const [first, ...others] = plainRuns;
  first?.cells.forEach((cell, index) => {
    if (cell.cell_type !== 'code' || textOf(cell).trim() === '') return;
    const mine = ours.cells[index];
    if (mine === undefined || textOf(mine) !== textOf(cell)) {
      verdicts.push({ index, verdict: 'different', what: 'the executed notebook has another cell here' });
      return;
    }
    const plain = [cell, ...others.map((other) => other.cells[index])].map((one) =>
      normaliseOutputs(one?.outputs ?? []),
    );
    const judged = judgeCell(plain, normaliseOutputs(mine.outputs ?? []));
    const hasNoRightAnswer = judged.ofText && uninitialised.test(textOf(cell));
    verdicts.push({
      index,
      verdict: judged.verdict === 'different' && hasNoRightAnswer ? 'unstable' : judged.verdict,
      what: judged.what,
    });
  });
  return verdicts;
}

function textOf(cell: Cell): string {
  return typeof cell.source === 'string' ? cell.source : cell.source.join('');
}

interface Judged extends Pick<CellVerdict, 'verdict' | 'what'> {
  /** True when the same kinds of outputs came, with other text in them. */
  readonly ofText: boolean;
}

function judgeCell(plain: readonly (readonly Shown[])[], ours: readonly Shown[]): Judged {
  const [first = []] = plain;
  const what = describeKinds(first, ours);
  const isShared = plain.every((other) => kindsOf(other) === kindsOf(first));
  if (isShared && what !== '') return { verdict: 'different', what, ofText: false };
  if (!isShared) {
    const ends = plain.map(endOf);
    const verdict = ends.includes(endOf(ours)) ? 'unstable' : 'different';
    return { verdict, what: what === '' ? 'plain runs give other kinds of outputs' : what, ofText: false };
  }
  let unstable = '';
  for (const [place, mine] of ours.entries()) {
    const theirs = plain.flatMap((run) => run[place] ?? []);
    for (const [name, texts, own] of textsOf(theirs, mine)) {
      const masked = isImage(name) ? { plain: texts, ours: own } : maskDiffering(texts, own);
      if (masked.plain.includes(masked.ours)) continue;
      const said = `${name}: ${excerpts(masked.plain[0] ?? '', masked.ours)}`;
      const agree = masked.plain.every((text) => text === masked.plain[0]);
      if (agree || name === 'ename') return { verdict: 'different', what: said, ofText: name !== 'ename' };
      unstable ||= said;
    }
  }
  return { verdict: unstable === '' ? 'equal' : 'unstable', what: unstable, ofText: true };
}

function kindsOf(outputs: readonly Shown[]): string {
  return outputs.map(({ kind }) => kind).join(', ') || 'nothing';
}

/** What no chance excuses: the error that ended a cell, or that it gave nothing. */
function endOf(outputs: readonly Shown[]): string {
  const error = outputs.find((output) => output.kind === 'error');
  return error?.kind === 'error' ? error.ename : outputs.length === 0 ? 'nothing' : 'outputs';
}

function describeKinds(plain: readonly Shown[], ours: readonly Shown[]): string {
  if (kindsOf(plain) === kindsOf(ours)) return '';
  const error = [...plain, ...ours].find((output) => output.kind === 'error');
  const said = error?.kind === 'error' ? ` (${error.ename}: ${error.evalue.slice(0, 200)})` : '';
  return `${kindsOf(plain)} in Jupyter, ${kindsOf(ours)} here${said}`;
}

function isImage(name: string): boolean {
  return name === 'image/png' || name === 'image/jpeg';
}

/** The texts of one output by name: of every plain run, and ours. */
function textsOf(plain: readonly Shown[], ours: Shown): readonly (readonly [string, readonly string[], string])[] {
  const fields = [...plain, ours].map(fieldsOf);
  const names = [...new Set(fields.flatMap((one) => Object.keys(one)))];
  return names.map((name) => {
    const texts = fields.map((one) => one[name] ?? '');
    return [name, texts.slice(0, -1), texts.at(-1) ?? ''];
  });
}

function fieldsOf(output: Shown): Readonly<Record<string, string>> {
  if ('data' in output) return output.data;
  if (output.kind === 'error') {
    const { ename, evalue, traceback } = output;
    return { ename, evalue, traceback };
  }
  return { [output.kind]: output.text };
}

function excerpts(one: string, two: string): string {
  let at = 0;
  while (at < one.length && at < two.length && one[at] === two[at]) at++;
  const cut = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 30), at + 70));
  return `${cut(one)} in Jupyter, ${cut(two)} here`;
}
