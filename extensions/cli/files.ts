import { accessSync, constants, readFileSync, realpathSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import { fileProblem, type Host, type Outcome } from './host.ts';

/** True for errors of the file system, which are expected. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

/** One sentence for an error of the file system. */
export function describeFileError(error: NodeJS.ErrnoException): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission is denied',
    EPERM: 'permission is denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is no folder',
    EROFS: 'the disk is read-only',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    ENAMETOOLONG: 'its name is too long',
    ELOOP: 'its symbolic links go round in a circle',
    EMFILE: 'too many files are open',
    ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
  };
  return known[error.code ?? ''] ?? error.message;
}

/** What a path is; undefined when nothing can be there. Other errors of the file system are thrown. */
export function statOf(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch (error) {
    if (isFileError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** True when something has that name, though perhaps it cannot be read. */
export function isThere(file: string): boolean {
  try {
    return statOf(file) !== undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return true;
  }
}

/** True for a pipe or a device, which can be read once. */
export function isPipe(file: string): boolean {
  const found = statOf(file);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** True for a folder; false when it cannot be told. */
export function isFolder(file: string): boolean {
  try {
    return statOf(file)?.isDirectory() ?? false;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return false;
  }
}

/** True when a program may have the folder as its current one. */
export function mayEnter(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    return true;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return false;
  }
}

/** True when both paths lead to one file that exists. */
export function isSameFile(left: string, right: string): boolean {
  try {
    return left === right || realpathSync(left) === realpathSync(right);
  } catch (error) {
    if (!isFileError(error)) throw error;
    return false;
  }
}

/** A path as people want to read it: from the current folder when it is inside of it. */
export function shownPath(host: Pick<Host, 'cwd'>, file: string): string {
  const relative = path.relative(host.cwd, file);
  return relative === '' || relative.startsWith('..') ? file : relative;
}

/** Reads a file that a person named. */
export function readNamedFile(host: Host, name: string, shown: string = name): Outcome<Uint8Array> {
  try {
    return { ok: true, value: readFileSync(path.resolve(host.cwd, name)) };
  } catch (error) {
    const problem = cannotRead(shown, error);
    if (problem === undefined) throw error;
    return { ok: false, result: fileProblem(problem, 'Check the path.') };
  }
}

/** The sentence for a file that cannot be read; undefined when the error is another one. */
function cannotRead(shown: string, error: unknown): string | undefined {
  if (isFileError(error)) return `${shown} cannot be read: ${describeFileError(error)}.`;
  // Node gives this one no system call.
  const isTooLarge = error instanceof RangeError && 'code' in error && error.code === 'ERR_FS_FILE_TOO_LARGE';
  return isTooLarge ? `${shown} cannot be read: it is larger than 2 GiB.` : undefined;
}

/** Bytes as text, or undefined when they are not UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
