import { join } from 'node:path';
import type { WebRequest } from '../process/protocol.ts';
import { readDocument } from '../store/local.ts';
import { dataOf, ofEnvironment, requestsOf } from './data.ts';
import { listRunsOf, readRun, runFolder, type KeptRun } from './read-runs.ts';
import type { LoggedRun } from './compare-records.ts';
import type { RecordedRun, RecordedTask } from './recorded-run.ts';

/** Something that a value goes back to. */
export interface LineageNode {
  /** Unique in its lineage. */
  readonly id: string;
  readonly kind: 'file' | 'variable' | 'cell' | 'parameter' | 'web';
  /** Path, name, task, address. */
  readonly name: string;
  /** Content or code by digest, value of a parameter, version of a document; empty when it is not known. */
  readonly what: string;
  /** Of a cell: its number in `In [n]`, and the run that ran it, which is an earlier one when its result was used again. */
  readonly number?: number | undefined;
  readonly run?: string | undefined;
}

/** Where a file or a variable comes from. An edge leads from what was used to what came of it. */
export interface Lineage {
  readonly root: string;
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  /** Every run that had a part in it, by its identifier; undefined when its record is not kept any more. */
  readonly runs: ReadonlyMap<string, LoggedRun | undefined>;
}

/** What is traced: a file by its absolute path, or a variable. A metric is the variable that has it. */
export interface Traced {
  readonly kind: 'file' | 'variable';
  readonly name: string;
}

/** True when a run tells of the file or the variable. */
export function isRecorded(run: RecordedRun, { kind, name }: Traced): boolean {
  if (kind === 'file') return dataOf(run).some(({ path }) => path === name);
  return run.lane === undefined && [...run.tasks.values()].some((task) => binds(task, name));
}

/** Goes back from a file or a variable, as it was at the end of a run, to cells, data, parameters and other runs. */
export function traceLineage(run: LoggedRun, traced: Traced, states: readonly string[]): Lineage {
  return new Trace(states).from(run, traced);
}

/** All that is before the end. */
const atEnd = Number.MAX_SAFE_INTEGER;

class Trace {
  readonly #states: readonly string[];
  readonly #nodes = new Map<string, LineageNode>();
  readonly #edges = new Map<string, { from: string; to: string }>();
  readonly #runs = new Map<string, LoggedRun | undefined>();
  #written: ReadonlyMap<string, LoggedRun> | undefined;

  constructor(states: readonly string[]) {
    this.#states = states;
  }

  from(run: LoggedRun, { kind, name }: Traced): Lineage {
    const root = kind === 'file' ? this.#file(run, name, atEnd) : this.#variable(run, name, atEnd);
    return { root, nodes: [...this.#nodes.values()], edges: [...this.#edges.values()], runs: this.#runs };
  }

  /** Adds a node, and what it comes from when it is a new one: what a value comes from is told once. */
  #add(node: LineageNode, sources: () => readonly string[]): string {
    if (this.#nodes.has(node.id)) return node.id;
    this.#nodes.set(node.id, node);
    for (const from of sources()) this.#edges.set(`${from} → ${node.id}`, { from, to: node.id });
    return node.id;
  }

  #file(run: LoggedRun, path: string, before: number): string {
    const use = dataOf(run.run).find((file) => file.path === path);
    const tasks = tasksBefore(run.run, before);
    const writer = tasks.findLast(({ observed }) => observed?.filesWritten.some((file) => file.path === path));
    const written = writer?.observed?.filesWritten.find((file) => file.path === path);
    const read = tasks.flatMap(({ observed }) => observed?.filesRead ?? []).find((file) => file.path === path);
    const digest = written?.digest ?? (before === atEnd ? use?.digest : undefined) ?? read?.digest ?? use?.digest ?? '';
    const node: LineageNode = { id: `file ${path} ${digest}`, kind: 'file', name: path, what: digest };
    return this.#add(node, () => {
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
    const content = writer?.observed?.writes[name]?.content ?? '';
    const id = `variable ${name} ${content} ${run.id}`;
    return this.#add({ id, kind: 'variable', name, what: content }, () =>
      writer === undefined ? [] : [this.#cell(run, writer)],
    );
  }

  #cell(run: LoggedRun, task: RecordedTask): string {
    const made = task.from ?? run.id;
    this.#note(run, made);
    const id = `cell ${task.id} ${run.id}`;
    const node: LineageNode = { id, kind: 'cell', name: task.name, what: task.code, number: task.number, run: made };
    return this.#add(node, () => {
      const { observed, index = atEnd } = task;
      const isOwn = ofEnvironment(run.run);
      const names = Object.keys(observed?.reads ?? {}).filter((name) => isTelling(name, observed?.reads[name]));
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
    return this.#add({ id: `web ${url} ${what}`, kind: 'web', name: url, what }, () => []);
  }

  #parameters({ id, run }: LoggedRun): readonly string[] {
    return (run.started?.origin.parameters ?? []).map(({ name, value }) =>
      this.#add({ id: `parameter ${name} ${id}`, kind: 'parameter', name, what: JSON.stringify(value) }, () => []),
    );
  }

  /** All cells of one process are one. */
  #together(run: LoggedRun): string {
    this.#note(run, run.id);
    const node: LineageNode = {
      id: `cell * ${run.id}`,
      kind: 'cell',
      name: 'all cells, in one process',
      what: run.run.started?.bundle ?? '',
      run: run.id,
    };
    return this.#add(node, () => {
      const inputs = dataOf(run.run).filter(({ role, ofEnvironment: isOwn }) => role === 'input' && !isOwn);
      return [
        ...inputs.map(({ path }) => this.#file(run, path, atEnd)),
        ...requestsOf(run.run).map((request) => this.#web(request)),
        ...this.#parameters(run),
      ];
    });
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

/** A value that nobody was expected to read is not stored: then its content is not known. */
function binds({ observed }: RecordedTask, name: string): boolean {
  if (observed === undefined) return false;
  // Logs of an earlier format do not tell what was not stored.
  const { writes, held, unsaved = [] } = observed;
  return Object.hasOwn(writes, name) || Object.hasOwn(held, name) || unsaved.includes(name);
}

function tasksBefore({ tasks }: RecordedRun, before: number): readonly RecordedTask[] {
  return [...tasks.values()].filter(({ index }) => index !== undefined && index < before);
}

/** Variables and definitions; of hidden state a reader of a lineage learns nothing. */
function isTelling(name: string, content: string | undefined): boolean {
  return content !== 'absent' && (!name.includes(':') || name.startsWith('def:'));
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
