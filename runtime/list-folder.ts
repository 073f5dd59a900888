import { readdirSync } from 'node:fs';
import { isFileError } from './store/local.ts';

/** The names in a folder; none when it cannot be read. */
export function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isFileError(error)) return [];
    throw error;
  }
}
