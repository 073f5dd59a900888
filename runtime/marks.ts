import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readlinkSync, statSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { FileRead } from './process/protocol.ts';
import { isFileError } from './store/local.ts';

/** True when what an attempt asked of a path has the same answer now. */
export function stillSame(file: FileRead): boolean {
  return markOf(file.path, file.kind) === file.signature;
}

/** What there is to know of a path, in the words of the worker's `marks.py`. */
export function markOf(path: string, kind: FileRead['kind']): string {
  try {
    return answer(path, kind);
  } catch (error) {
    if (isFileError(error)) return 'missing';
    throw error;
  }
}

function answer(path: string, kind: FileRead['kind']): string {
  switch (kind) {
    case 'content': {
      const found = statSync(path, { bigint: true });
      return found.isDirectory() ? 'dir' : signature(found);
    }
    case 'stat':
      return signature(statSync(path, { bigint: true }));
    case 'lstat':
      return signature(lstatSync(path, { bigint: true }));
    case 'type': {
      const found = statSync(path);
      return found.isDirectory() ? 'dir' : found.isFile() ? 'file' : 'other';
    }
    case 'link':
      return lstatSync(path).isSymbolicLink() ? `to ${readlinkSync(path)}` : 'none';
    case 'access': {
      const { mode, uid, gid } = statSync(path);
      return `${mode}:${uid}:${gid}`;
    }
    case 'listing':
      return digest(readdirSync(path));
    case 'distributions':
      return digest(readdirSync(path).filter((name) => /(?:\.dist-info|egg-info)$/i.test(name)));
    case 'entries':
      return digest(readdirSync(path).map((name) => `${name}:${markOf(join(path, name), 'lstat')}`));
  }
}

/** True when a copy that has its original's times is of the file that had this signature. */
export function hasSameTimes(copy: string, original: string): boolean {
  const found = statSync(copy, { bigint: true });
  return found.isFile() && original.startsWith(`file:${found.size}:${found.mtimeNs}:`);
}

function signature(stat: BigIntStats): string {
  return `${stat.isDirectory() ? 'dir' : 'file'}:${stat.size}:${stat.mtimeNs}:${stat.ino}:${stat.ctimeNs}`;
}

/** Sorted as Python sorts: by code point. */
function digest(lines: readonly string[]): string {
  const sorted = [...lines].sort((left, right) => Buffer.compare(utf32(left), utf32(right)));
  return createHash('sha256').update(sorted.join('\n'), 'utf8').digest('hex');
}

/** Code points in an order that bytes compare as numbers do. */
function utf32(text: string): Buffer {
  return Buffer.from(Uint32Array.from(Array.from(text, (letter) => letter.codePointAt(0) ?? 0)).buffer).swap32();
}
