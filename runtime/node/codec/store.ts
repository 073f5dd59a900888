import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { dirname, join } from 'node:path';

// As they are before a cell can put others in their place.
const { existsSync, mkdirSync, openSync, readSync, writeSync, closeSync, renameSync } = fs;

const alignment = 64;

/** An object of the store: a text, and memory that stands beside it. */
export interface Stored {
  readonly stream: string;
  readonly buffers: readonly Uint8Array<ArrayBuffer>[];
}

/** The bytes of an object are not what its name says, or it is not there. */
export class StoreDamaged extends Error {}

/** The name of an object: a digest of its text and of the digest of each buffer. */
export function nameOf(stream: string, buffers: readonly Uint8Array[]): string {
  return nameFor(Buffer.from(stream, 'utf8'), buffers, buffers.map(digestOf));
}

function nameFor(text: Uint8Array, buffers: readonly Uint8Array[], digests: readonly Buffer[]): string {
  const whole = createHash('sha256').update(text);
  buffers.forEach((buffer, place) => {
    whole.update(`|${String(buffer.byteLength)}|`).update(digests[place] ?? Buffer.alloc(0));
  });
  return `sha256:${whole.digest('hex')}`;
}

function digestOf(buffer: Uint8Array): Buffer {
  return createHash('sha256').update(buffer).digest();
}

/** Immutable objects on disk, in the layout that the workers of all languages share. */
export class Store {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  #path(digest: string): string {
    const name = digest.slice(digest.indexOf(':') + 1);
    return join(this.#root, 'objects', name.slice(0, 2), name);
  }

  /** Writes an object unless it is there; gives its name. A reader sees a whole object or none. */
  write(stream: string, buffers: readonly Uint8Array[]): string {
    const text = Buffer.from(stream, 'utf8');
    const digests = buffers.map(digestOf);
    const digest = nameFor(text, buffers, digests);
    const path = this.#path(digest);
    if (existsSync(path)) return digest;
    mkdirSync(dirname(path), { recursive: true });
    const sizes = buffers.map((buffer) => buffer.byteLength);
    const said = { stream: text.length, buffers: sizes, digests: digests.map((one) => one.toString('hex')) };
    const header = Buffer.from(`${JSON.stringify(said)}\n`);
    const temporary = join(dirname(path), `.tmp-${randomBytes(6).toString('hex')}`);
    const file = openSync(temporary, 'w', 0o600);
    let place = writeAll(file, header) + writeAll(file, text);
    for (const buffer of buffers) {
      place += writeAll(file, Buffer.alloc(paddingAt(place))) + writeAll(file, buffer);
    }
    closeSync(file);
    renameSync(temporary, path);
    return digest;
  }

  /** What is in an object; its bytes are compared with its name. */
  read(digest: string): Stored {
    const file = openOrNothing(this.#path(digest));
    if (file === undefined) throw new StoreDamaged(`${digest} is missing`);
    try {
      const found = readObject(new Reading(file));
      if (found?.name === digest) return found.stored;
    } catch (error) {
      if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    } finally {
      closeSync(file);
    }
    throw new StoreDamaged(`${digest} is damaged`);
  }
}

function paddingAt(place: number): number {
  return (alignment - (place % alignment)) % alignment;
}

/** Undefined when the file is not as long as it says. Each buffer is read into the memory that values will have: nothing is copied. */
function readObject(reading: Reading): { readonly name: string; readonly stored: Stored } | undefined {
  const line = reading.line();
  if (line === undefined) return undefined;
  const header = JSON.parse(line) as { readonly stream: number; readonly buffers: number[] };
  if (!Array.isArray(header.buffers)) return undefined;
  const text = reading.bytes(header.stream);
  const buffers = header.buffers.map((size) => {
    reading.skip(paddingAt(reading.place));
    return reading.bytes(size);
  });
  if (text === undefined || !buffers.every((one) => one !== undefined)) return undefined;
  const stream = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('utf8');
  return { name: nameFor(text, buffers, buffers.map(digestOf)), stored: { stream, buffers } };
}

/** A file that is read from its beginning. */
class Reading {
  readonly #file: number;
  readonly #start = Buffer.alloc(1 << 16);
  /** Bytes of the beginning that were read for the first line. */
  #known = 0;
  place = 0;

  constructor(file: number) {
    this.#file = file;
  }

  /** The first line; undefined when there is none. */
  line(): string | undefined {
    const parts: Buffer[] = [];
    for (;;) {
      const size = readSync(this.#file, this.#start, 0, this.#start.length, this.place);
      const end = this.#start.subarray(0, size).indexOf(10);
      parts.push(Buffer.from(this.#start.subarray(0, end < 0 ? size : end)));
      if (end >= 0 && parts.length === 1) this.#known = size;
      this.place += end < 0 ? size : end + 1;
      if (end >= 0) return Buffer.concat(parts).toString('utf8');
      if (size === 0) return undefined;
    }
  }

  skip(count: number): void {
    this.place += count;
  }

  /** So many bytes; undefined when the file ends before. */
  bytes(size: number): Uint8Array<ArrayBuffer> | undefined {
    const made = new Uint8Array(size);
    const known = this.#start.subarray(Math.min(this.place, this.#known), Math.min(this.place + size, this.#known));
    made.set(known);
    for (let done = known.length; done < size;) {
      const count = readSync(this.#file, made, done, Math.min(size - done, 1 << 30), this.place + done);
      if (count === 0) return undefined;
      done += count;
    }
    this.place += size;
    return made;
  }
}

/** Undefined when there is none. One question less than to look first whether it is there, and each is asked of another process. */
function openOrNothing(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function writeAll(file: number, data: Uint8Array): number {
  for (let done = 0; done < data.length;) done += writeSync(file, data, done, data.length - done);
  return data.length;
}
