import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** A folder that keeps objects by digest, and small JSON documents beside them. Writes are atomic. */
export interface LocalStore {
  readonly root: string;
  /** Where workers put objects. */
  readonly objects: string;
  has(digest: string): boolean;
  /** A JSON document, or undefined when it is missing or damaged. */
  readDocument(path: string): unknown;
  /** Written to a temporary name and renamed, so that a reader sees all of it or nothing. */
  writeDocument(path: string, value: unknown): void;
}

/** Where the objects of the store at `root` are. */
export function objectsFolder(root: string): string {
  return join(root, 'store');
}

/** Opens the store at `root`, made when it does not exist. */
export function openLocalStore(root: string): LocalStore {
  const objects = objectsFolder(root);
  mkdirSync(objects, { recursive: true, mode: 0o700 });
  return {
    root,
    objects,
    has: (digest) => existsSync(objectPath(objects, digest)),
    readDocument: (path) => readDocument(join(root, path)),
    writeDocument: (path, value) => {
      // Not flushed: a killed process loses nothing that it wrote, and after a power cut a document is whole or counts as missing.
      replaceFile(join(root, path), JSON.stringify(value), false);
    },
  };
}

/** The file of an object: two levels keep folders small. */
function objectPath(objects: string, digest: string): string {
  const hex = digest.slice(digest.indexOf(':') + 1);
  return join(objects, 'objects', hex.slice(0, 2), hex);
}

/** A path with no links in it, as `os.getcwd()` gives it; as it is when it cannot be followed. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isFileError(error)) return path;
    throw error;
  }
}

/** The text of a file, or undefined when it cannot be read. */
export function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}

/** A JSON document, or undefined when it is missing or damaged. */
export function readDocument(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    // A missing or half-read document is no document: the cache is only ever a saving.
    if (error instanceof SyntaxError || isFileError(error)) return undefined;
    throw error;
  }
}

/** True for errors of the file system, which are expected; other errors have a code as well, but name no system call. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

/** Writes a file so that at any moment, even after a power cut, either the old or the new content is there. */
export function writeAtomically(path: string, text: string | Uint8Array): void {
  replaceFile(path, text, true);
}

function replaceFile(path: string, text: string | Uint8Array, flush: boolean): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeFileSync(file, text);
    if (flush) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
