import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { isFileError, writeAtomically } from './store/local.ts';

/** As the worker writes it. */
const journalName = 'effects.jsonl';

/** One effect as the worker's journal has it, written before it was done. */
type Effect =
  | { readonly was: 'missing'; readonly path: string }
  | { readonly was: 'kept'; readonly path: string; readonly copy: string }
  | { readonly was: 'link'; readonly path: string; readonly to: string }
  | { readonly was: 'lasting'; readonly what: string };

/**
 * Puts back every file that this run's cells changed, newest first, so that the cells can be run again from the start.
 * @returns what cannot be undone; nothing was put back unless this is empty
 */
export function undoEffects(folder: string): readonly string[] {
  const effects = readJournal(folder);
  const lasting = effects.flatMap((effect) => (effect.was === 'lasting' ? [effect.what] : []));
  if (lasting.length > 0) return lasting;
  for (const effect of effects.reverse()) putBack(effect);
  rmSync(folder, { recursive: true, force: true });
  return [];
}

/** How many effects this run's cells have had so far. */
export function journalLength(folder: string): number {
  return readJournal(folder).length;
}

/** What cannot be undone of the effects after the first `mark`. */
export function lastingSince(folder: string, mark: number): readonly string[] {
  return readJournal(folder)
    .slice(mark)
    .flatMap((effect) => (effect.was === 'lasting' ? [effect.what] : []));
}

/** Puts back what the effects after the first `mark` have changed, newest first, and strikes them out. None of them may be lasting. */
export function undoSince(folder: string, mark: number): void {
  const effects = readJournal(folder);
  if (effects.length <= mark) return;
  for (const effect of effects.slice(mark).reverse()) putBack(effect);
  const lines = effects.slice(0, mark).map((effect) => `${JSON.stringify(effect)}\n`);
  writeAtomically(join(folder, journalName), lines.join(''));
}

/** True when everything that this run did to the outside so far can be undone. */
export function canUndo(folder: string): boolean {
  return readJournal(folder).every((effect) => effect.was !== 'lasting');
}

/** Files that this run's cells changed, each with the copy of what it was before. */
export function keptCopies(folder: string): ReadonlyMap<string, string> {
  return new Map(readJournal(folder).flatMap((effect) => (effect.was === 'kept' ? [[effect.path, effect.copy]] : [])));
}

function putBack(effect: Effect): void {
  if (effect.was === 'lasting') return;
  const { path } = effect;
  if (effect.was === 'kept' && hasOtherNames(path)) copyInPlace(effect.copy, path);
  else if (effect.was === 'kept') replace(effect.copy, path);
  else rmSync(path, { recursive: true, force: true });
  if (effect.was === 'link') symlinkSync(effect.to, path);
}

/** True for a file with hard links: under its other names as well it gets its old content again. */
function hasOtherNames(path: string): boolean {
  try {
    const found = lstatSync(path);
    return found.isFile() && found.nlink > 1;
  } catch (error) {
    if (isFileError(error)) return false;
    throw error;
  }
}

function copyInPlace(copy: string, path: string): void {
  copyFileSync(copy, path);
  const { atime, mtime, mode } = statSync(copy);
  chmodSync(path, mode);
  utimesSync(path, atime, mtime);
}

/** Whole before the other goes: a kill in between loses nothing. */
function replace(copy: string, path: string): void {
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  cpSync(copy, beside, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  const { atime, mtime } = statSync(copy);
  utimesSync(beside, atime, mtime);
  if (statSync(copy).isDirectory() || isFolder(path)) rmSync(path, { recursive: true, force: true });
  renameSync(beside, path);
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function readJournal(folder: string): Effect[] {
  try {
    const lines = readFileSync(join(folder, journalName), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Effect);
  } catch (error) {
    if (isFileError(error)) return [];
    throw error;
  }
}
