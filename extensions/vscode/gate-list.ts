/** The gates of a notebook as its text has them, and what a run said of each. */
import type { Bundle } from '../../compiler/bundle/format.ts';
import type { RunGate, RunState } from '../ui/run-fold.ts';

/** One gate. */
export interface Gate {
  readonly cell: string;
  /** Its place in the notebook, all cells counted, from 0. */
  readonly index: number;
  /** As it is written; undefined: the cell itself is the gate, and holds when it does not raise. */
  readonly condition: string | undefined;
  readonly label: string;
  /** The line of the cell that says it, from 0. */
  readonly line: number;
}

/** How a gate came out. */
export type GateOutcome =
  | { readonly kind: 'holds'; readonly seconds: number | undefined }
  | { readonly kind: 'closed'; readonly why: string; readonly seconds: number | undefined }
  /** The run did not come to it. */
  | { readonly kind: 'unjudged'; readonly why: string };

/** The gates of a bundle, in notebook order. */
export function gatesOf(bundle: Bundle | undefined): readonly Gate[] {
  return (bundle?.tasks ?? []).flatMap((task): Gate[] => {
    const lines = task.source.split('\n');
    const lineOf = (words: string): number =>
      Math.max(
        0,
        lines.findIndex((line) => /^\s*(?:#|\/\/)\|\s*gate\b/.test(line) && line.includes(words)),
      );
    const place = { cell: task.id, index: task.index };
    const written = (task.measures?.gates ?? []).map(({ condition }) => ({
      ...{ ...place, condition, label: `Gate: ${condition}`, line: lineOf(condition) },
    }));
    if (!task.directives.gate) return written;
    const label = `Gate: ${task.directives.label ?? task.name} does not raise`;
    return [...written, { ...place, condition: undefined, label, line: lineOf('') }];
  });
}

/** What a run said of a gate; undefined while it goes on and has not come to it. */
export function outcomeOf(gate: Gate, run: RunState): GateOutcome | undefined {
  const ofCell = run.gates.filter(({ cell }) => cell === gate.cell);
  const judged = ofCell.filter(({ condition }) => gate.condition === undefined || condition === gate.condition);
  const cell = run.cells.get(gate.cell);
  const closed = judged.filter(({ holds }) => !holds);
  if (closed.length > 0) return { kind: 'closed', why: closed.map(saysWhy).join('\n'), seconds: cell?.seconds };
  if (cell?.status === 'failed') return { kind: 'closed', why: cell.error ?? cell.reason, seconds: cell.seconds };
  if (judged.length > 0) return { kind: 'holds', seconds: cell?.seconds };
  if (run.end === undefined) return undefined;
  return {
    kind: 'unjudged',
    why: cell?.reason === undefined || cell.reason === '' ? 'The run did not come to it.' : cell.reason,
  };
}

function saysWhy({ condition, why }: RunGate): string {
  const what = condition === '' ? 'The gate does not hold' : `${condition} does not hold`;
  return why === '' ? what : `${what}: ${why}`;
}
