import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic, Result } from '../../compiler/bundle/diagnostic.ts';
import {
  environmentsFolder,
  executableIn,
  findKept,
  findSuperfluous,
  installedIn,
  markUsed,
  newFolder,
  publish,
  waitForTurn,
} from './kept.ts';
import { findPython, type PythonWish } from './python.ts';
import { callUv, reasonOf, type Uv } from './uv.ts';

/** What an environment is built from. */
export interface EnvironmentOrder {
  /** Requirements with hashes, in the words of `requirements.txt`, a line each. */
  readonly hashed: readonly string[];
  /** Requirements that can have none: folders and revisions. */
  readonly direct: readonly string[];
  readonly python: PythonWish;
  /** The lock file's name for messages. */
  readonly shown: string;
}

/** Where and with what it is built. */
export interface BuildPlace {
  /** Where the state of the notebook is. */
  readonly state: string;
  /** Paths in requirements are absolute, so this decides about settings of uv alone. */
  readonly cwd: string;
  readonly signal?: AbortSignal | undefined;
  /** Told when the work begins: with an environment that is there, there is none. */
  readonly onStart: () => void;
}

/** An environment that is ready. */
export interface BuiltEnvironment {
  readonly executable: string;
  /** What is not quite as the lock says. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What tells two environments apart. */
export function keyOf({ hashed, direct, python }: Pick<EnvironmentOrder, 'hashed' | 'direct' | 'python'>): string {
  const { version, specifier } = python;
  const text = JSON.stringify([1, process.platform, process.arch, hashed, direct, version ?? '', specifier]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The environment, if it was built before; it counts as used. */
export function findBuilt(state: string, order: EnvironmentOrder): string | undefined {
  const [base, key] = [environmentsFolder(state), keyOf(order)];
  const found = findKept(base, key);
  if (found !== undefined) markUsed(base, key);
  return found?.executable;
}

/**
 * Builds an environment, or takes the one that somebody else has built meanwhile. It is made in a folder that nobody knows and becomes known in one step, so whoever is killed
 * at whatever moment leaves no half of one behind that is used.
 */
export async function buildEnvironment(
  uv: Uv,
  order: EnvironmentOrder,
  place: BuildPlace,
): Promise<Result<BuiltEnvironment>> {
  const base = environmentsFolder(place.state);
  const key = keyOf(order);
  const end = await waitForTurn(base, key, place.signal);
  if (end === undefined) return { ok: false, error: [] };
  try {
    const meanwhile = findKept(base, key);
    if (meanwhile !== undefined) return { ok: true, value: { executable: meanwhile.executable, diagnostics: [] } };
    for (const path of findSuperfluous(base)) rmSync(path, { recursive: true, force: true });
    place.onStart();
    return await build(uv, order, { ...place, base, key });
  } finally {
    end();
  }
}

async function build(
  uv: Uv,
  order: EnvironmentOrder,
  place: BuildPlace & { readonly base: string; readonly key: string },
): Promise<Result<BuiltEnvironment>> {
  const { base, key, cwd, signal } = place;
  const folder = newFolder(base, key);
  const call = { cwd, signal };
  const python = await findPython(uv, order.python, call);
  const made = await callUv(uv, ['venv', '--no-project', '--python', python.request, join(folder, 'venv')], call);
  const problem =
    made.code === 0
      ? await install(uv, order, { folder, ...call })
      : `There is no Python ${order.python.version ?? order.python.specifier} for it (${reasonOf(made.said)})`;
  if (problem !== undefined || signal?.aborted === true) {
    rmSync(folder, { recursive: true, force: true });
    return signal?.aborted === true ? { ok: false, error: [] } : refuse(order, problem ?? '');
  }
  if (!installedIn(folder).some((name) => /^ipython-/i.test(name))) {
    rmSync(folder, { recursive: true, force: true });
    return notForHere(order);
  }
  const { executable } = publish(base, key, folder);
  return { ok: true, value: { executable, diagnostics: noteVersion(order, python.version) } };
}

/** In two steps: where one requirement has a hash, uv wants all to have one. */
async function install(
  uv: Uv,
  { hashed, direct }: EnvironmentOrder,
  { folder, cwd, signal }: { readonly folder: string; readonly cwd: string; readonly signal?: AbortSignal | undefined },
): Promise<string | undefined> {
  const steps = [
    { name: 'requirements.txt', lines: hashed, words: ['--require-hashes'] },
    { name: 'direct.txt', lines: direct, words: [] },
  ];
  for (const { name, lines, words } of steps) {
    if (lines.length === 0) continue;
    const file = join(folder, name);
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
    const all = ['pip', 'install', '--no-deps', ...words, '--python', executableIn(folder), '-r', file];
    // What the cache has needs no network: the hashes say that it is the same.
    let done = await callUv(uv, [...all, '--offline'], { cwd, signal });
    if (done.code !== 0 && signal?.aborted !== true) done = await callUv(uv, all, { cwd, signal });
    if (done.code !== 0) return reasonOf(done.said);
  }
  return undefined;
}

function refuse({ shown }: EnvironmentOrder, reason: string): Result<never> {
  const message = `The environment of ${shown} cannot be built: ${reason}.`;
  const help = 'Nothing was run. Mend what uv says, or write the lock anew with cellwright lock.';
  return { ok: false, error: [{ code: 'CW706', severity: 'error', message, help, related: [] }] };
}

/** Markers of the lock left it out, or nobody put it in. */
function notForHere({ shown, hashed }: EnvironmentOrder): Result<never> {
  const names = hashed.some((line) => /^ipython==/i.test(line));
  const message = names
    ? `${shown} is made for another platform or Python than this one.`
    : `${shown} has no ipython, which a run needs.`;
  const help = names ? 'Write one here with cellwright lock.' : 'Add it, or write the lock with cellwright lock.';
  return { ok: false, error: [{ code: 'CW702', severity: 'error', message, help, related: [] }] };
}

function noteVersion({ shown, python }: EnvironmentOrder, found: string | undefined): readonly Diagnostic[] {
  if (python.version === undefined || found === undefined || found === python.version) return [];
  const message = `${shown} was made with Python ${python.version}; it runs with ${found}, which is here.`;
  const help = `uv python install ${python.version} brings the same.`;
  return [{ code: 'CW706', severity: 'warning', message, help, related: [] }];
}
