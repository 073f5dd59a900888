import { cpSync, readFileSync, rmSync, utimesSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isFileError } from './store/local.ts';

/** One effect as the worker's journal has it, written before it was done. */
type Effect =
  | { readonly was: 'missing'; readonly path: string }
  | { readonly was: 'kept'; readonly path: string; readonly copy: string }
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

/** True when everything that this run did to the outside so far can be undone. */
export function canUndo(folder: string): boolean {
  return readJournal(folder).every((effect) => effect.was !== 'lasting');
}

function putBack(effect: Effect): void {
  if (effect.was === 'lasting') return;
  rmSync(effect.path, { recursive: true, force: true });
  if (effect.was === 'missing') return;
  cpSync(effect.copy, effect.path, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  const { atime, mtime } = statSync(effect.copy);
  utimesSync(effect.path, atime, mtime);
}

function readJournal(folder: string): Effect[] {
  try {
    const lines = readFileSync(join(folder, 'effects.jsonl'), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Effect);
  } catch (error) {
    if (isFileError(error)) return [];
    throw error;
  }
}
