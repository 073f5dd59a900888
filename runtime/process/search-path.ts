import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listFolder } from '../list-folder.ts';
import type { EnvironmentFound, InstalledPackage } from '../event.ts';
import { isObject } from '../../compiler/bundle/follow-schema.ts';
import { realPath, type LocalStore } from '../store/local.ts';
import { readPackageFolders } from './installed.ts';
import type { Interpreter } from './interpreter.ts';
import { markOf } from './path-mark.ts';
import type { InstalledPackages } from './reached-packages.ts';

const document = 'interpreter.json';
// `reached.py` has the same folders of packages.
const question = `
import json, site, sys, sysconfig
paths = sysconfig.get_paths()
packages = {paths["purelib"], paths["platlib"], *site.getsitepackages()}
if site.ENABLE_USER_SITE:
    packages.add(site.getusersitepackages())
print(json.dumps({"folders": [entry for entry in sys.path if entry], "packages": sorted(packages)}))
`;

/** What is asked: which packages an interpreter has, when it is started there with these variables. */
export interface PackageQuestion {
  readonly interpreter: Interpreter;
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** What an interpreter finds where it looks for packages. */
export interface FoundPackages extends InstalledPackages {
  /** Digest of what counts for everybody: the interpreter, where it searches, and what does not say which files it has. */
  readonly base: string;
}

/**
 * The interpreter and every distribution that it finds. Python is asked for its search path once; the answer is
 * kept until the interpreter, the variables that decide about it or the packages change.
 */
export function describePackages(store: LocalStore, asked: PackageQuestion): FoundPackages {
  const key = keyOf(asked);
  const kept = store.readDocument(document);
  if (isKept(kept) && kept.key === key && !isScript(asked.interpreter.executable)) {
    const found = look(store, key, kept);
    if (found.whole === kept.digest) return found;
  }
  const answer = askPython(asked);
  const found = look(store, key, answer);
  store.writeDocument(document, { key, ...answer, digest: found.whole });
  return found;
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

/** Where Python searches for modules, and which of these folders are for packages. */
interface SearchPath {
  readonly folders: readonly string[];
  readonly packages: readonly string[];
}

interface Kept extends SearchPath {
  readonly key: string;
  readonly digest: string;
}

function isKept(value: unknown): value is Kept {
  return typeof value === 'object' && value !== null && 'packages' in value && 'folders' in value && 'digest' in value;
}

function look(store: LocalStore, key: string, { folders, packages }: SearchPath): FoundPackages {
  const real = new Set(packages.map((folder) => realPath(folder)));
  const others = folders.filter((folder) => !real.has(realPath(folder)));
  // A folder that is not there yet is searched as soon as something is installed in it.
  const read = readPackageFolders(store, [...real].sort());
  const common = read.map(({ path, common }) => `\n${path}:${common.join(',')}`);
  const base = digestOf(`${key}${JSON.stringify(folders)}${common.join('')}`, others);
  return { base, whole: digestOf(key, [...new Set([...folders, ...packages])]), folders: read };
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
function askPython({ interpreter, cwd, variables }: PackageQuestion): SearchPath {
  const done = spawnSync(interpreter.executable, ['-c', question], {
    cwd,
    env: variables,
    encoding: 'utf8',
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const answer: unknown = done.status === 0 ? JSON.parse(done.stdout) : {};
    if (!isObject(answer)) return { folders: [], packages: [] };
    return { folders: textsOf(answer['folders']), packages: textsOf(answer['packages']) };
  } catch (error) {
    if (error instanceof SyntaxError) return { folders: [], packages: [] };
    throw error;
  }
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
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
