import { basename, dirname, sep } from 'node:path';
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

/** Every file that a run read or wrote, by path; of a file that several cells wrote, as the last of them left it. */
export function dataOf(run: RecordedRun): readonly DataUse[] {
  const found = new Map<string, { file: RecordedFile; readers: string[]; writers: string[]; isOutput: boolean }>();
  const note = (file: RecordedFile, task: string | undefined, verb: 'readers' | 'writers'): void => {
    const known = found.get(file.path) ?? { file, readers: [], writers: [], isOutput: false };
    found.set(file.path, known);
    if (task !== undefined) known[verb].push(task);
    if (verb === 'readers') return;
    Object.assign(known, { file, isOutput: true });
  };
  for (const { name, observed } of run.tasks.values()) {
    for (const file of observed?.filesRead ?? []) note(file, name, 'readers');
    for (const file of observed?.filesWritten ?? []) note(file, name, 'writers');
  }
  for (const file of run.together?.filesRead ?? []) note(file, undefined, 'readers');
  for (const file of run.together?.filesWritten ?? []) note(file, undefined, 'writers');
  const isOwn = ofEnvironment(run);
  const uses = [...found.values()].map(({ file, readers, writers, isOutput }): DataUse => {
    const role = isOutput ? 'output' : 'input';
    return { ...file, readers, writers, role, ofEnvironment: isOwn(file.path) };
  });
  return uses.sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** Settings and caches that programs make for themselves below a person's home; data sets are kept beside them. */
const settings =
  /^\/(?:home\/[^/]+|root|Users\/[^/]+)\/\.(?:config|ipython|jupyter|matplotlib|local|cache\/(?:matplotlib|fontconfig|cellwright))\//;
const system = /^\/(?:usr|lib|lib64|etc|bin|sbin|opt|proc|sys|dev|System|Library)\//;

/** Tells the files of the environment that a run was made in from those of its owner. */
function ofEnvironment({ environment }: RecordedRun): (path: string) => boolean {
  const folders = (environment?.folders ?? []).filter(isInstalled);
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
