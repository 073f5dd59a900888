import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isFileError } from './local.ts';

const alignment = 64;
const longestHeader = 1 << 20;
const chunkBytes = 1 << 20;

/**
 * Reads every object of a store and removes those whose bytes are not what their name says; half-written ones are left alone.
 * @returns how many were removed
 */
export function removeDamaged(objects: string): number {
  let removed = 0;
  for (const file of objectFiles(join(objects, 'objects'))) {
    if (isSound(file)) continue;
    rmSync(file, { force: true });
    removed++;
  }
  return removed;
}

function objectFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** An object as the worker writes it: a JSON header line, the pickle stream, and each buffer at a multiple of 64 bytes. */
function isSound(path: string): boolean {
  if (basename(dirname(path)) !== basename(path).slice(0, 2)) return false;
  const file = openSync(path, 'r');
  try {
    const header = readHeader(file);
    if (header === undefined) return false;
    const whole = createHash('sha256');
    let place = header.length;
    const sizes = [header.stream, ...header.buffers];
    if (place + sizes.reduce((sum, size) => sum + size, 0) > statSync(path).size) return false;
    const copy = (size: number, add: (part: Buffer) => void): void => {
      readRange(file, place, size, add);
      place += size;
    };
    copy(header.stream, (part) => whole.update(part));
    for (const size of header.buffers) {
      place += (alignment - (place % alignment)) % alignment;
      const buffer = createHash('sha256');
      copy(size, (part) => buffer.update(part));
      whole.update(`|${size}|`).update(buffer.digest());
    }
    return whole.digest('hex') === basename(path);
  } catch (error) {
    if (isFileError(error)) return false;
    throw error;
  } finally {
    closeSync(file);
  }
}

function readRange(file: number, from: number, size: number, add: (part: Buffer) => void): void {
  const chunk = Buffer.allocUnsafe(Math.min(size, chunkBytes));
  for (let done = 0; done < size;) {
    const count = readSync(file, chunk, 0, Math.min(chunk.length, size - done), from + done);
    if (count === 0) return;
    add(chunk.subarray(0, count));
    done += count;
  }
}

interface Header {
  readonly length: number;
  readonly stream: number;
  readonly buffers: readonly number[];
}

function readHeader(file: number): Header | undefined {
  const start = Buffer.alloc(longestHeader);
  const end = start.subarray(0, readSync(file, start, 0, start.length, 0)).indexOf(0x0a);
  if (end < 0) return undefined;
  try {
    const parsed = JSON.parse(start.toString('utf8', 0, end)) as unknown;
    if (typeof parsed !== 'object' || parsed === null || !('stream' in parsed) || !('buffers' in parsed))
      return undefined;
    const { stream, buffers } = parsed;
    if (!isSize(stream) || !Array.isArray(buffers) || !buffers.every(isSize)) return undefined;
    return { length: end + 1, stream, buffers };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
