import { dataOf } from '../data.ts';
import { listRunsOf, readRun } from '../read-runs.ts';
import type { LoggedRun } from '../compare-records.ts';
import type { RecordedTask } from '../recorded-run.ts';
import { atEnd, boundBy, binds, isTelling, tasksBefore, variableOf, type LineageGraph } from './graph.ts';
import type { Traced } from './trace.ts';

/** From a thing to what came of it. */
export class Forwards {
  readonly #graph: LineageGraph;
  readonly #states: readonly string[];
  readonly #done = new Set<string>();
  #readers: readonly LoggedRun[] | undefined;

  constructor(graph: LineageGraph, states: readonly string[]) {
    this.#graph = graph;
    this.#states = states;
  }

  /** Adds what came of the node of what is traced. */
  from(run: LoggedRun, { kind, name }: Traced, root: string): void {
    if (kind === 'file') {
      this.#file(run, name, root);
    } else if (kind === 'variable') {
      const writer = tasksBefore(run.run, atEnd).findLast((task) => binds(task, name));
      if (writer !== undefined) this.#variable(run, name, writer);
    }
  }

  /** What came of a node is looked for once. */
  #targets(id: string, targets: () => readonly string[]): string {
    if (this.#done.has(id)) return id;
    this.#done.add(id);
    for (const to of targets()) this.#graph.link(id, to);
    return id;
  }

  /**
   * The readers of a file in this run, and in the newest run of every other notebook that read it. What read another content there is
   * no reader of this one, and stands beside it with the content that it read.
   */
  #file(run: LoggedRun, path: string, id: string): string {
    return this.#targets(id, () => {
      const found: string[] = [];
      for (const reader of [run, ...this.#othersThatRead(run, path)]) {
        for (const [digest, cells] of this.#readersIn(reader, path)) {
          const version = this.#graph.addFile(path, digest);
          if (version === id) found.push(...cells());
          else if (reader.id !== run.id) this.#targets(version, cells);
        }
      }
      return found;
    });
  }

  /** By the content that they read: the cells of a run that read a file. */
  #readersIn(run: LoggedRun, path: string): ReadonlyMap<string, () => readonly string[]> {
    const found = new Map<string, RecordedTask[]>();
    if (run.run.lane !== undefined) {
      const use = dataOf(run.run).find((file) => file.path === path && file.role === 'input');
      return new Map(use === undefined ? [] : [[use.digest, () => [this.#together(run)]]]);
    }
    for (const task of tasksBefore(run.run, atEnd))
      for (const { path: other, digest } of task.observed?.filesRead ?? [])
        if (other === path) found.set(digest, [...(found.get(digest) ?? []), task]);
    return new Map([...found].map(([digest, tasks]) => [digest, () => tasks.map((task) => this.#cell(run, task))]));
  }

  /** Of each other notebook the newest run that read the file. */
  #othersThatRead(run: LoggedRun, path: string): readonly LoggedRun[] {
    this.#readers ??= everyRun(this.#states);
    const seen = new Set([run.run.started?.origin.notebook]);
    return this.#readers.filter((other) => {
      const { notebook } = other.run.started?.origin ?? {};
      if (seen.has(notebook)) return false;
      if (!dataOf(other.run).some((file) => file.path === path && file.role === 'input')) return false;
      seen.add(notebook);
      return true;
    });
  }

  #cell(run: LoggedRun, task: RecordedTask): string {
    return this.#targets(this.#graph.addCell(run, task), () => {
      const { observed } = task;
      if (observed === undefined) return [];
      const names = boundBy(observed).filter(isTelling);
      const metrics = [...run.run.metrics.values()].filter(
        (metric) => metric.task === task.id && variableOf(run.run, metric) === undefined,
      );
      return [
        ...names.map((name) => this.#variable(run, name, task)),
        ...metrics.map((metric) => this.#graph.addMetric(run, metric)),
        ...observed.filesWritten.map(({ path, digest }) => this.#file(run, path, this.#graph.addFile(path, digest))),
      ];
    });
  }

  /** The cells that read the variable until another one leaves it anew, and the metrics that were read from it. */
  #variable(run: LoggedRun, name: string, writer: RecordedTask): string {
    return this.#targets(this.#graph.addVariable(run, name, writer), () => {
      const later = tasksBefore(run.run, atEnd).filter(({ index = 0 }) => index > (writer.index ?? atEnd));
      const next = later.findIndex((task) => binds(task, name));
      const readers = later
        .slice(0, next < 0 ? later.length : next + 1)
        .filter(({ observed }) => observed !== undefined && Object.hasOwn(observed.reads, name));
      const metrics = [...run.run.metrics.values()].filter((metric) => {
        const read = variableOf(run.run, metric);
        return read?.name === name && read.writer.id === writer.id;
      });
      return [
        ...metrics.map((metric) => this.#graph.addMetric(run, metric)),
        ...readers.map((task) => this.#cell(run, task)),
      ];
    });
  }

  #together(run: LoggedRun): string {
    return this.#targets(this.#graph.addTogether(run), () => [
      ...[...run.run.metrics.values()].map((metric) => this.#graph.addMetric(run, metric)),
      ...dataOf(run.run)
        .filter(({ role }) => role === 'output')
        .map(({ path, digest }) => this.#file(run, path, this.#graph.addFile(path, digest))),
    ]);
  }
}

/** All runs that are kept, the newest first. */
function everyRun(states: readonly string[]): readonly LoggedRun[] {
  return listRunsOf(states).flatMap((kept) => {
    const run = readRun(kept.state, kept.id);
    return run === undefined ? [] : [{ ...kept, run }];
  });
}
