import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { dirname, join } from 'node:path';

// As they are before a cell can put others in their place.
const { existsSync, mkdirSync, openSync, writeSync, closeSync, renameSync, readFileSync } = fs;

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
  const whole = createHash('sha256').update(stream, 'utf8');
  for (const buffer of buffers) {
    whole.update(`|${String(buffer.byteLength)}|`).update(createHash('sha256').update(buffer).digest());
  }
  return `sha256:${whole.digest('hex')}`;
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
    const digest = nameOf(stream, buffers);
    const path = this.#path(digest);
    if (existsSync(path)) return digest;
    mkdirSync(dirname(path), { recursive: true });
    const text = Buffer.from(stream, 'utf8');
    const digests = buffers.map((buffer) => createHash('sha256').update(buffer).digest('hex'));
    const sizes = buffers.map((buffer) => buffer.byteLength);
    const header = Buffer.from(`${JSON.stringify({ stream: text.length, buffers: sizes, digests })}\n`);
    const temporary = join(dirname(path), `.tmp-${randomBytes(6).toString('hex')}`);
    const file = openSync(temporary, 'w', 0o600);
    let place = writeAll(file, header) + writeAll(file, text);
    for (const buffer of buffers) {
      const padding = (alignment - (place % alignment)) % alignment;
      place += writeAll(file, Buffer.alloc(padding)) + writeAll(file, buffer);
    }
    closeSync(file);
    renameSync(temporary, path);
    return digest;
  }

  /** What is in an object; its bytes are compared with its name. */
  read(digest: string): Stored {
    const path = this.#path(digest);
    const whole = wholeFile(path);
    if (whole === undefined) throw new StoreDamaged(`${digest} is missing`);
    try {
      const end = whole.indexOf(10);
      const header = JSON.parse(whole.toString('utf8', 0, end)) as {
        readonly stream: number;
        readonly buffers: number[];
      };
      let place = end + 1 + header.stream;
      const stream = whole.toString('utf8', end + 1, place);
      const buffers = header.buffers.map((size) => {
        place += (alignment - (place % alignment)) % alignment;
        const buffer = new Uint8Array(size);
        buffer.set(whole.subarray(place, place + size));
        place += size;
        return buffer;
      });
      if (nameOf(stream, buffers) === digest) return { stream, buffers };
    } catch (error) {
      if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    }
    throw new StoreDamaged(`${digest} is damaged`);
  }
}

/** Undefined when there is none. One question less than to look first whether it is there, and each is asked of another process. */
function wholeFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function writeAll(file: number, data: Uint8Array): number {
  for (let done = 0; done < data.length;) done += writeSync(file, data, done, data.length - done);
  return data.length;
}
