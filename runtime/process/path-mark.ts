import { statSync } from 'node:fs';
import { isFileError } from '../store/local.ts';

/** Size and time of what is at a path; `missing` when nothing is. */
export function markOf(path: string): string {
  try {
    const { size, mtimeNs } = statSync(path, { bigint: true });
    return `${size}:${mtimeNs}`;
  } catch (error) {
    if (isFileError(error)) return 'missing';
    throw error;
  }
}
