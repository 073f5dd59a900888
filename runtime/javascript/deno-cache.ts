import { join, resolve } from 'node:path';
import type { Variables } from '../variables.ts';

/** The folder in which Deno keeps modules and what it knows of them. @param cwd the folder that it is started in */
export function cacheOfDeno({ DENO_DIR: named, XDG_CACHE_HOME: caches, HOME: home }: Variables, cwd: string): string {
  if (named !== undefined && named !== '') return resolve(cwd, named);
  return join(caches !== undefined && caches !== '' ? caches : join(home ?? '', '.cache'), 'deno');
}
