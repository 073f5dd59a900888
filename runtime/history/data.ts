import { basename, dirname, sep } from 'node:path';
import type { WebRequest } from '../process/protocol.ts';
import type { RecordedFile } from './observation.ts';
import type { RecordedRun } from './recorded-run.ts';

/** A file that the cells of a run used. */
export interface DataUse extends RecordedFile {
  /** Names of the tasks that read it; empty where it is only known that a cell of the one process did. */
  readonly readers: readonly string[];
  readonly writers: readonly string[];
  /** `input`: it was there before; `output`: a cell wrote it, whether or not others read it then. */
  readonly role: 'input' | 'output';
  /** True for files of the interpreter, of packages and of the system: the environment says what they are. */
  readonly ofEnvironment: boolean;
}

/** A request of the cells of a run. */
export interface RequestUse extends WebRequest {
  /** The task that made it; empty where it is only known that a cell of the one process did. */
  readonly task: string;
}

interface Entry {
  file: RecordedFile;
  readonly readers: string[];
  readonly writers: string[];
  isOutput: boolean;
}

/** Every file that a run read or wrote, by path; of a file that several cells wrote, as the last of them left it. */
export function dataOf(run: RecordedRun): readonly DataUse[] {
  const found = new Map<string, Entry>();
  for (const { name, files, verb } of mentions(run)) {
    for (const file of files) {
      const entry = found.get(file.path) ?? { file, readers: [], writers: [], isOutput: false };
      found.set(file.path, entry);
      if (name !== '') entry[verb].push(name);
      if (verb === 'writers') Object.assign(entry, { file, isOutput: true });
    }
  }
  const isOwn = ofEnvironment(run);
  const uses = [...found.values()].map(({ file, readers, writers, isOutput }): DataUse => {
    const role = isOutput ? 'output' : 'input';
    return { ...file, readers, writers, role, ofEnvironment: isOwn(file.path) };
  });
  return uses.sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** Every request that a run made, in the order of the notebook. */
export function requestsOf({ tasks, lane, together }: RecordedRun): readonly RequestUse[] {
  if (lane !== undefined) return (together?.requests ?? []).map((request) => ({ ...request, task: '' }));
  return [...tasks.values()].flatMap(({ name, observed }) =>
    // Logs of an earlier format have none.
    (observed?.requests ?? []).map((request) => ({ ...request, task: name })),
  );
}

interface Mention {
  readonly name: string;
  readonly files: readonly RecordedFile[];
  readonly verb: 'readers' | 'writers';
}

/** Where all cells ran in one process, what a cell wrote is told with all later ones too. */
function mentions({ tasks, lane, together }: RecordedRun): readonly Mention[] {
  const all = [...tasks.values()].flatMap(({ name, observed }): Mention[] => [
    { name: lane === undefined ? name : '', files: observed?.filesRead ?? [], verb: 'readers' },
    { name: lane === undefined ? name : '', files: observed?.filesWritten ?? [], verb: 'writers' },
  ]);
  return [
    ...all,
    { name: '', files: together?.filesRead ?? [], verb: 'readers' },
    { name: '', files: together?.filesWritten ?? [], verb: 'writers' },
  ];
}

/** Settings and caches that programs make for themselves below a person's home; data sets are kept beside them. */
const settings =
  /^\/(?:home\/[^/]+|root|Users\/[^/]+)\/\.(?:config|ipython|jupyter|matplotlib|local|cache\/(?:matplotlib|fontconfig|cellwright))\//;
const system = /^\/(?:usr|lib|lib64|etc|bin|sbin|opt|proc|sys|dev|System|Library)\//;

/** Tells the files of the environment that a run was made in from those of its owner. */
export function ofEnvironment({ environment }: RecordedRun): (path: string) => boolean {
  // Logs of an earlier format have no folders.
  const folders = (environment?.folders ?? []).filter(isInstalled);
  folders.push(...(environment?.caches ?? []));
  const executable = environment?.executable ?? '';
  // An environment in a folder of its own, as venv and conda make them.
  if (basename(dirname(executable)) === 'bin') folders.push(dirname(dirname(executable)));
  const prefixes = folders.filter((folder) => folder.length > 1).map((folder) => `${folder}${sep}`);
  return (path) =>
    system.test(path) ||
    settings.test(path) ||
    path.includes(`${sep}__pycache__${sep}`) ||
    prefixes.some((prefix) => path.startsWith(prefix));
}

/** A search path may also lead to the person's own modules. */
function isInstalled(folder: string): boolean {
  return /(?:^|\/)(?:site|dist)-packages(?:\/|$)|\/lib\/python3/.test(folder);
}
