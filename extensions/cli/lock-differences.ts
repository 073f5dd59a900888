import path from 'node:path';
import type { Lock, LockedPackage } from '../../compiler/index.ts';
import type { Requirements } from '../../runtime/index.ts';

/** Something in which a lock and an environment are not the same; `null` where only the other has it. */
export interface LockDifference {
  /** A package, `Python` or `platform`. */
  readonly name: string;
  readonly locked: string | null;
  readonly installed: string | null;
}

type Distribution = Requirements['packages'][number];

/** Compares what a notebook needs here with what its lock says, by name. @param folder the lock's own */
export function compareLock(lock: Lock, requirements: Requirements, folder: string): readonly LockDifference[] {
  const locked = new Map(lock.packages.map((found) => [found.name, found]));
  const needed = new Map(requirements.packages.map((found) => [found.name, found]));
  const found: LockDifference[] = [];
  const add = (name: string, before: string | null, now: string | null): void => {
    if (before !== now) found.push({ name, locked: before, installed: now });
  };
  if (lock.own !== undefined) add('Python', lock.own.python, requirements.python.version);
  const { system, machine } = requirements.platform;
  const places = lock.own === undefined ? [] : lock.environments;
  if (places.some((marker) => !marker.includes(`'${system}'`) || !marker.includes(`'${machine}'`))) {
    add('platform', places.join(' or '), `${system} ${machine}`);
  }
  for (const name of [...new Set([...locked.keys(), ...needed.keys()])].sort()) {
    const before = locked.get(name);
    const now = needed.get(name);
    add(
      name,
      before === undefined ? null : describeLocked(before, folder),
      now === undefined ? null : describeInstalled(now),
    );
  }
  return found;
}

function describeLocked({ version = '', directory, vcs, archive }: LockedPackage, folder: string): string {
  if (directory !== undefined) return `from ${path.resolve(folder, directory.path)}`;
  if (vcs !== undefined) return `${version} at ${vcs.commit}`;
  return archive === undefined ? version : `${version} from an archive ${digestOf(archive.hashes)}`;
}

function describeInstalled({ version, source }: Distribution): string {
  switch (source.kind) {
    case 'directory':
      return `from ${source.folder}`;
    case 'vcs':
      return `${version} at ${source.commit}`;
    case 'archive':
      return `${version} from an archive ${digestOf(source.hashes)}`;
    case 'index':
    case 'unknown':
      return version;
  }
}

function digestOf(hashes: Readonly<Record<string, string>>): string {
  return hashes['sha256']?.slice(0, 12) ?? '';
}
