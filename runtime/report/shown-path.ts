import { isAbsolute, relative, sep } from 'node:path';

/** A path from the folder that the cells ran in, where it is not far from there. */
export function pathFrom(folder: string, path: string): string {
  if (folder === '' || !isAbsolute(path)) return path;
  const near = relative(folder, path);
  return near === '' || near.startsWith(`..${sep}..`) || isAbsolute(near) ? path : near;
}
