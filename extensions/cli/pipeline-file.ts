import path from 'node:path';
import type { DiagnosticCode } from '../../compiler/bundle/codes.ts';
import type { Bundle } from '../../compiler/bundle/format.ts';
import { nearest } from './args.ts';
import { decodeText, isThere, readNamedFile } from './files.ts';
import { usage, type Host, type Outcome } from './host.ts';
import { openNotebook, stemOf, type Input } from './input.ts';
import { PythonNumber } from './python-literal.ts';
import { readMapping, type ParameterValue, type ParameterValues } from './parameters.ts';

/** A notebook of a pipeline, compiled with its parameters. */
export interface PipelineStep {
  readonly name: string;
  /** Path as the file of the pipeline leads to it, from the folder of the command. */
  readonly source: string;
  readonly input: Input;
  /** Variables that earlier notebooks hand over, and which. */
  readonly takes: ReadonlyMap<string, string>;
  /** Variables that later notebooks take from this one. */
  readonly gives: ReadonlySet<string>;
}

interface Entry {
  readonly name: string;
  readonly source: string;
  readonly params: ParameterValues;
  readonly takes: readonly string[];
}

function refuse<T>(code: DiagnosticCode, message: string, help: string): Outcome<T> {
  return { ok: false, result: usage(message, help, code) };
}

/** Reads the file of a pipeline and compiles its notebooks. Executes nothing. */
export async function readPipeline(host: Host, file: string): Promise<Outcome<readonly PipelineStep[]>> {
  const bytes = readNamedFile(host, file);
  if (!bytes.ok) return bytes;
  const text = decodeText(bytes.value);
  if (text === undefined) return refuse('CW730', `${file} is not UTF-8 text.`, 'Save the file as UTF-8.');
  const read = readMapping(text, file);
  if (!read.ok) return refuse('CW730', read.error.message, read.error.help);
  const entries = readEntries(file, read.value);
  if (!entries.ok) return entries;
  const steps: PipelineStep[] = [];
  for (const { name, source, params, takes } of entries.value) {
    const place = path.join(path.dirname(file), source);
    if (!isThere(path.resolve(host.cwd, place))) {
      return refuse(
        'CW731',
        `${file} names ${source}, which is not there.`,
        'Paths are from the folder of the pipeline file.',
      );
    }
    const opened = await openNotebook(host, place, { values: params });
    if (!opened.ok) return opened;
    steps.push({
      name,
      source: place,
      input: opened.value,
      takes: new Map(takes.map((one) => [one, ''])),
      gives: new Set(),
    });
  }
  return connect(file, steps);
}

const known = ['source', 'name', 'params', 'takes'];
const form = 'A task has a source (a notebook), and may have a name, params and takes (a list of variables).';

function readEntries(file: string, document: ParameterValues): Outcome<readonly Entry[]> {
  const stray = [...document.keys()].find((key) => key !== 'tasks');
  const tasks = document.get('tasks');
  if (stray !== undefined)
    return refuse(
      'CW730',
      `${file} has ${stray}, which no pipeline has.`,
      'It has tasks, a list of notebooks in their order.',
    );
  if (!Array.isArray(tasks) || tasks.length === 0) {
    return refuse('CW730', `${file} has no tasks.`, 'Write tasks: and below it a list of notebooks in their order.');
  }
  const entries: Entry[] = [];
  for (const [place, task] of (tasks as readonly ParameterValue[]).entries()) {
    const entry = readEntry(task);
    if (typeof entry === 'string') return refuse('CW730', `Task ${place + 1} of ${file} ${entry}.`, form);
    if (entries.some(({ name }) => name === entry.name)) {
      return refuse('CW730', `Two tasks of ${file} are called ${entry.name}.`, 'Give one of them another name.');
    }
    entries.push(entry);
  }
  return { ok: true, value: entries };
}

type Fields = Readonly<Record<string, ParameterValue>>;

function isMapping(value: ParameterValue): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof PythonNumber);
}

/** A task, or what is wrong with it. */
function readEntry(task: ParameterValue): Entry | string {
  if (!isMapping(task)) return 'is no mapping';
  const stray = Object.keys(task).find((key) => !known.includes(key));
  if (stray !== undefined) {
    const near = nearest(stray, known);
    return `has ${stray}, which is not known${near === undefined ? '' : ` (did you mean ${near}?)`}`;
  }
  const { source, params = {}, takes = [] } = task;
  if (typeof source !== 'string' || source === '') return 'has no source';
  const name = task['name'] ?? stemOf(source);
  if (typeof name !== 'string' || !/^[\w.-]+$/.test(name) || /^\.+$/.test(name))
    return 'has a name that no file can have';
  if (!Array.isArray(takes)) return 'takes something else than a list of names';
  const names: string[] = [];
  for (const one of takes as readonly ParameterValue[]) {
    if (typeof one !== 'string' || !/^[A-Za-z_]\w*$/.test(one)) return 'takes something that is no name of a variable';
    names.push(one);
  }
  if (!isMapping(params)) return 'has params that are no mapping';
  return { name, source, params: new Map(Object.entries(params)), takes: names };
}

/** Finds who gives each variable that is taken: the latest earlier notebook with a cell that binds it. */
function connect(file: string, steps: readonly PipelineStep[]): Outcome<readonly PipelineStep[]> {
  const gives = steps.map(() => new Set<string>());
  const connected: PipelineStep[] = [];
  for (const [place, step] of steps.entries()) {
    const takes = new Map<string, string>();
    for (const name of step.takes.keys()) {
      const at = steps.slice(0, place).findLastIndex(({ input }) => bound(input.bundle).has(name));
      const giver = steps[at];
      if (giver === undefined) return nobodyGives(file, steps, { place, name });
      gives[at]?.add(name);
      takes.set(name, giver.name);
    }
    connected.push({ ...step, takes, gives: gives[place] ?? new Set() });
  }
  return { ok: true, value: connected };
}

function nobodyGives(
  file: string,
  steps: readonly PipelineStep[],
  { place, name }: { readonly place: number; readonly name: string },
): Outcome<readonly PipelineStep[]> {
  const taker = steps[place]?.name ?? '';
  const later = steps.slice(place).find(({ input }) => bound(input.bundle).has(name));
  if (later !== undefined && later.name !== taker) {
    const message = `${taker} takes ${name}, which only the later ${later.name} gives.`;
    return refuse(
      'CW733',
      message,
      `Notebooks run in the order of ${file}: put ${later.name} first; a circle cannot be run.`,
    );
  }
  const all = steps.slice(0, place).flatMap(({ input }) => [...bound(input.bundle)]);
  const near = nearest(name, all);
  const help = near === undefined ? 'Bind it in a cell of an earlier notebook.' : `Did you mean ${near}?`;
  return refuse('CW732', `${taker} takes ${name}, which no earlier notebook gives.`, help);
}

function bound({ tasks }: Bundle): ReadonlySet<string> {
  const names = tasks.flatMap(({ accesses }) =>
    accesses.flatMap(({ resource, access }) =>
      resource.kind === 'variable' && access === 'bind' ? [resource.name] : [],
    ),
  );
  return new Set(names);
}
