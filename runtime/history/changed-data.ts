import { existsSync } from 'node:fs';
import { hashFile, loadDigests, saveDigests } from '../store/digests.ts';
import { openLocalStore } from '../store/local.ts';
import type { RecordedFile } from './observation.ts';

/** What became of a recorded file: `unknown` when it was gone as its cell ended. */
export type Since = 'same' | 'changed' | 'gone' | 'unknown';

/** Compares recorded files with what is there now, by content. Digests that the state keeps are used, and new ones kept. */
export function compareWithNow(state: string, files: readonly RecordedFile[]): readonly Since[] {
  const store = openLocalStore(state);
  loadDigests(store);
  const found = files.map(({ path, digest }): Since => {
    if (digest === 'missing') return 'unknown';
    if (!existsSync(path)) return 'gone';
    return hashFile(path) === digest ? 'same' : 'changed';
  });
  saveDigests(store);
  return found;
}
