import type { Lock, LockedFile, LockedPackage } from './lock.ts';

/** A lock in the words of `requirements.txt`, which every installer reads through the index that it is set up with. */
export interface RequirementLines {
  /** Each with the hashes of the files that it may be installed from. */
  readonly hashed: readonly string[];
  /** Folders and revisions, which have no hash. */
  readonly direct: readonly string[];
}

// Those that installers accept.
const algorithms = new Set(['sha256', 'sha384', 'sha512']);

/** @param absolute makes an address of a path that stands in the lock */
export function requirementLines(lock: Lock, absolute: (path: string) => string): RequirementLines {
  const places = lock.environments.map((marker) => `(${marker})`).join(' or ');
  const hashed: string[] = [];
  const direct: string[] = [];
  for (const found of lock.packages) {
    const markers = [places, found.marker ?? ''].filter((marker) => marker !== '').map((marker) => `(${marker})`);
    const when = markers.length === 0 ? '' : ` ; ${markers.join(' and ')}`;
    const { directory, vcs, archive } = found;
    if (directory !== undefined) {
      direct.push(`${directory.editable ? '-e ' : ''}${found.name} @ ${absolute(directory.path)}${when}`);
    } else if (vcs !== undefined) {
      const below = vcs.subdirectory === undefined ? '' : `#subdirectory=${vcs.subdirectory}`;
      direct.push(`${found.name} @ ${vcs.type}+${vcs.url}@${vcs.commit}${below}${when}`);
    } else if (archive !== undefined) {
      hashed.push(`${found.name} @ ${archive.url ?? absolute(archive.path ?? '')}${when}${hashesOf([archive])}`);
    } else {
      const files = [...(found.sdist === undefined ? [] : [found.sdist]), ...found.wheels];
      hashed.push(`${found.name}==${versionOf(found)}${when}${hashesOf(files)}`);
    }
  }
  return { hashed: hashed.sort(), direct: direct.sort() };
}

function versionOf({ version }: LockedPackage): string {
  return version ?? '';
}

function hashesOf(files: readonly LockedFile[]): string {
  const all = files.flatMap(({ hashes }) =>
    Object.entries(hashes).flatMap(([kind, hash]) => (algorithms.has(kind) ? [`${kind}:${hash}`] : [])),
  );
  return [...new Set(all)]
    .sort()
    .map((hash) => ` --hash=${hash}`)
    .join('');
}
