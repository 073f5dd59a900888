import path from 'node:path';
import type { Diagnostic, Result } from '../../compiler/bundle/diagnostic.ts';
import { canonicalAddress, type Lock, type LockedFile, type LockedPackage } from '../../compiler/index.ts';
import type { Requirements } from '../../runtime/index.ts';

type Distribution = Requirements['packages'][number];

/** What a lock is put together from. */
export interface LockParts {
  readonly requirements: Requirements;
  /** What the index has of the packages that came from it. */
  readonly index: Lock;
  /** Base name of the notebook. */
  readonly notebook: string;
  /** The lock's folder: paths in it are relative to it. */
  readonly folder: string;
  readonly asked: readonly string[];
}

/** True for what the index has to know. */
export function isFromIndex({ source }: Distribution): boolean {
  return source.kind === 'index';
}

/** Puts a lock together; refuses when the files of a package cannot be told. */
export function assembleLock({ requirements, index, notebook, folder, asked }: LockParts): Result<Lock> {
  const known = new Map(index.packages.map((found) => [found.name, found]));
  const problems: Diagnostic[] = [];
  const packages = requirements.packages.flatMap((wanted) => {
    const source = sourceOf(wanted, known.get(wanted.name), folder);
    if (source === undefined) problems.push(withoutSource(wanted));
    return source === undefined ? [] : [{ ...headOf(wanted), ...source }];
  });
  if (problems.length > 0) return { ok: false, error: problems };
  const { python, platform } = requirements;
  const minor = python.version.split('.').slice(0, 2).join('.');
  const marker = [
    `implementation_name == '${python.implementation}'`,
    `platform_machine == '${platform.machine}'`,
    `sys_platform == '${platform.system}'`,
  ].join(' and ');
  return {
    ok: true,
    value: {
      environments: [marker],
      requiresPython: `==${minor}.*`,
      createdBy: 'cellwright',
      packages,
      own: { notebook, python: python.version, imported: requirements.imported, asked },
    },
  };
}

/** A folder can hold another version by the time that it is installed. */
function headOf({ name, version, requiresPython, needs, source }: Distribution): Omit<LockedPackage, 'wheels'> {
  const fixed = source.kind === 'directory' ? {} : { version };
  return { name, ...fixed, ...(requiresPython === '' ? {} : { requiresPython }), needs };
}

type Source = Pick<LockedPackage, 'directory' | 'vcs' | 'archive' | 'sdist' | 'wheels'>;

function sourceOf({ source }: Distribution, indexed: LockedPackage | undefined, folder: string): Source | undefined {
  switch (source.kind) {
    case 'index':
      if (indexed === undefined) return undefined;
      return {
        ...(indexed.sdist === undefined ? {} : { sdist: canonicalFile(indexed.sdist) }),
        wheels: indexed.wheels.map(canonicalFile),
      };
    case 'directory':
      return { directory: { path: relative(folder, source.folder), editable: source.editable }, wheels: [] };
    case 'vcs': {
      const { type, url, commit, revision, subdirectory } = source;
      const requested = revision === '' ? {} : { requestedRevision: revision };
      const below = subdirectory === '' ? {} : { subdirectory };
      return commit === '' ? undefined : { vcs: { type, url, ...requested, commit, ...below }, wheels: [] };
    }
    case 'archive': {
      const { url, file, hashes } = source;
      if (Object.keys(hashes).length === 0) return undefined;
      const place = url === undefined ? { path: relative(folder, file ?? '') } : { url: canonicalAddress(url) };
      return { archive: { ...place, hashes }, wheels: [] };
    }
    case 'unknown':
      return undefined;
  }
}

function canonicalFile(file: LockedFile): LockedFile {
  return file.url === undefined ? file : { ...file, url: canonicalAddress(file.url) };
}

/** A lock that names no mirror. */
export function canonicalLock(lock: Lock): Lock {
  const packages = lock.packages.map((found) => ({
    ...found,
    ...(found.sdist === undefined ? {} : { sdist: canonicalFile(found.sdist) }),
    ...(found.archive === undefined ? {} : { archive: canonicalFile(found.archive) }),
    wheels: found.wheels.map(canonicalFile),
  }));
  return { ...lock, packages };
}

/** With slashes, as a lock has it. */
function relative(folder: string, file: string): string {
  const found = path.relative(folder, file).split(path.sep).join('/');
  return found === '' ? '.' : found;
}

function withoutSource({ name, version, source }: Distribution): Diagnostic {
  const whence = source.kind === 'archive' ? 'a file that is no longer there' : 'a place that it does not tell';
  return {
    code: 'CW705',
    severity: 'error',
    message: `${name} ${version} was installed from ${whence}, so nobody can install the same again.`,
    help: 'Install it from the index, from version control or from a folder.',
    related: [],
  };
}
