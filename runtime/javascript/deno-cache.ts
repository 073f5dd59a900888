import { join } from 'node:path';
import type { Variables } from '../variables.ts';

/** The folder in which Deno keeps modules and what it knows of them. */
export function cacheOfDeno({ DENO_DIR: named, XDG_CACHE_HOME: caches, HOME: home }: Variables): string {
  if (named !== undefined && named !== '') return named;
  return join(caches !== undefined && caches !== '' ? caches : join(home ?? '', '.cache'), 'deno');
}
