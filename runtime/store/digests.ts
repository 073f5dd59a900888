import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, statSync, type BigIntStats } from 'node:fs';
import { isFileError, type LocalStore } from './local.ts';

/** What was hashed: by path, the state of the file then and its digest. The one used last comes last. */
const known = new Map<string, Known>();

interface Known {
  readonly mark: string;
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
}

/** Smaller files are hashed again by the next process: that takes no longer than to look them up. */
const worthKeeping = 2 ** 18;
/** So many digests are kept from one run to the next. */
const mostKept = 10_000;
const chunkSize = 2 ** 20;

/** sha256 of a file in constant memory; `missing` when it cannot be read, `dir` for a folder. Remembered by size, times and inode. */
export function hashFile(path: string): string {
  try {
    const stat = statSync(path, { bigint: true });
    if (stat.isDirectory()) return 'dir';
    // A pipe would keep us waiting for whoever writes to it.
    if (!stat.isFile()) return 'special';
    const before = known.get(path);
    if (before?.mark === markOf(stat)) {
      known.delete(path);
      known.set(path, before);
      return before.digest;
    }
    return hashContent(path);
  } catch (error) {
    if (isFileError(error)) return 'missing';
    throw error;
  }
}

function markOf({ size, mtimeNs, ino, ctimeNs, dev }: BigIntStats): string {
  return `${size}:${mtimeNs}:${ino}:${ctimeNs}:${dev}`;
}

function hashContent(path: string): string {
  const hash = createHash('sha256');
  const file = openSync(path, 'r');
  try {
    const stat = fstatSync(file, { bigint: true });
    // Before the first byte is read: what is written from here on has another time, unless the clock of the files is too coarse.
    const isSettled = hasSettled(stat);
    const chunk = Buffer.allocUnsafe(chunkSize);
    for (;;) {
      const size = readSync(file, chunk, 0, chunk.length, null);
      if (size === 0) break;
      hash.update(chunk.subarray(0, size));
    }
    const digest = `sha256:${hash.digest('hex')}`;
    const mark = markOf(stat);
    known.delete(path);
    const isSame = mark === markOf(fstatSync(file, { bigint: true }));
    if (isSettled && isSame) known.set(path, { mark, digest, size: Number(stat.size) });
    return digest;
  } finally {
    closeSync(file);
  }
}

/** A file may be written twice within one tick of its clock, and have one time then: of a young file nothing is remembered. */
function hasSettled({ mtimeNs, ctimeNs }: BigIntStats): boolean {
  const youngest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  // Some file systems count whole seconds, or two.
  const tick = ctimeNs % 1_000_000_000n === 0n ? 2500 : 100;
  return Date.now() - Number(youngest / 1_000_000n) > tick;
}

const document = 'digests.json';
const version = 1;

interface Kept {
  readonly version: number;
  readonly files: Readonly<Record<string, readonly [mark: string, digest: string, size: number]>>;
}

/** Takes over what earlier runs have hashed. */
export function loadDigests(store: Pick<LocalStore, 'readDocument'>): void {
  for (const [path, [mark, digest, size]] of Object.entries(readKept(store).files)) {
    if (!known.has(path)) known.set(path, { mark, digest, size });
  }
}

/** Leaves what was hashed to later runs. Another run's digests, saved meanwhile, stay. */
export function saveDigests(store: Pick<LocalStore, 'readDocument' | 'writeDocument'>): void {
  const own = [...known].filter(([, { size }]) => size >= worthKeeping);
  const before = readKept(store).files;
  const files = new Map(Object.entries(before));
  for (const [path, { mark, digest, size }] of own) {
    files.delete(path);
    files.set(path, [mark, digest, size]);
  }
  const kept = Object.fromEntries([...files].slice(-mostKept));
  if (JSON.stringify(kept) !== JSON.stringify(before)) store.writeDocument(document, { version, files: kept });
}

function readKept(store: Pick<LocalStore, 'readDocument'>): Kept {
  const kept = store.readDocument(document);
  const isKnown = typeof kept === 'object' && kept !== null && 'version' in kept && kept.version === version;
  return isKnown ? (kept as unknown as Kept) : { version, files: {} };
}
