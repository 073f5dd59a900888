import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { listFolder } from '../list-folder.ts';
import { isFileError, readDocument, writeAtomically } from '../store/local.ts';
import { claim, ownershipOf, release } from '../store/owner.ts';

/** An environment that was built whole. */
export interface KeptEnvironment {
  /** Absolute path of its interpreter. */
  readonly executable: string;
  readonly folder: string;
}

interface Note {
  /** Name of the folder. */
  readonly folder: string;
  /** What is installed, as the names of its `*.dist-info` folders. */
  readonly installed: readonly string[];
}

/** Where the environments of a notebook are. */
export function environmentsFolder(state: string): string {
  return join(state, 'environments');
}

/** A folder for an environment that is being built; nobody else ever builds in it, and nobody finds it before it is published. */
export function newFolder(base: string, key: string): string {
  const folder = join(base, `${key}-${randomBytes(6).toString('hex')}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  claim(folder);
  return folder;
}

/** Makes a whole environment known, in one step. */
export function publish(base: string, key: string, folder: string): KeptEnvironment {
  const name = folder.slice(base.length + 1);
  const note: Note = { folder: name, installed: installedIn(folder) };
  writeAtomically(noteOf(base, key), JSON.stringify(note));
  release(folder);
  return { folder, executable: executableIn(folder) };
}

/** The environment of a key, if it is there and as it was when it was built. */
export function findKept(base: string, key: string): KeptEnvironment | undefined {
  const note = readDocument(noteOf(base, key));
  if (!isNote(note)) return undefined;
  const folder = join(base, note.folder);
  if (JSON.stringify(installedIn(folder)) !== JSON.stringify(note.installed)) return undefined;
  const executable = executableIn(folder);
  return isThere(executable) ? { folder, executable } : undefined;
}

/** Marks the environment as the one that was used last. */
export function markUsed(base: string, key: string): void {
  const now = new Date();
  try {
    utimesSync(noteOf(base, key), now, now);
  } catch (error) {
    if (!isFileError(error)) throw error;
  }
}

/** Names of `*.dist-info` folders in an environment. */
export function installedIn(folder: string): readonly string[] {
  const library = join(folder, 'venv', 'lib');
  return listFolder(library)
    .filter((name) => /^(?:python|pypy)\d/.test(name))
    .flatMap((name) => listFolder(join(library, name, 'site-packages')))
    .filter((name) => name.endsWith('.dist-info'))
    .sort();
}

/** The interpreter of an environment. */
export function executableIn(folder: string): string {
  return join(folder, 'venv', 'bin', 'python');
}

/**
 * Lets one process at a time build the environment of a key. It only saves work: each builds in a folder of its own.
 * @returns what ends the right to build; undefined when the wait was aborted
 */
export async function waitForTurn(base: string, key: string, signal?: AbortSignal): Promise<(() => void) | undefined> {
  const lock = join(base, `${key}.building`);
  for (let waits = 0; signal?.aborted !== true; waits++) {
    mkdirSync(lock, { recursive: true, mode: 0o700 });
    if (claim(lock)) {
      return () => {
        rmSync(lock, { recursive: true, force: true });
      };
    }
    const owner = ownershipOf(lock);
    // Whether one elsewhere is alive cannot be told, so nobody waits for it for ever.
    if (owner === 'dead' || (owner === 'unknown' && waits > 600)) setAside(lock);
    else await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}

/** Of several that do so at once, one has the folder. */
function setAside(lock: string): void {
  const aside = `${lock}-${randomBytes(6).toString('hex')}`;
  try {
    renameSync(lock, aside);
    rmSync(aside, { recursive: true, force: true });
  } catch (error) {
    if (!isFileError(error)) throw error;
  }
}

/** Removes what killed processes left; with `most`, also all but so many environments, those that were used last. Gives the removed folders' paths. */
export function findSuperfluous(base: string, most: number = Infinity): readonly string[] {
  const names = listFolder(base);
  const notes = names.filter((name) => name.endsWith('.json')).map((name) => join(base, name));
  const newest = [...notes].sort((left, right) => timeOf(right) - timeOf(left));
  const surplus = newest.slice(most === Infinity ? newest.length : most);
  const kept = new Set(newest.filter((note) => !surplus.includes(note)).map((note) => folderOf(note)));
  const folders = names
    .filter((name) => /^[0-9a-f]{32}-[0-9a-f]{12}$/.test(name) && !kept.has(name))
    .map((name) => join(base, name))
    .filter((folder) => ['none', 'dead'].includes(ownershipOf(folder)));
  return [...surplus, ...folders];
}

function folderOf(note: string): string {
  const read = readDocument(note);
  return isNote(read) ? read.folder : '';
}

function noteOf(base: string, key: string): string {
  return join(base, `${key}.json`);
}

function isNote(value: unknown): value is Note {
  return typeof value === 'object' && value !== null && 'folder' in value && 'installed' in value;
}

function timeOf(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch (error) {
    if (isFileError(error)) return 0;
    throw error;
  }
}

function isThere(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch (error) {
    if (isFileError(error)) return false;
    throw error;
  }
}
