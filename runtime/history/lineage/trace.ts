import { dataOf } from '../data.ts';
import type { LoggedRun } from '../compare-records.ts';
import type { RecordedRun } from '../recorded-run.ts';
import { Backwards } from './backwards.ts';
import { Forwards } from './forwards.ts';
import { binds, LineageGraph, type Lineage } from './graph.ts';

/** What is traced: a file by its absolute path, a variable, or a metric. */
export interface Traced {
  readonly kind: 'file' | 'variable' | 'metric';
  readonly name: string;
}

/** Which way: to what it comes from, to what it reaches, or both. */
export interface Ways {
  readonly backwards: boolean;
  readonly forwards: boolean;
}

/** True when a run tells of it. */
export function isRecorded(run: RecordedRun, { kind, name }: Traced): boolean {
  if (kind === 'file') return dataOf(run).some(({ path }) => path === name);
  if (kind === 'metric') return run.metrics.has(name);
  return run.lane === undefined && [...run.tasks.values()].some((task) => binds(task, name));
}

/**
 * Goes from a file, a variable or a metric, as it was at the end of a run, back to cells, data, parameters and other runs, and forth to
 * the cells, variables, metrics and files that came of it.
 *
 * @param states where other notebooks' runs are kept, which may have written or read the same files
 */
export function traceLineage(
  run: LoggedRun,
  traced: Traced,
  { states, ways }: { readonly states: readonly string[]; readonly ways: Ways },
): Lineage {
  const graph = new LineageGraph();
  const root = new Backwards(graph, states).from(run, traced, ways.backwards);
  if (ways.forwards) new Forwards(graph, states).from(run, traced, root);
  return graph.found(root);
}

/** Where several things come from, in one graph; `roots` are in their order. */
export function traceAll(
  run: LoggedRun,
  traced: readonly Traced[],
  states: readonly string[],
): Omit<Lineage, 'root'> & { readonly roots: readonly string[] } {
  const graph = new LineageGraph();
  const backwards = new Backwards(graph, states);
  const roots = traced.map((one) => backwards.from(run, one, true));
  const { nodes, edges, runs } = graph.found('');
  return { roots, nodes, edges, runs };
}
