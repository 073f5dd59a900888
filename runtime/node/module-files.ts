import { join } from 'node:path';
import { foldersUp } from '../folders-up.ts';
import { cacheOfDeno } from '../javascript/deno-cache.ts';
import { markOf } from '../marks.ts';
import type { FileRead } from '../process/protocol.ts';

/** What tells which version of a package an import found: it is compared as any file that a cell reads. */
export function filesOfModule(
  specifier: string,
  { cwd, environment }: { readonly cwd: string; readonly environment: Readonly<Record<string, string>> },
): readonly FileRead[] {
  const [, name] = /^npm:\/?((?:@[^/@]+\/)?[^/@]+)/.exec(specifier) ?? [];
  if (name !== undefined) return [read(join(cacheOfDeno(environment), 'npm', 'registry.npmjs.org', name), 'listing')];
  if (/^(?:[a-z]+:|\.{0,2}\/)/.test(specifier)) return [];
  const [bare] = /^(?:@[^/]+\/)?[^/]+/.exec(specifier) ?? [specifier];
  // The first that is found counts, and so does that there is none before it.
  const places = foldersUp(cwd).map((folder) => join(folder, 'node_modules', bare, 'package.json'));
  const found = places.findIndex((place) => markOf(place, 'content') !== 'missing');
  return places.slice(0, found < 0 ? 0 : found + 1).map((place) => read(place, 'content'));
}

function read(path: string, kind: FileRead['kind']): FileRead {
  return { path, kind, signature: markOf(path, kind) };
}
