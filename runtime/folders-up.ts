import { dirname } from 'node:path';

/** A folder and those above it, from the inside out. */
export function foldersUp(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersUp(above)];
}
