import { join, relative } from 'node:path';
import { isObject } from '../../../compiler/bundle/follow-schema.ts';
import type { LockedModule } from '../../languages/module-locks.ts';
import { addressAtJsr, keptAddress } from '../../node/kept-modules.ts';
import { readDocument, readOrNothing, writeAtomically } from '../../store/local.ts';
import type { Variables } from '../../variables.ts';
import { registryFolders } from './kept-packages.ts';
import { linkFolder } from './link-folder.ts';
import { parseJson } from './parse-json.ts';

/**
 * Makes a folder like the one in which Deno keeps modules, with no other version of a package than those of a lock: for a Deno that takes no lock.
 * It chooses among the versions that it knows of, so it has no choice. Files are linked where that is possible.
 * @param cache the folder that Deno has
 * @param target that is not there yet
 */
export function makeLockedCache(
  cache: string,
  target: string,
  { modules, variables }: { readonly modules: readonly LockedModule[]; readonly variables: Variables },
): void {
  const versions = versionsByName(modules);
  for (const registry of registryFolders(cache))
    for (const [name, locked] of versions) {
      if (!name.startsWith('npm:')) continue;
      const folder = join(registry, name.slice('npm:'.length));
      const known = readDocument(join(folder, 'registry.json'));
      if (!isObject(known)) continue;
      const own = join(target, relative(cache, folder));
      for (const version of locked) linkFolder(join(folder, version), join(own, version));
      writeAtomically(join(own, 'registry.json'), JSON.stringify(withVersions(known, locked)));
    }
  linkFolder(join(cache, 'remote'), join(target, 'remote'));
  for (const [name, locked] of versions) if (name.startsWith('jsr:')) narrow(target, { name, locked, variables });
}

function versionsByName(modules: readonly LockedModule[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { name, version } of modules) found.set(name, (found.get(name) ?? new Set()).add(version));
  return found;
}

/** What a registry says of a package, as though it had these versions alone. */
function withVersions(
  known: Readonly<Record<string, unknown>>,
  locked: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  const { versions, 'dist-tags': tags, latest, ...rest } = known;
  const kept = Object.entries(isObject(versions) ? versions : {}).filter(([version]) => locked.has(version));
  const newest = kept.at(-1)?.[0];
  const still = Object.entries(isObject(tags) ? tags : {}).filter(([, version]) => locked.has(String(version)));
  return {
    ...rest,
    versions: Object.fromEntries(kept),
    ...(tags !== undefined && { 'dist-tags': { latest: newest, ...Object.fromEntries(still) } }),
    ...(typeof latest === 'string' && { latest: locked.has(latest) ? latest : newest }),
  };
}

/** JSR's list of versions stands in a file with a line of Deno behind it. */
function narrow(
  target: string,
  {
    name,
    locked,
    variables,
  }: { readonly name: string; readonly locked: ReadonlySet<string>; readonly variables: Variables },
): void {
  const file = keptAddress(target, addressAtJsr(variables, `${name.slice('jsr:'.length)}/meta.json`));
  const text = readOrNothing(file) ?? '';
  const [line = ''] = /\n\/\/ denoCacheMetadata=.*$/s.exec(text) ?? [];
  const known = parseJson(text.slice(0, text.length - line.length));
  // Not written into the file itself, which may be another name of Deno's own.
  if (isObject(known)) writeAtomically(file, `${JSON.stringify(withVersions(known, locked))}${line}`);
}
