import { readdirSync, statSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { stillSame } from '../marks.ts';
import type { AttemptResult, FileRead } from '../process/protocol.ts';
import { hashFile } from '../store/digests.ts';
import { isFileError } from '../store/local.ts';
import type { Digest } from '../../compiler/bundle/format.ts';
import type { RecordedFile } from './format.ts';
import type { PlaceWords } from './places.ts';
import { digestOfText } from './read.ts';

/** What the cells of a run looked at: all of it once, and by cell. */
export interface FilesRead {
  readonly files: readonly RecordedFile[];
  /** Paths as they are in `files`, for each result in its order. */
  readonly byCell: readonly (readonly string[])[];
}

/**
 * The files that the cells read, as they are now. Left out is what the notebook itself writes, since its code makes it, and caches,
 * which every machine makes for itself. What is not there is left out too, so that what is there later is a file more.
 */
export function recordFiles(
  results: readonly (AttemptResult | undefined)[],
  words: PlaceWords,
  caches: readonly string[],
): FilesRead {
  const isCached = (path: string): boolean => caches.some((folder) => path.startsWith(`${folder}${sep}`));
  const written = new Set(results.flatMap((result) => result?.filesWritten ?? []));
  const facts = new Map<string, RecordedFile>();
  const byCell = results.map((result) => {
    const own = new Set<string>();
    for (const file of result?.filesRead ?? []) {
      if (file.signature === 'missing' || file.kind === 'link' || written.has(file.path) || isCached(file.path))
        continue;
      const fact = { path: words.pathOf(file.path), ...describe(file, written) };
      if (!isTelling(fact)) continue;
      own.add(fact.path);
      facts.set(file.path, { ...facts.get(file.path), ...fact });
    }
    return [...own].sort();
  });
  const key = (file: RecordedFile): string => `${file.path} ${file.sha256 ?? ''}`;
  const files = [...facts.values()].sort((left, right) => (key(left) < key(right) ? -1 : 1));
  return { files, byCell };
}

/** Beyond the notebook's surroundings only contents count: which folders there are belongs to the machine. */
function isTelling({ path, sha256, names }: RecordedFile): boolean {
  if (path.startsWith('{home}/.cache/')) return false;
  if (sha256 !== undefined) return true;
  const isInside = !path.startsWith('{') && path !== '.' && !path.startsWith('..');
  return isInside || (names !== undefined && !path.startsWith('{'));
}

function describe(file: FileRead, written: ReadonlySet<string>): Omit<RecordedFile, 'path'> {
  try {
    if (file.kind === 'content') return describeContent(file);
    const hasOwn = [...written].some((path) => dirname(path) === file.path);
    if ((file.kind !== 'listing' && file.kind !== 'entries') || hasOwn) return {};
    return { names: digestOfText(readdirSync(file.path).sort().join('\n')) };
  } catch (error) {
    if (isFileError(error)) return {};
    throw error;
  }
}

/** Of a file that changed while the cells ran nobody can say which content they saw. */
function describeContent(file: FileRead): Omit<RecordedFile, 'path'> {
  if (file.signature === 'dir' || !stillSame(file)) return {};
  return { size: statSync(file.path).size, sha256: hashFile(file.path) as Digest };
}
