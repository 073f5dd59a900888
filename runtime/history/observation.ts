import type { AttemptResult, OutputMessage, WebRequest } from '../process/protocol.ts';
import { hashFile } from '../store/digests.ts';
import { fileSize } from '../store/local.ts';

/** A file that a task read or wrote, by reference. */
export interface RecordedFile {
  readonly path: string;
  /** `sha256:…`, or `missing` when it is gone when the task has ended. */
  readonly digest: string;
  /** In bytes; undefined when it is gone. */
  readonly size: number | undefined;
}

/** A value that a task left: the digest of its content, and where it is in the store. Logs of an earlier format have no place. */
export interface RecordedWrite {
  readonly content: string;
  readonly how: 'bind' | 'mutate';
  readonly object?: string;
  readonly member?: string;
}

/** What a task did, as the log keeps it: contents by digest, never a value. */
export interface Observation {
  /** The content of each name that it read: variables, `def:…`, `state:…`, `slot:…`. */
  readonly reads: Readonly<Record<string, string>>;
  readonly writes: Readonly<Record<string, RecordedWrite>>;
  readonly deletes: readonly string[];
  /** Names whose value cannot leave the process, and why. */
  readonly held: Readonly<Record<string, string>>;
  /** Names that it bound and that were not stored, since nobody was expected to read them. */
  readonly unsaved?: readonly string[];
  readonly filesRead: readonly RecordedFile[];
  readonly filesWritten: readonly RecordedFile[];
  /** Effects on the outside: subprocess, network … */
  readonly outside: readonly string[];
  readonly requests: readonly WebRequest[];
  /** Of the cell itself, in seconds. */
  readonly seconds: number;
  /** Processor time of the cell, user and system, children that have ended included, in seconds. */
  readonly cpuSeconds: number;
  /** The largest size that its process ever had, in bytes. */
  readonly peakMemory: number;
  readonly error?: { readonly ename: string; readonly evalue: string };
}

/** What the cells of one process did together. */
export type Together = Pick<Observation, 'filesRead' | 'filesWritten' | 'outside' | 'requests'>;

/** What the log keeps of what cells did together. */
export function togetherOf(
  result: Pick<AttemptResult, 'filesRead' | 'filesWritten' | 'outside' | 'requests'>,
): Together {
  return { ...filesOf(result), outside: result.outside, requests: result.requests };
}

/** What the log keeps of a result. Files are looked at now; a file's digest is remembered by its size, times and inode. */
export function observationOf(result: AttemptResult, outputs: readonly OutputMessage[]): Observation {
  const writes = Object.entries(result.writes).map(
    ([name, { ref, how }]) => [name, { content: ref.content, how, object: ref.object, member: ref.member }] as const,
  );
  const error = result.status === 'error' ? outputs.findLast((output) => output.kind === 'error') : undefined;
  return {
    reads: result.reads,
    writes: Object.fromEntries(writes),
    deletes: result.deletes,
    held: result.held,
    unsaved: result.unsaved,
    ...filesOf(result),
    outside: result.outside,
    requests: result.requests,
    seconds: result.seconds,
    cpuSeconds: result.cpuSeconds,
    peakMemory: result.peakMemory,
    ...(error === undefined ? {} : { error: { ename: error.ename, evalue: error.evalue } }),
  };
}

function filesOf(
  result: Pick<AttemptResult, 'filesRead' | 'filesWritten'>,
): Pick<Observation, 'filesRead' | 'filesWritten'> {
  const read = result.filesRead.filter(({ kind, signature }) => kind === 'content' && signature.startsWith('file:'));
  const written = new Set(result.filesWritten);
  const paths = new Set(read.map(({ path }) => path).filter((path) => !written.has(path)));
  return {
    filesRead: [...paths].map((path) => describeFile(path)),
    filesWritten: result.filesWritten.map((path) => describeFile(path)),
  };
}

/** A file as it is now. Its digest is remembered by its size, times and inode. */
export function describeFile(path: string): RecordedFile {
  return { path, digest: hashFile(path), size: fileSize(path) };
}
