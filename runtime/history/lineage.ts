import { join } from 'node:path';
import type { WebRequest } from '../process/protocol.ts';
import { readDocument } from '../store/local.ts';
import { dataOf, ofEnvironment, requestsOf, type DataUse } from './data.ts';
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

/** Where several files and variables come from. */
export interface Lineages extends Omit<Lineage, 'root'> {
  readonly roots: readonly string[];
}

/** What is traced: a file by its absolute path, or a variable. A metric is the variable that has it. */
export interface Traced {
  readonly kind: 'file' | 'variable';
  readonly name: string;
}

/** True when a run tells of the file or the variable. */
export function isRecorded(run: RecordedRun, { kind, name }: Traced): boolean {
  if (kind === 'file') return dataOf(run).some(({ path }) => path === name);
  return run.lane === undefined && [...run.tasks.values()].some((task) => boundBy(task).includes(name));
}

/** Goes back from a file or a variable, as it was at the end of a run, to cells, data, parameters and other runs. */
export function traceLineage(run: LoggedRun, traced: Traced, states: readonly string[]): Lineage {
  const { roots, ...lineage } = traceAll(run, [traced], states);
  return { root: roots[0] ?? '', ...lineage };
}

/** The same of several at once, in their order. */
export function traceAll(run: LoggedRun, traced: readonly Traced[], states: readonly string[]): Lineages {
  return new Trace(states).from(run, traced);
}

/** All that is before the end. */
const atEnd = Number.MAX_SAFE_INTEGER;

class Trace {
  readonly #states: readonly string[];
  readonly #nodes = new Map<string, LineageNode>();
  readonly #edges = new Map<string, { from: string; to: string }>();
  readonly #runs = new Map<string, LoggedRun | undefined>();
  /** Nodes whose sources are still to be found: a chain of a thousand cells would be too deep for calls. */
  readonly #open: { readonly id: string; readonly sources: () => readonly string[] }[] = [];
  readonly #indices = new Map<string, RunIndex>();
  #written: ReadonlyMap<string, LoggedRun> | undefined;

  constructor(states: readonly string[]) {
    this.#states = states;
  }

  from(run: LoggedRun, traced: readonly Traced[]): Lineages {
    const roots = traced.map(({ kind, name }) =>
      kind === 'file' ? this.#file(run, name, atEnd) : this.#variable(run, name, atEnd),
    );
    for (let open = this.#open.pop(); open !== undefined; open = this.#open.pop()) {
      const { id } = open;
      for (const from of open.sources()) this.#edges.set(`${from} → ${id}`, { from, to: id });
    }
    return { roots, nodes: [...this.#nodes.values()], edges: [...this.#edges.values()], runs: this.#runs };
  }

  #indexOf(run: LoggedRun): RunIndex {
    const known = this.#indices.get(run.id) ?? indexRun(run);
    this.#indices.set(run.id, known);
    return known;
  }

  /** Adds a node, and what it comes from when it is a new one: what a value comes from is told once. */
  #add(node: LineageNode, sources: () => readonly string[]): string {
    if (this.#nodes.has(node.id)) return node.id;
    this.#nodes.set(node.id, node);
    this.#open.push({ id: node.id, sources });
    return node.id;
  }

  #file(run: LoggedRun, path: string, before: number): string {
    const { uses, fileWriters, fileReaders } = this.#indexOf(run);
    const use = uses.get(path);
    const writer = lastBefore(fileWriters.get(path), before);
    const written = writer?.observed?.filesWritten.find((file) => file.path === path);
    const [reader] = (fileReaders.get(path) ?? []).filter((task) => isBefore(task, before));
    const read = reader?.observed?.filesRead.find((file) => file.path === path);
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
    const writer = this.#indexOf(other).fileWriters.get(path)?.at(-1);
    return writer === undefined ? [] : [this.#cell(other, writer)];
  }

  #variable(run: LoggedRun, name: string, before: number): string {
    const writer = lastBefore(this.#indexOf(run).binders.get(name), before);
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
      const { isOwn, injected } = this.#indexOf(run);
      const names = Object.keys(observed?.reads ?? {}).filter((name) => isTelling(name, observed?.reads[name]));
      const read = (observed?.filesRead ?? []).filter(({ path }) => !isOwn(path));
      return [
        ...names.flatMap((name) => this.#ifKnown(run, name, index)),
        ...read.map(({ path }) => this.#file(run, path, index)),
        ...(observed?.requests ?? [])
          .filter(({ method }) => method === 'GET' || method === '')
          .map((request) => this.#web(request)),
        ...(injected.has(index) ? this.#parameters(run) : []),
      ];
    });
  }

  /** A name that no cell wrote belongs to Python or to IPython. */
  #ifKnown(run: LoggedRun, name: string, before: number): readonly string[] {
    const isWritten = lastBefore(this.#indexOf(run).binders.get(name), before) !== undefined;
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

/** What a trace asks of a run again and again. Tasks are in the order of the notebook. */
interface RunIndex {
  readonly uses: ReadonlyMap<string, DataUse>;
  readonly isOwn: (path: string) => boolean;
  /** By the variable's name, those that bound it. */
  readonly binders: ReadonlyMap<string, readonly RecordedTask[]>;
  /** By path. */
  readonly fileReaders: ReadonlyMap<string, readonly RecordedTask[]>;
  readonly fileWriters: ReadonlyMap<string, readonly RecordedTask[]>;
  /** Places of the cells that set the parameters. */
  readonly injected: ReadonlySet<number>;
}

function indexRun(run: LoggedRun): RunIndex {
  const tasks = [...run.run.tasks.values()].filter(({ index }) => index !== undefined);
  return {
    uses: new Map(dataOf(run.run).map((use) => [use.path, use])),
    isOwn: ofEnvironment(run.run),
    binders: groupTasks(tasks, boundBy),
    fileReaders: groupTasks(tasks, ({ observed }) => observed?.filesRead.map(({ path }) => path) ?? []),
    fileWriters: groupTasks(tasks, ({ observed }) => observed?.filesWritten.map(({ path }) => path) ?? []),
    injected: injectedIn(run),
  };
}

function groupTasks(
  tasks: readonly RecordedTask[],
  keysOf: (task: RecordedTask) => readonly string[],
): ReadonlyMap<string, readonly RecordedTask[]> {
  const found = new Map<string, RecordedTask[]>();
  for (const task of tasks) {
    for (const key of keysOf(task)) {
      const known = found.get(key);
      if (known === undefined) found.set(key, [task]);
      else known.push(task);
    }
  }
  return found;
}

/** A value that nobody was expected to read is not stored: then its content is not known. */
function boundBy({ observed }: RecordedTask): readonly string[] {
  if (observed === undefined) return [];
  // Logs of an earlier format do not tell what was not stored.
  const { writes, held, unsaved = [] } = observed;
  return [...new Set([...Object.keys(writes), ...Object.keys(held), ...unsaved])];
}

function isBefore({ index }: RecordedTask, before: number): boolean {
  return index !== undefined && index < before;
}

function lastBefore(tasks: readonly RecordedTask[] | undefined, before: number): RecordedTask | undefined {
  return tasks?.findLast((task) => isBefore(task, before));
}

/** Variables and definitions; of hidden state a reader of a lineage learns nothing. */
function isTelling(name: string, content: string | undefined): boolean {
  return content !== 'absent' && (!name.includes(':') || name.startsWith('def:'));
}

function injectedIn({ state, id }: KeptRun): ReadonlySet<number> {
  const document = readDocument(join(runFolder(state, id), 'notebook.ipynb')) as
    { cells?: readonly { metadata?: { tags?: readonly string[] } }[] } | undefined;
  const cells = document?.cells ?? [];
  return new Set(
    cells.flatMap(({ metadata }, place) => (metadata?.tags?.includes('injected-parameters') ? [place] : [])),
  );
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
