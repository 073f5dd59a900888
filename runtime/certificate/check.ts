import type { Bundle } from '../../compiler/bundle/format.ts';
import { findCause, findCertainCause, type Cause, type Evidence } from './cause.ts';
import { findDifferences, type FactDifference } from './differences.ts';
import type { EnvironmentDescription } from './environment.ts';
import type { Witness } from './facts.ts';
import type { Facts, RecordedCell } from './format.ts';
import { differenceOf, differsFromRunToRun, endOf } from './outputs.ts';
import { lineageOf, pairCells, type Pair } from './pairs.ts';

/** The verdict on a cell of the notebook, or on one of the certificate that is gone. */
export interface CheckedCell {
  readonly cell: RecordedCell;
  /** `unstable`: the certificate calls it so; what was stable is equal. */
  readonly verdict: 'equal' | 'unstable' | 'different';
  /** Where it differs; for an unstable cell, why it is. */
  readonly what: string;
  /** True when it raises and did not. */
  readonly raises: boolean;
}

/** A run compared with a certificate. */
export interface Checked {
  readonly cells: readonly CheckedCell[];
  /** Recorded facts that are other ones now. */
  readonly differences: readonly FactDifference[];
  /** The first cell that differs. */
  readonly first: CheckedCell | undefined;
  /** True when only a second run can tell whether the first cell that differs does so by chance. */
  readonly asksForSecondRun: boolean;
  /** The likely cause for the first cell. @param again a second run on the same machine */
  cause(again: Witness | undefined): Cause;
}

/** What is compared, and what the notebook and the interpreter are now. */
export interface CheckRequest {
  readonly certified: Facts;
  readonly now: Witness;
  readonly bundle: Bundle;
  readonly environment: EnvironmentDescription;
}

/** Compares a run with a certificate, cell by cell. */
export function checkRun({ certified, now, bundle, environment }: CheckRequest): Checked {
  const pairs = pairCells(certified.cells, now.facts.cells);
  const checked = pairs.map((pair) => checkPair(pair, now));
  const differences = findDifferences(certified, now.facts, { pairs, called: 'the certificate' });
  const at = checked.findIndex((one) => one?.verdict === 'different');
  const pair = pairs[at];
  const tasks = new Map(bundle.tasks.map((task) => [task.name, task]));
  const lineage = pair === undefined ? [] : lineageOf(pair, pairs);
  const evidence: Omit<Evidence, 'varies'> = { lineage, differences, environment, tasks };
  return {
    cells: checked.flatMap((one) => one ?? []),
    differences,
    first: checked[at],
    asksForSecondRun: pair !== undefined && findCertainCause(evidence) === undefined,
    cause: (again) => findCause({ ...evidence, varies: variesIn(pair?.place, now, again) }),
  };
}

function variesIn(place: number | undefined, now: Witness, again: Witness | undefined): boolean | undefined {
  if (place === undefined || again === undefined) return undefined;
  return differsFromRunToRun(now.outputs[place] ?? [], again.outputs[place] ?? []);
}

/** Undefined for a cell that came or went and shows nothing: it is a difference of the code, and none of what the notebook gives. */
function checkPair({ before, now, place }: Pair, witness: Witness): CheckedCell | undefined {
  const cell = now ?? before;
  if (cell === undefined) return undefined;
  if (before === undefined || now === undefined || place === undefined) {
    if (cell.ends.every((end) => end === 'nothing')) return undefined;
    const what = before === undefined ? 'it is not in the certificate' : 'it is not in the notebook any more';
    const raises = before === undefined && now?.verdict === 'raises';
    return { cell, verdict: 'different', what, raises };
  }
  const outputs = witness.outputs[place] ?? [];
  const what =
    now.verdict === 'not run' && before.verdict !== 'not run' ? 'it was not run' : differenceOf(before, outputs);
  if (what === '') {
    const isUnstable = before.verdict === 'unstable';
    return { cell, verdict: isUnstable ? 'unstable' : 'equal', what: isUnstable ? before.cause : '', raises: false };
  }
  const isError = (end: string): boolean => end !== 'nothing' && end !== 'outputs';
  const raises = isError(endOf(outputs)) && !before.ends.some(isError);
  return { cell, verdict: 'different', what, raises };
}
