import type { Task } from '../../compiler/bundle/format.ts';
import type { AskedMeasures } from '../process/protocol.ts';

/** What a worker is to record and evaluate after the cell of a task. */
export function askedMeasures({ directives, measures }: Task): { readonly measures?: AskedMeasures } {
  const isGate = directives.gate;
  if (measures === undefined && !isGate) return {};
  const conditions = (measures?.gates ?? []).flatMap(({ condition, formula }) =>
    formula === undefined ? [condition] : [],
  );
  const metrics = (measures?.metrics ?? []).map(({ name }) => name);
  return { measures: { isGate, metrics, conditions, slices: measures?.slices ?? [] } };
}
