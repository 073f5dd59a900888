import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFileError } from './local.ts';
import { claim, ownershipOf, release } from './owner.ts';
import { environmentsFolder, findSuperfluous } from '../environment/kept.ts';
import { listFolder } from '../list-folder.ts';

/** What was removed from the state of a notebook. */
export interface Swept {
  readonly runs: number;
  readonly objects: number;
  /** Files that a killed process was writing, and copies that it kept to undo what it did. */
  readonly unfinished: number;
  /** Environments of lock files that were not the last to be used. */
  readonly environments: number;
  readonly bytes: number;
}

/** `busy`: a run is going on, so nothing was touched. */
export type Cleaned = Swept | 'busy';

const temporaryName = /^cw-(?:plain-)?[A-Za-z0-9]{6}$/;
/** The runs of a matrix have its name and a number. */
const runName = /^(\d{8}T\d{6}-[0-9a-f]{4})(?:-\d{4,})?$/;
const objectName = /^[0-9a-f]{64}$/;
const unfinishedName = /^\.tmp-|\.[0-9a-f]{12}\.tmp$/;

/** Makes a folder for a process's time alone; what a killed one leaves is found by {@link sweepTemporary}. */
export function makeTemporary(base: string, prefix: 'cw-' | 'cw-plain-'): string {
  const folder = mkdtempSync(join(base, prefix));
  claim(folder);
  return folder;
}

/** Removes the temporary folders of dead processes. */
export function sweepTemporary(base: string = tmpdir()): void {
  for (const name of listFolder(base)) {
    const folder = join(base, name);
    if (temporaryName.test(name) && ownershipOf(folder) === 'dead') rmSync(folder, { recursive: true, force: true });
  }
}

/** What may go. */
export interface Sweeping {
  /** True for a run, by its name, whose record stays. */
  readonly isKept: (name: string) => boolean;
  /** True: nothing is removed, and what would be is told. */
  readonly dry?: boolean;
}

/** Removes what dead runs left, and the records of ended ones that are not to stay. Runs that are going on are left alone. */
export function sweepRuns(state: string, { isKept, dry = false }: Sweeping): Swept {
  let swept = nothing;
  const ended = runsOf(state).filter((run) => ['none', 'dead'].includes(ownershipOf(run.folder)));
  for (const { name, folder } of ended) {
    if (!isKept(name)) {
      swept = add(swept, { ...nothing, runs: 1, bytes: sizeOf(folder) });
      if (!dry) rmSync(folder, { recursive: true, force: true });
      continue;
    }
    const effects = join(folder, 'effects');
    const bytes = sizeOf(effects);
    if (bytes > 0) swept = add(swept, { ...nothing, unfinished: 1, bytes });
    if (dry) continue;
    rmSync(effects, { recursive: true, force: true });
    release(folder);
  }
  return swept;
}

/**
 * Removes runs that are not to stay and every object that no manifest names, unless a run is going on: it may be about to name one.
 * @param own the run that asks, if one does; it must be over but for its log
 */
export function cleanState(state: string, options: Sweeping & { readonly own?: string }): Cleaned {
  const objects = join(state, 'store', 'objects');
  // A folder that is no state must not be written into.
  if (!isFolder(objects) && runsOf(state).length === 0) return nothing;
  const { dry = false } = options;
  return (
    alone(state, options.own, () => {
      const swept = add(add(sweepRuns(state, options), sweepObjects(state, dry)), sweepEnvironments(state, dry));
      const folders = [state, join(state, 'manifests'), join(state, 'packages'), ...shards(objects)];
      return add(swept, sweepUnfinished(folders, dry));
    }) ?? 'busy'
  );
}

/**
 * Keeps the store of a notebook below a size, as far as that can be done without forgetting what its cells give now: objects that nothing
 * names go first, then what is remembered of code that is in the notebook no longer.
 * @param codes hexadecimal digests of the code of all tasks
 */
export function keepBelow(
  state: string,
  options: { readonly most: number; readonly own: string; readonly codes: ReadonlySet<string> },
): void {
  const isTooLarge = (): boolean => objectsOf(state).reduce((sum, { size }) => sum + size, 0) > options.most;
  if (!isTooLarge()) return;
  alone(state, options.own, () => {
    sweepObjects(state);
    if (!isTooLarge()) return;
    const manifests = join(state, 'manifests');
    for (const name of listFolder(manifests)) {
      if (!options.codes.has(name.replace(/\.json$/, ''))) rmSync(join(manifests, name), { force: true });
    }
    sweepObjects(state);
  });
}

/** Waits while objects are being removed; a run must have marked its folder before, so that one of the two sees the other. */
export async function untilCleaned(state: string): Promise<void> {
  for (let waits = 0; ; waits++) {
    const owner = ownershipOf(join(state, 'cleaning'));
    // Nobody can tell of one elsewhere whether it is alive; an object that is gone is made again.
    if (owner === 'none' || owner === 'dead' || (owner === 'unknown' && waits > 100)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Does something while no run is going on; undefined when one is, or when somebody else is at it. */
function alone<T>(state: string, own: string | undefined, work: () => T): T | undefined {
  const lock = join(state, 'cleaning');
  mkdirSync(lock, { recursive: true });
  if (ownershipOf(lock) === 'dead') release(lock);
  if (!claim(lock)) return undefined;
  try {
    // After the lock: a run that starts now waits for it.
    const others = runsOf(state).filter(({ name }) => name !== own);
    if (others.some(({ folder }) => ['alive', 'unknown'].includes(ownershipOf(folder)))) return undefined;
    return work();
  } finally {
    release(lock);
  }
}

function sweepObjects(state: string, dry = false): Swept {
  const named = new Set<string>();
  const manifests = join(state, 'manifests');
  for (const name of listFolder(manifests)) {
    // Whatever looks like a digest: an object too many costs room, one too few costs a run.
    for (const [digest] of readFileSync(join(manifests, name), 'utf8').matchAll(/[0-9a-f]{64}/g)) named.add(digest);
  }
  let swept = nothing;
  const answers = join(state, 'packages');
  for (const name of listFolder(answers)) {
    if (!dry && !named.has(name.replace(/\.json$/, ''))) rmSync(join(answers, name), { force: true });
  }
  for (const { name, file, size } of objectsOf(state)) {
    if (named.has(name)) continue;
    if (!dry) rmSync(file, { force: true });
    swept = add(swept, { ...nothing, objects: 1, bytes: size });
  }
  return swept;
}

/** A lock that was changed has another environment, so the one before it is hardly wanted again. */
function sweepEnvironments(state: string, dry: boolean): Swept {
  let swept = nothing;
  for (const path of findSuperfluous(environmentsFolder(state), 1)) {
    swept = add(swept, { ...nothing, environments: isFolder(path) ? 1 : 0, bytes: sizeOf(path) });
    if (!dry) rmSync(path, { recursive: true, force: true });
  }
  return swept;
}

function sweepUnfinished(folders: readonly string[], dry: boolean): Swept {
  let swept = nothing;
  for (const file of folders.flatMap((folder) =>
    listFolder(folder).map((name) => ({ name, path: join(folder, name) })),
  )) {
    if (!unfinishedName.test(file.name)) continue;
    swept = add(swept, { ...nothing, unfinished: 1, bytes: sizeOf(file.path) });
    if (!dry) rmSync(file.path, { force: true });
  }
  return swept;
}

interface StoredObject {
  readonly name: string;
  readonly file: string;
  readonly size: number;
}

function objectsOf(state: string): readonly StoredObject[] {
  return shards(join(state, 'store', 'objects')).flatMap((shard) =>
    listFolder(shard)
      .filter((name) => objectName.test(name))
      .map((name) => ({ name, file: join(shard, name), size: sizeOf(join(shard, name)) })),
  );
}

function shards(objects: string): readonly string[] {
  return listFolder(objects)
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .map((name) => join(objects, name));
}

interface RunFolder {
  readonly name: string;
  readonly folder: string;
}

/** Only folders that are named as runs are: a state folder may have been named by mistake. */
function runsOf(state: string): readonly RunFolder[] {
  return listFolder(join(state, 'runs'))
    .filter((name) => runName.test(name))
    .map((name) => ({ name, folder: join(state, 'runs', name) }));
}

/** What was removed from several states. */
export function addUp(all: readonly Swept[]): Swept {
  return all.reduce(add, nothing);
}

const nothing: Swept = { runs: 0, objects: 0, unfinished: 0, environments: 0, bytes: 0 };

function add(left: Swept, right: Swept): Swept {
  return {
    runs: left.runs + right.runs,
    objects: left.objects + right.objects,
    unfinished: left.unfinished + right.unfinished,
    environments: left.environments + right.environments,
    bytes: left.bytes + right.bytes,
  };
}

function isFolder(path: string): boolean {
  return orElse(() => statSync(path).isDirectory(), false);
}

/** Of a file, or of all files below a folder; 0 when there is nothing. */
function sizeOf(path: string): number {
  return orElse(() => {
    const stat = statSync(path);
    if (!stat.isDirectory()) return stat.size;
    return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
  }, 0);
}

/** What is not there, or is gone in the meantime, counts as nothing. */
function orElse<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if (isFileError(error)) return otherwise;
    throw error;
  }
}
