import type { Lock, LockedFile, LockedPackage } from './lock.ts';
import { tomlText } from './toml.ts';

type Pairs = readonly (readonly [string, string | undefined])[];

/** The text of a `pylock.toml`: the same lock is the same bytes, with keys in the order of PEP 751 and packages by name. */
export function writeLock(lock: Lock): string {
  const head = lines([
    ['lock-version', tomlText('1.0')],
    ['environments', lock.environments.length === 0 ? undefined : listOf(lock.environments)],
    ['requires-python', lock.requiresPython === undefined ? undefined : tomlText(lock.requiresPython)],
    ['created-by', tomlText(lock.createdBy)],
  ]);
  const packages = [...lock.packages].sort((left, right) => (left.name < right.name ? -1 : 1)).map(packageText);
  const own =
    lock.own === undefined
      ? []
      : [
          `[tool.cellwright]\n${lines([
            ['notebook', tomlText(lock.own.notebook)],
            ['python', tomlText(lock.own.python)],
            ['imported', listOf(lock.own.imported)],
            ['asked', lock.own.asked.length === 0 ? undefined : listOf(lock.own.asked)],
          ])}`,
        ];
  // Even when it is empty, the list must be there.
  const all = packages.length === 0 ? [`${head}packages = []\n`] : [head, ...packages];
  return [...all, ...own].join('\n');
}

function packageText(found: LockedPackage): string {
  const { version, marker, requiresPython, directory, vcs, archive, sdist } = found;
  return `[[packages]]\n${lines([
    ['name', tomlText(found.name)],
    ['version', version === undefined ? undefined : tomlText(version)],
    ['marker', marker === undefined ? undefined : tomlText(marker)],
    ['requires-python', requiresPython === undefined ? undefined : tomlText(requiresPython)],
    [
      'dependencies',
      found.needs.length === 0 ? undefined : inLines(found.needs.map((name) => inline([['name', tomlText(name)]]))),
    ],
    ['vcs', vcs === undefined ? undefined : inline(revisionPairs(vcs))],
    ['directory', directory === undefined ? undefined : inline(directoryPairs(directory))],
    ['archive', archive === undefined ? undefined : fileText(archive)],
    ['sdist', sdist === undefined ? undefined : fileText(sdist)],
    ['wheels', found.wheels.length === 0 ? undefined : inLines(found.wheels.map(fileText))],
  ])}`;
}

function revisionPairs({
  type,
  url,
  requestedRevision,
  commit,
  subdirectory,
}: NonNullable<LockedPackage['vcs']>): Pairs {
  return [
    ['type', tomlText(type)],
    ['url', tomlText(url)],
    ['requested-revision', requestedRevision === undefined ? undefined : tomlText(requestedRevision)],
    ['commit-id', tomlText(commit)],
    ['subdirectory', subdirectory === undefined ? undefined : tomlText(subdirectory)],
  ];
}

function directoryPairs({ path, editable }: NonNullable<LockedPackage['directory']>): Pairs {
  return [
    ['path', tomlText(path)],
    ['editable', editable ? 'true' : undefined],
  ];
}

function fileText({ url, path, size, hashes }: LockedFile): string {
  const sums = Object.entries(hashes).sort(([left], [right]) => (left < right ? -1 : 1));
  return inline([
    ['url', url === undefined ? undefined : tomlText(url)],
    ['path', path === undefined ? undefined : tomlText(path)],
    ['size', size === undefined ? undefined : String(size)],
    ['hashes', inline(sums.map(([kind, hash]) => [kind, tomlText(hash)]))],
  ]);
}

function present(pairs: Pairs): readonly string[] {
  return pairs.flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${value}`]));
}

function lines(pairs: Pairs): string {
  return `${present(pairs).join('\n')}\n`;
}

function inline(pairs: Pairs): string {
  return `{ ${present(pairs).join(', ')} }`;
}

function listOf(texts: readonly string[]): string {
  return `[${texts.map(tomlText).join(', ')}]`;
}

function inLines(items: readonly string[]): string {
  return `[\n${items.map((item) => `  ${item},\n`).join('')}]`;
}
