import type { NotebookOutput } from '../report/outputs.ts';
import { normaliseOutputs, type Shown } from './normalise.ts';

/** The verdict on one code cell. `unstable`: plain runs differ among themselves, so there is nothing to compare with. */
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
    const plain = normaliseOutputs(cell.outputs ?? []);
    const mine = ours.cells[index];
    const what =
      mine === undefined || textOf(mine) !== textOf(cell)
        ? 'the executed notebook has another cell here'
        : differenceOf(plain, normaliseOutputs(mine.outputs ?? []));
    if (what === '') verdicts.push({ index, verdict: 'equal', what });
    else {
      const stable = others.every(
        (other) => differenceOf(plain, normaliseOutputs(other.cells[index]?.outputs ?? [])) === '',
      );
      verdicts.push({ index, verdict: stable && !uninitialised.test(textOf(cell)) ? 'different' : 'unstable', what });
    }
  });
  return verdicts;
}

function textOf(cell: Cell): string {
  return typeof cell.source === 'string' ? cell.source : cell.source.join('');
}

/** Where two cells' outputs first differ, in a few words; empty when they are equal. */
export function differenceOf(plain: readonly Shown[], ours: readonly Shown[]): string {
  const kinds = (outputs: readonly Shown[]): string => outputs.map(({ kind }) => kind).join(', ') || 'nothing';
  if (kinds(plain) !== kinds(ours)) {
    const error = [...plain, ...ours].find((output) => output.kind === 'error');
    const said = error?.kind === 'error' ? ` (${error.ename}: ${error.evalue.slice(0, 200)})` : '';
    return `${kinds(plain)} in Jupyter, ${kinds(ours)} here${said}`;
  }
  for (const [place, left] of plain.entries()) {
    const right = ours[place];
    if (right === undefined) return 'an output is missing';
    for (const [name, text, other] of pairs(left, right)) {
      if (text !== other) return `${name}: ${excerpts(text, other)}`;
    }
  }
  return '';
}

function pairs(left: Shown, right: Shown): readonly (readonly [string, string, string])[] {
  if ('data' in left && 'data' in right) {
    const types = [...new Set([...Object.keys(left.data), ...Object.keys(right.data)])];
    return types.map((type) => [type, left.data[type] ?? '', right.data[type] ?? '']);
  }
  if (left.kind === 'error' && right.kind === 'error') {
    return [
      ['ename', left.ename, right.ename],
      ['evalue', left.evalue, right.evalue],
      ['traceback', left.traceback, right.traceback],
    ];
  }
  if ('text' in left && 'text' in right) return [[left.kind, left.text, right.text]];
  return [['kind', left.kind, right.kind]];
}

function excerpts(one: string, two: string): string {
  let at = 0;
  while (at < one.length && at < two.length && one[at] === two[at]) at++;
  const cut = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 30), at + 70));
  return `${cut(one)} in Jupyter, ${cut(two)} here`;
}
