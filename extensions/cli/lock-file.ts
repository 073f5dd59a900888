import path from 'node:path';
import { readLock, type Lock } from '../../compiler/index.ts';
import { decodeText, isThere, readNamedFile, shownPath } from './files.ts';
import { usage, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';

/** The lock of a notebook when no other name is given. */
export const usualName = 'pylock.toml';

/** A lock file that was read. */
export interface OpenedLock {
  readonly lock: Lock;
  readonly file: string;
  /** As people want to read it. */
  readonly shown: string;
}

/** Names of PEP 751 beside the notebook: the one called like it comes first. */
function ownNames({ stem }: Input): readonly string[] {
  const named = /^[^.\s/]+$/.test(stem) ? [`pylock.${stem}.toml`] : [];
  return [...named, usualName];
}

/** The lock file beside the notebook that a run would use; undefined when there is none. */
export function findLockFile(input: Input): string | undefined {
  return ownNames(input)
    .map((name) => path.join(input.folder, name))
    .find((file) => isThere(file));
}

/** Where the lock is written: PEP 751 has installers look for such names only. */
export function chooseLockFile(host: Host, named: string | undefined, input: Input): Outcome<string> {
  if (named === undefined) return { ok: true, value: findLockFile(input) ?? path.join(input.folder, usualName) };
  if (/^pylock\.(?:[^.]+\.)?toml$/.test(path.basename(named)))
    return { ok: true, value: path.resolve(host.cwd, named) };
  const help = 'Name it pylock.toml or pylock.NAME.toml, without further dots: installers look for no other names.';
  return { ok: false, result: usage(`${named} is no name for a lock file.`, help) };
}

/** Reads a lock file. */
export function openLock(host: Host, file: string): Outcome<OpenedLock> {
  const shown = shownPath(host, file);
  const bytes = readNamedFile(host, file, shown);
  if (!bytes.ok) return bytes;
  const read = readLock(decodeText(bytes.value) ?? '', shown);
  if (read.ok) return { ok: true, value: { lock: read.value, file, shown } };
  return { ok: false, result: { status: 'usage', diagnostics: read.error, text: '', document: {} } };
}
