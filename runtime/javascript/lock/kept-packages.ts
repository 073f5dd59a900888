import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../../../compiler/bundle/follow-schema.ts';
import { listFolder } from '../../list-folder.ts';
import type { LockedModule } from '../../languages/module-locks.ts';
import { readDocument } from '../../store/local.ts';

const list = 'registry.json';
/** Addresses of registries have paths of a few parts. */
const deepest = 5;

/**
 * The folders in which Deno keeps the packages of each registry of npm that it has used: named after the address of the registry, which may
 * have a path.
 * @param cache Deno's own folder
 */
export function registryFolders(cache: string): readonly string[] {
  const found: string[] = [];
  const search = (folder: string, depth: number): void => {
    const names = listFolder(folder);
    if (names.some((name) => isPackage(folder, name))) found.push(folder);
    else if (depth < deepest) for (const name of names) search(join(folder, name), depth + 1);
  };
  search(join(cache, 'npm'), 0);
  return found;
}

function isPackage(folder: string, name: string): boolean {
  if (existsSync(join(folder, name, list))) return true;
  return (
    name.startsWith('@') && listFolder(join(folder, name)).some((inner) => existsSync(join(folder, name, inner, list)))
  );
}

/**
 * Packages of npm that are kept with another digest than the lock has for them. Deno compares digests when it fetches a package and never again,
 * so a lock that was changed afterwards would go unnoticed.
 */
export function keptOtherwise(
  cache: string,
  modules: readonly LockedModule[],
): readonly (LockedModule & { readonly kept: string })[] {
  const wanted = modules.filter(({ name, integrity }) => name.startsWith('npm:') && integrity !== '');
  if (wanted.length === 0) return [];
  const folders = registryFolders(cache);
  return wanted.flatMap((module) => {
    const plain = module.name.slice('npm:'.length);
    const digests = folders.flatMap((folder) => keptDigest(join(folder, plain), module.version) ?? []);
    const [kept] = digests;
    return kept === undefined || digests.includes(module.integrity) ? [] : [{ ...module, kept }];
  });
}

/** The digest that the registry gave for a version that is here. */
function keptDigest(folder: string, version: string): string | undefined {
  const file = join(folder, list);
  if (!existsSync(join(folder, version))) return undefined;
  const parsed = readDocument(file);
  const versions = isObject(parsed) ? parsed['versions'] : undefined;
  const entry = isObject(versions) ? versions[version] : undefined;
  const dist = isObject(entry) ? entry['dist'] : undefined;
  const integrity = isObject(dist) ? dist['integrity'] : undefined;
  return typeof integrity === 'string' ? integrity : undefined;
}
