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
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { SharedObjects } from './shared.ts';

/** A folder that keeps objects by digest, and small JSON documents beside them. Writes are atomic. */
export interface LocalStore {
  readonly root: string;
  /** Where workers put objects. */
  readonly objects: string;
  has(digest: string): boolean;
  /** Objects that are elsewhere. */
  readonly shared?: SharedObjects | undefined;
  /** A JSON document, or undefined when it is missing or damaged. */
  readDocument(path: string): unknown;
  /** Written to a temporary name and renamed, so that a reader sees all of it or nothing. */
  writeDocument(path: string, value: unknown): void;
}

/** So many documents are kept in memory, none of them longer than so many letters. */
const mostDocuments = 1000;
const longestDocument = 1 << 16;

/**
 * The same store, which reads each document once: for many runs of one process. What others write meanwhile is not seen, which can
 * cost time only: nothing of a document is believed without looking at what it speaks of.
 */
export function inMemory(store: LocalStore): LocalStore {
  const documents = new Map<string, unknown>();
  const keep = (path: string, value: unknown, length: number): void => {
    documents.delete(path);
    if (length > longestDocument) return;
    documents.set(path, value);
    const [oldest] = documents.size > mostDocuments ? documents.keys() : [];
    if (oldest !== undefined) documents.delete(oldest);
  };
  return {
    ...store,
    readDocument: (path) => {
      if (documents.has(path)) return documents.get(path);
      const text = readOrNothing(join(store.root, path));
      const value = text === undefined ? undefined : parseDocument(text);
      keep(path, value, text?.length ?? 0);
      return value;
    },
    writeDocument: (path, value) => {
      const text = JSON.stringify(value);
      replaceFile(join(store.root, path), text, false);
      keep(path, value, text.length);
    },
  };
}

/** Where the objects of the store at `root` are. */
export function objectsFolder(root: string): string {
  return join(root, 'store');
}

/**
 * Opens the store at `root`, made when it does not exist.
 * @param shared objects that other machines have written; they count as there
 */
export function openLocalStore(root: string, shared?: SharedObjects): LocalStore {
  const objects = objectsFolder(root);
  mkdirSync(objects, { recursive: true, mode: 0o700 });
  return {
    root,
    objects,
    shared,
    has: (digest) => existsSync(objectPath(objects, digest)) || shared?.has(digest) === true,
    readDocument: (path) => readDocument(join(root, path)),
    writeDocument: (path, value) => {
      // Not flushed: a killed process loses nothing that it wrote, and after a power cut a document is whole or counts as missing.
      replaceFile(join(root, path), JSON.stringify(value), false);
    },
  };
}

/** The file of an object: two levels keep folders small. */
export function objectPath(objects: string, digest: string): string {
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

/** Bytes of a file, or undefined when there is none. */
export function fileSize(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}

/** A JSON document, or undefined when it is missing or damaged. */
export function readDocument(path: string): unknown {
  const text = readOrNothing(path);
  return text === undefined ? undefined : parseDocument(text);
}

/** A half-written document is no document: the cache is only ever a saving. */
function parseDocument(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
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
