import { readFileSync, readdirSync } from 'node:fs';
import { isFileError } from '../store/local.ts';

/**
 * Bytes of memory that would be given back if a process and all that it has started ended: what it has written to, without the files that it
 * has mapped. Pages that a child shares with the process it was forked from count once. Undefined where the system does not tell: that
 * takes Linux.
 */
export function memoryUse(pid: number): number | undefined {
  const own = readFields(`/proc/${String(pid)}/status`, ['RssAnon', 'RssShmem']);
  if (own === undefined) return undefined;
  return childrenOf(pid).reduce((sum, child) => sum + memoryOfChild(child), own);
}

/** One that has ended meanwhile has none. */
function memoryOfChild(pid: number): number {
  const own = readFields(`/proc/${String(pid)}/smaps_rollup`, ['Pss_Anon', 'Pss_Shmem']) ?? 0;
  return childrenOf(pid).reduce((sum, child) => sum + memoryOfChild(child), own);
}

/** Processes that any thread of a process has started. */
function childrenOf(pid: number): readonly number[] {
  const folder = `/proc/${String(pid)}/task`;
  return listEntries(folder).flatMap((thread) =>
    readText(`${folder}/${thread}/children`).split(' ').filter(isNumber).map(Number),
  );
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** The sum of lines such as `RssAnon:  1234 kB`, in bytes; undefined when there is none of them. */
function readFields(file: string, names: readonly string[]): number | undefined {
  const text = readText(file);
  const found = names.flatMap((name) => new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? []);
  return found.length === 0 ? undefined : found.reduce((sum, amount) => sum + Number(amount) * 1024, 0);
}

function readText(file: string): string {
  return unlessGone(() => readFileSync(file, 'utf8'), '');
}

function listEntries(folder: string): readonly string[] {
  return unlessGone(() => readdirSync(folder), []);
}

/** A process may end at any moment, and then its files are gone. */
function unlessGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (isFileError(error)) return otherwise;
    throw error;
  }
}
