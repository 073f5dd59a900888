import { join } from 'node:path';
import type { WebRequest } from '../../process/protocol.ts';
import { readDocument } from '../../store/local.ts';
import { dataOf, ofEnvironment, requestsOf } from '../data.ts';
import { listRunsOf, readRun, runFolder, type KeptRun } from '../read-runs.ts';
import type { LoggedRun } from '../compare-records.ts';
import type { RecordedTask } from '../recorded-run.ts';
import { atEnd, binds, isTelling, tasksBefore, variableOf, type LineageGraph } from './graph.ts';
import type { Traced } from './trace.ts';

/** From a thing to what it comes from. */
export class Backwards {
  readonly #graph: LineageGraph;
  readonly #states: readonly string[];
  readonly #done = new Set<string>();
  #written: ReadonlyMap<string, LoggedRun> | undefined;
  #goes = true;

  constructor(graph: LineageGraph, states: readonly string[]) {
    this.#graph = graph;
    this.#states = states;
  }

  /** The node of what is traced, as it was at the end of the run; with what it comes from, unless only the node is asked for. */
  from(run: LoggedRun, { kind, name }: Traced, goes: boolean): string {
    this.#goes = goes;
    if (kind === 'file') return this.#file(run, name, atEnd);
    return kind === 'metric' ? this.#metric(run, name) : this.#variable(run, name, atEnd);
  }

  /** What a node comes from is looked for once. */
  #sources(id: string, sources: () => readonly string[]): string {
    if (!this.#goes || this.#done.has(id)) return id;
    this.#done.add(id);
    for (const from of sources()) this.#graph.link(from, id);
    return id;
  }

  #metric(run: LoggedRun, name: string): string {
    const metric = run.run.metrics.get(name);
    if (metric === undefined) throw new Error(`run ${run.id} has no metric ${name}`);
    return this.#sources(this.#graph.addMetric(run, metric), () => {
      if (run.run.lane !== undefined) return [this.#together(run)];
      const variable = variableOf(run.run, metric);
      if (variable !== undefined) return [this.#variable(run, variable.name, (variable.writer.index ?? atEnd) + 1)];
      const task = run.run.tasks.get(metric.task);
      return task === undefined ? [] : [this.#cell(run, task)];
    });
  }

  #file(run: LoggedRun, path: string, before: number): string {
    const use = dataOf(run.run).find((file) => file.path === path);
    const tasks = tasksBefore(run.run, before);
    const writer = tasks.findLast(({ observed }) => observed?.filesWritten.some((file) => file.path === path));
    const written = writer?.observed?.filesWritten.find((file) => file.path === path);
    const read = tasks.flatMap(({ observed }) => observed?.filesRead ?? []).find((file) => file.path === path);
    const digest = written?.digest ?? (before === atEnd ? use?.digest : undefined) ?? read?.digest ?? use?.digest ?? '';
    return this.#sources(this.#graph.addFile(path, digest), () => {
      if (run.run.lane !== undefined)
        return use?.role === 'output' ? [this.#together(run)] : this.#otherRun(run, path, digest);
      return writer === undefined ? this.#otherRun(run, path, digest) : [this.#cell(run, writer)];
    });
  }

  /** The newest run, of this or another notebook, that wrote this content there. */
  #otherRun(run: LoggedRun, path: string, digest: string): readonly string[] {
    this.#written ??= writtenBy(this.#states);
    const other = this.#written.get(`${path} ${digest}`);
    if (other === undefined || other.id === run.id) return [];
    if (other.run.lane !== undefined) return [this.#together(other)];
    const writer = [...other.run.tasks.values()].findLast(({ observed }) =>
      observed?.filesWritten.some((file) => file.path === path),
    );
    return writer === undefined ? [] : [this.#cell(other, writer)];
  }

  #variable(run: LoggedRun, name: string, before: number): string {
    const writer = tasksBefore(run.run, before).findLast((task) => binds(task, name));
    return this.#sources(this.#graph.addVariable(run, name, writer), () =>
      writer === undefined ? [] : [this.#cell(run, writer)],
    );
  }

  #cell(run: LoggedRun, task: RecordedTask): string {
    return this.#sources(this.#graph.addCell(run, task), () => {
      const { observed, index = atEnd } = task;
      const isOwn = ofEnvironment(run.run);
      const names = Object.entries(observed?.reads ?? {}).flatMap(([name, content]) =>
        isTelling(name) && content !== 'absent' ? [name] : [],
      );
      const read = (observed?.filesRead ?? []).filter(({ path }) => !isOwn(path));
      return [
        ...names.flatMap((name) => this.#ifKnown(run, name, index)),
        ...read.map(({ path }) => this.#file(run, path, index)),
        ...(observed?.requests ?? [])
          .filter(({ method }) => method === 'GET' || method === '')
          .map((request) => this.#web(request)),
        ...(isInjected(run, index) ? this.#parameters(run) : []),
      ];
    });
  }

  /** A name that no cell wrote belongs to Python or to IPython. */
  #ifKnown(run: LoggedRun, name: string, before: number): readonly string[] {
    const isWritten = tasksBefore(run.run, before).some((task) => binds(task, name));
    return isWritten ? [this.#variable(run, name, before)] : [];
  }

  #web({ url, version, etag, lastModified }: WebRequest): string {
    const what = version ?? etag ?? lastModified ?? '';
    return this.#graph.add({ id: `web ${url} ${what}`, kind: 'web', name: url, what });
  }

  #parameters({ id, run }: LoggedRun): readonly string[] {
    return (run.started?.origin.parameters ?? []).map(({ name, value }) =>
      this.#graph.add({ id: `parameter ${name} ${id}`, kind: 'parameter', name, what: JSON.stringify(value) }),
    );
  }

  /** All cells of one process are one. */
  #together(run: LoggedRun): string {
    return this.#sources(this.#graph.addTogether(run), () => {
      const inputs = dataOf(run.run).filter(({ role, ofEnvironment: isOwn }) => role === 'input' && !isOwn);
      return [
        ...inputs.map(({ path }) => this.#file(run, path, atEnd)),
        ...requestsOf(run.run).map((request) => this.#web(request)),
        ...this.#parameters(run),
      ];
    });
  }
}

function isInjected({ state, id }: KeptRun, index: number): boolean {
  const document = readDocument(join(runFolder(state, id), 'notebook.ipynb')) as
    { cells?: readonly { metadata?: { tags?: readonly string[] } }[] } | undefined;
  return document?.cells?.[index]?.metadata?.tags?.includes('injected-parameters') ?? false;
}

/** By path and content: the newest run that wrote it. */
function writtenBy(states: readonly string[]): ReadonlyMap<string, LoggedRun> {
  const found = new Map<string, LoggedRun>();
  for (const kept of listRunsOf(states)) {
    const run = readRun(kept.state, kept.id);
    if (run === undefined) continue;
    const outputs = dataOf(run).filter(({ role }) => role === 'output');
    for (const { path, digest } of outputs) {
      const key = `${path} ${digest}`;
      if (!found.has(key)) found.set(key, { ...kept, run });
    }
  }
  return found;
}
