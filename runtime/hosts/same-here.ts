import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { markOf, stillSame } from '../marks.ts';
import type { FileRead, ImportGrounds } from '../process/protocol.ts';
import { hashFile } from '../store/digests.ts';
import { isFileError } from '../store/local.ts';

/**
 * What was asked of a path on another machine, with the answer that it has here: the same content has another inode and other times.
 * Undefined when the answer is another one.
 */
export function asAskedHere({ path, kind, signature, digest = '' }: FileRead): FileRead | undefined {
  const read = { path, kind, signature };
  if (stillSame(read)) return read;
  if (kind !== 'content' || digest === '') return undefined;
  const before = markOf(path, kind);
  const isSame = hashFile(path) === digest && markOf(path, kind) === before;
  return isSame ? { ...read, signature: before } : undefined;
}

const importable = /(?:\.(?:py|pyc|so|pyd|dist-info|egg-info|egg)|^[^.]*)$/;

/** What makes imports on another machine rest on something else than they would here; undefined: nothing. */
export function differentGround({ marks, names, wanted }: ImportGrounds): string | undefined {
  const mark = marks.find(([path, kind, signature, digest]) => {
    if (asAskedHere({ path, kind, signature, digest }) !== undefined) return false;
    return !isTimed(kind) || withoutTimes(markOf(path, kind)) !== withoutTimes(signature);
  });
  if (mark !== undefined) return mark[0];
  const looked = new Set(wanted);
  for (const [folder, there] of Object.entries(names)) {
    const here = importableIn(folder);
    const other = [...there, ...here].find(
      (name) => there.includes(name) !== here.includes(name) && counts(name, looked),
    );
    if (other !== undefined) return join(folder, other);
  }
  return undefined;
}

/** True for a distribution, and for what could be a module that was looked for. */
function counts(name: string, looked: ReadonlySet<string>): boolean {
  return name.endsWith('-info') || name.endsWith('.egg') || looked.has(name.split('.')[0] ?? '');
}

function isTimed(kind: FileRead['kind']): boolean {
  return kind === 'stat' || kind === 'lstat' || kind === 'access';
}

/** Nobody imports by the inode of a file: its kind, and its size. */
function withoutTimes(mark: string): string {
  const [kind = '', size = ''] = mark.split(':');
  return kind === 'file' ? `${kind}:${size}` : kind;
}

function importableIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => importable.test(name))
      .sort();
  } catch (error) {
    if (isFileError(error)) return [];
    throw error;
  }
}
