import { showMeasure } from '../../measures/formula.ts';
import { readRun } from '../read-runs.ts';
import type { LoggedRun } from '../compare-records.ts';
import type { RecordedMetric, RecordedRun, RecordedTask } from '../recorded-run.ts';

/** Something that a value goes back to, or that it reaches. */
export interface LineageNode {
  /** Unique in its lineage. */
  readonly id: string;
  readonly kind: 'file' | 'variable' | 'metric' | 'cell' | 'parameter' | 'web';
  /** Path, name, task, address. */
  readonly name: string;
  /** Content or code by digest, value of a parameter or a metric, version of a document; empty when it is not known. */
  readonly what: string;
  /** Of a cell: its number in `In [n]`, and the run that ran it, which is an earlier one when its result was used again. */
  readonly number?: number | undefined;
  readonly run?: string | undefined;
  /** Of a cell: the path of its notebook. */
  readonly notebook?: string | undefined;
}

/** Where a thing comes from and what it reaches. An edge leads from what was used to what came of it. */
export interface Lineage {
  readonly root: string;
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  /** Every run that had a part in it, by its identifier; undefined when its record is not kept any more. */
  readonly runs: ReadonlyMap<string, LoggedRun | undefined>;
}

/** All that is before the end of a notebook. */
export const atEnd: number = Number.MAX_SAFE_INTEGER;

/** The nodes and edges that were found, whichever way. */
export class LineageGraph {
  readonly #nodes = new Map<string, LineageNode>();
  readonly #edges = new Map<string, { from: string; to: string }>();
  readonly #runs = new Map<string, LoggedRun | undefined>();

  /** What was found, from the node that was asked for. */
  found(root: string): Lineage {
    return { root, nodes: [...this.#nodes.values()], edges: [...this.#edges.values()], runs: this.#runs };
  }

  /** Adds a node; one that is there stays as it is. */
  add(node: LineageNode): string {
    if (!this.#nodes.has(node.id)) this.#nodes.set(node.id, node);
    return node.id;
  }

  /** Adds an edge from what was used to what came of it. */
  link(from: string, to: string): void {
    this.#edges.set(`${from} → ${to}`, { from, to });
  }

  /** Adds a cell, and the run that ran it. */
  addCell(run: LoggedRun, task: RecordedTask): string {
    const made = task.from ?? run.id;
    this.#note(run, made);
    const { name, code: what, number } = task;
    const { notebook } = run.run.started?.origin ?? {};
    return this.add({ id: `cell ${task.id} ${run.id}`, kind: 'cell', name, what, number, run: made, notebook });
  }

  /** Adds all cells of one process as one. */
  addTogether(run: LoggedRun): string {
    this.#note(run, run.id);
    const { bundle: what = '', origin } = run.run.started ?? {};
    const node = { id: `cell * ${run.id}`, kind: 'cell', what, run: run.id, notebook: origin?.notebook } as const;
    return this.add({ ...node, name: 'all cells, in one process' });
  }

  /** Adds a variable as a task left it; of no task when it is not known which one did. */
  addVariable(run: LoggedRun, name: string, writer: RecordedTask | undefined): string {
    const what = writer?.observed?.writes[name]?.content ?? '';
    return this.add({ id: `variable ${name} ${writer?.id ?? ''} ${run.id}`, kind: 'variable', name, what });
  }

  /** Adds a metric with the number that a run recorded. */
  addMetric(run: LoggedRun, { metric: name, value }: RecordedMetric): string {
    this.#note(run, run.id);
    return this.add({ id: `metric ${name} ${run.id}`, kind: 'metric', name, what: showMeasure(value) });
  }

  /** Adds a file with a content. */
  addFile(path: string, digest: string): string {
    return this.add({ id: `file ${path} ${digest}`, kind: 'file', name: path, what: digest });
  }

  #note(run: LoggedRun, made: string): void {
    if (this.#runs.has(made)) return;
    if (made === run.id) {
      this.#runs.set(made, run);
      return;
    }
    const log = readRun(run.state, made);
    this.#runs.set(made, log === undefined ? undefined : { state: run.state, id: made, run: log });
  }
}

/** True when a task left the variable: stored, held, or not stored since nobody was expected to read it. */
export function binds({ observed }: RecordedTask, name: string): boolean {
  return observed !== undefined && boundBy(observed).includes(name);
}

/** Every name that a task left. */
export function boundBy(observed: NonNullable<RecordedTask['observed']>): readonly string[] {
  // Logs of an earlier format do not tell what was not stored.
  const { writes, held, unsaved = [] } = observed;
  return [...new Set([...Object.keys(writes), ...Object.keys(held), ...unsaved])];
}

/** The tasks that came to an end, in the order of the notebook, up to a place. */
export function tasksBefore({ tasks }: RecordedRun, before: number): readonly RecordedTask[] {
  return [...tasks.values()].filter(({ index }) => index !== undefined && index < before);
}

/** Variables and definitions; of hidden state a reader of a lineage learns nothing. */
export function isTelling(name: string): boolean {
  return !name.includes(':') || name.startsWith('def:');
}

/** The variable that a metric is read from, and the task that left it as it was then; none where all cells are one. */
export function variableOf(
  run: RecordedRun,
  { metric, task }: RecordedMetric,
): { readonly name: string; readonly writer: RecordedTask } | undefined {
  if (run.lane !== undefined) return undefined;
  const [name = ''] = metric.split('.');
  const { index } = run.tasks.get(task) ?? {};
  if (index === undefined) return undefined;
  const writer = tasksBefore(run, index + 1).findLast((one) => binds(one, name));
  return writer === undefined ? undefined : { name, writer };
}
