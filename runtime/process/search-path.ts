import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listFolder } from '../list-folder.ts';
import { isFileError, type LocalStore } from '../store/local.ts';
import type { EnvironmentFound, InstalledPackage } from '../event.ts';
import type { Interpreter } from './interpreter.ts';

const document = 'interpreter.json';
const question = 'import json, sys; print(json.dumps([entry for entry in sys.path if entry]))';

/** What is asked: which packages an interpreter has, when it is started there with these variables. */
export interface PackageQuestion {
  readonly interpreter: Interpreter;
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/**
 * A digest of the interpreter and of every distribution that it finds. Python is asked for its search path once; the answer is
 * kept until the interpreter, the variables that decide about it or the packages change.
 */
export function describePackages(store: LocalStore, asked: PackageQuestion): string {
  const key = keyOf(asked);
  const kept = store.readDocument(document);
  if (isKept(kept) && kept.key === key && !isScript(asked.interpreter.executable)) {
    const digest = digestOf(key, kept.folders);
    if (digest === kept.digest) return digest;
  }
  const folders = askPython(asked);
  const digest = digestOf(key, folders);
  store.writeDocument(document, { key, folders, digest });
  return digest;
}

/**
 * The folders that the interpreter named when it was asked last, and the distributions in them as their names say it; the first of a
 * name counts, as for the import. Nothing is started.
 */
export function listPackages(store: LocalStore): Pick<EnvironmentFound, 'packages' | 'folders'> {
  const kept = store.readDocument(document);
  const folders = isKept(kept) ? kept.folders : [];
  const found = new Map<string, InstalledPackage>();
  for (const name of folders.flatMap(listFolder)) {
    const [, distribution, version] = /^(.+?)-([^-]+?)(?:-py[\d.]+)?\.(?:dist|egg)-info$/.exec(name) ?? [];
    if (distribution === undefined || version === undefined) continue;
    const key = distribution.toLowerCase().replaceAll(/[-_.]+/g, '-');
    if (!found.has(key)) found.set(key, { name: key, version });
  }
  return { folders, packages: [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1)) };
}

interface Kept {
  readonly key: string;
  readonly folders: readonly string[];
  readonly digest: string;
}

function isKept(value: unknown): value is Kept {
  return typeof value === 'object' && value !== null && 'key' in value && 'folders' in value && 'digest' in value;
}

function keyOf({ interpreter: { executable }, cwd, variables }: PackageQuestion): string {
  const deciding = Object.entries(variables).filter(([name]) =>
    /^(?:PYTHON|HOME$|PATH$|VIRTUAL_ENV$|CONDA)/.test(name),
  );
  const settings = join(dirname(dirname(executable)), 'pyvenv.cfg');
  const real = realpathSync(executable);
  const files = [executable, real, markOf(real), markOf(settings)];
  return JSON.stringify([files, process.platform, process.arch, isScript(executable) ? cwd : '', deciding.sort()]);
}

/** A script decides anew each time which interpreter it starts, as the shims of version managers do. */
function isScript(executable: string): boolean {
  const start = Buffer.alloc(2);
  const file = openSync(executable, 'r');
  try {
    readSync(file, start, 0, 2, 0);
  } finally {
    closeSync(file);
  }
  return start.toString('latin1') === '#!';
}

/** Empty when it gives no answer: then it cannot run the notebook either. */
function askPython({ interpreter, cwd, variables }: PackageQuestion): readonly string[] {
  const done = spawnSync(interpreter.executable, ['-c', question], {
    cwd,
    env: variables,
    encoding: 'utf8',
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const answer: unknown = done.status === 0 ? JSON.parse(done.stdout) : [];
    return Array.isArray(answer) ? answer.filter((entry) => typeof entry === 'string') : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function digestOf(key: string, folders: readonly string[]): string {
  const hash = createHash('sha256').update(key);
  for (const folder of folders) {
    const names = listFolder(folder).filter((name) => /\.(?:dist-info|egg-info|pth|egg-link)$/.test(name));
    hash.update(
      `\n${folder}:${names
        .sort()
        .map((name) => `${name} ${markOf(join(folder, name))}`)
        .join(',')}`,
    );
  }
  return `sha256:${hash.digest('hex')}`;
}

function markOf(path: string): string {
  try {
    const { size, mtimeNs } = statSync(path, { bigint: true });
    return `${size}:${mtimeNs}`;
  } catch (error) {
    if (isFileError(error)) return 'missing';
    throw error;
  }
}
