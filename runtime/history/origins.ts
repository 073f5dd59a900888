import type { LoggedRun } from './compare-records.ts';
import { dataOf } from './data.ts';
import type { LineageNode } from './lineage/graph.ts';
import { traceAll, type Traced } from './lineage/trace.ts';
import type { RecordedRun } from './recorded-run.ts';

/** Something that a run left, and all that it goes back to. */
export interface ResultOrigin {
  readonly kind: 'metric' | 'file' | 'variable';
  readonly name: string;
  /** The cell that made it; undefined where all cells ran in one process. */
  readonly maker: LineageNode | undefined;
  /** Every cell that had a part in it, in the order of the notebook. */
  readonly cells: readonly LineageNode[];
  /** Files that were there before and documents of the web. */
  readonly data: readonly LineageNode[];
  readonly parameters: readonly LineageNode[];
}

/** What a run left, with the runs that had a part in it. */
export interface ResultOrigins {
  readonly results: readonly ResultOrigin[];
  /** Variables that are left out, since there are too many. */
  readonly left: number;
  /** By identifier; undefined when its record is not kept any more. */
  readonly runs: ReadonlyMap<string, LoggedRun | undefined>;
}

/** So many variables are traced: those that were made last. */
const mostVariables = 200;

/** Traces the metrics, the files and the variables of a run back. Where all cells ran in one process only files can be traced. */
export function traceResults(run: LoggedRun, states: readonly string[]): ResultOrigins {
  const metrics = run.run.lane === undefined ? [...run.run.metrics.keys()] : [];
  const written = dataOf(run.run).filter(({ role, ofEnvironment }) => role === 'output' && !ofEnvironment);
  const taken = new Set(metrics);
  const all = variablesLeft(run.run).filter((name) => !taken.has(name));
  const variables = all.slice(-mostVariables);
  const asked = [
    ...metrics.map((name) => ({ kind: 'metric', name }) as const),
    ...written.map(({ path }) => ({ kind: 'file', name: path }) as const),
    ...variables.map((name) => ({ kind: 'variable', name }) as const),
  ];
  const { roots, nodes, edges, runs } = traceAll(run, asked satisfies readonly Traced[], states);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const sources = new Map<string, string[]>();
  for (const { from, to } of edges) sources.set(to, [...(sources.get(to) ?? []), from]);
  const results = asked.map(({ kind, name }, place): ResultOrigin => {
    const root = roots[place] ?? '';
    const found = reachedFrom(root, sources).flatMap((id) => byId.get(id) ?? []);
    const cells = found.filter((node) => node.kind === 'cell');
    const isData = ({ id, kind: one }: LineageNode): boolean =>
      one === 'web' || (one === 'file' && id !== root && (sources.get(id) ?? []).length === 0);
    return {
      ...{ kind, name },
      maker: found.find(({ kind: one }) => one === 'cell'),
      cells: cells.sort((left, right) => (left.number ?? 0) - (right.number ?? 0)),
      data: found.filter(isData),
      parameters: found.filter((node) => node.kind === 'parameter'),
    };
  });
  return { results, left: all.length - variables.length, runs };
}

/** Names that are bound when the last cell has ended, in the order in which they were bound; definitions and hidden state left out. */
function variablesLeft({ tasks, lane }: RecordedRun): readonly string[] {
  if (lane !== undefined) return [];
  const found = new Set<string>();
  for (const { observed } of tasks.values()) {
    if (observed === undefined) continue;
    for (const name of observed.deletes) found.delete(name);
    // Logs of an earlier format do not tell what was not stored.
    for (const name of [...Object.keys(observed.writes), ...Object.keys(observed.held), ...(observed.unsaved ?? [])]) {
      if (name.includes(':') || name.startsWith('_')) continue;
      found.delete(name);
      found.add(name);
    }
  }
  return [...found];
}

function reachedFrom(root: string, sources: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const seen = new Set([root]);
  for (const id of seen) for (const source of sources.get(id) ?? []) seen.add(source);
  return [...seen];
}
