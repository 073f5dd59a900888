import type { Task } from '../compiler/bundle/format.ts';
import type { AttemptResult, FileRead, Measured, OutputMessage } from './process/protocol.ts';
import { hashFile } from './store/digests.ts';
import type { LocalStore } from './store/local.ts';
import { createHash } from 'node:crypto';
import type { SharedValue } from './ladder.ts';
import { hasSameTimes, stillSame } from './marks.ts';
import { nothingReached } from './nothing-observed.ts';
import type { RunContext, State } from './run-state.ts';
import { differenceOfStarts, digestOfVariable } from './start-state.ts';
import { keptCopies } from './undo.ts';
import { implicitNames, isQuiet, originOf, unseenShadow, type Progress } from './versions.ts';

/** One remembered execution of a task's code: what it read, and what came of it. */
export interface CacheEntry {
  readonly environment: string;
  /** Digest of the answers about installed packages that it rests on. */
  readonly packages: string;
  readonly reads: Readonly<Record<string, string>>;
  readonly files: readonly (FileRead & { readonly digest: string })[];
  readonly written: Readonly<Record<string, string>>;
  readonly result: AttemptResult;
  readonly outputs: readonly OutputMessage[];
  /** The run that made it. */
  readonly run: string;
  readonly lane?: LaneNote;
  /** What only the process of an earlier task had, when it ran in that. */
  readonly fused?: readonly SharedValue[];
}

/** Where the unit is not one task but all cells in one process. */
export interface LaneNote {
  /** Why they ran in one. */
  readonly why: string;
  /** Of each cell that ran, in order. */
  readonly outputs: readonly (readonly OutputMessage[])[];
  /** What was recorded after each of them. */
  readonly measured: readonly (Measured | null)[];
  /** What each of them was seen to import. */
  readonly imported: readonly AttemptResult['imported'][];
}

/** Why a task cannot be taken from the cache: the part of the key that differs. */
export interface Miss {
  readonly part: 'no earlier run' | 'not to be reused' | 'code' | 'environment' | 'input' | 'file' | 'store' | 'state';
  readonly name: string;
}

/** A miss in words for the user. */
export function describeMiss({ part, name }: Miss): string {
  return name === '' ? part : `${part}: ${name}`;
}

/** What is the same for all tasks of a run. */
export type Around = Pick<RunContext, 'store' | 'environment' | 'packages' | 'variables'> &
  Partial<Pick<RunContext, 'shelves'>>;

const entriesKept = 8;
/** Of code that values reach although that was not expected. */
const entriesOfVariants = 32;
/** Entries of another version are as good as none. */
export const formatVersion = 21;

/** Where the store keeps what is known of a task's code, or of what it gave with the values of one variant. */
export function manifestPath(task: { readonly code: string }, shelf?: string): string {
  const name = task.code.slice(task.code.indexOf(':') + 1);
  return `manifests/${shelf === undefined ? name : `${name}.${shelf}`}.json`;
}

/** Looks for an entry whose every input holds now; all earlier tasks must have ended. */
export function findCached(
  around: Around,
  progress: readonly Progress[],
  index: number,
): { readonly entry: CacheEntry } | { readonly miss: Miss } {
  const task = progress[index]?.task;
  if (task === undefined) return { miss: { part: 'no earlier run', name: '' } };
  const implicit = [...implicitNames(progress, index)].filter((name) => !isQuiet(name));
  const { entries, never } = readAll(around, task);
  // The newest run comes first: what is told is what differs from that one.
  let miss: Miss | undefined;
  for (const entry of entries) {
    const found = compare(around, progress, index, entry, implicit);
    if (found === undefined) return { entry };
    miss ??= found;
  }
  if (never !== '') return { miss: { part: 'not to be reused', name: never } };
  return { miss: miss ?? { part: 'no earlier run', name: '' } };
}

/**
 * What a cache key says of a name. A value that only a process has is described by what it was made from, if that is known; but what
 * goes on there between cells cannot be described: how far it has come is another thing each time.
 */
function contentOf(progress: readonly Progress[], name: string, index: number): string | undefined {
  const origin = originOf(progress, name, index);
  if (origin.kind === 'held' && name === 'state:threads') return undefined;
  if (origin.kind === 'value') return origin.binding.ref.content;
  if (origin.kind === 'absent') return 'absent';
  const maker = origin.kind === 'held' ? progress[origin.at]?.identity : undefined;
  return maker === undefined ? undefined : `made by ${maker}`;
}

/** Digest of an entry's key, for the values that its task left in its process. */
export function identityOf(
  task: Task,
  entry: Pick<CacheEntry, 'environment' | 'packages' | 'reads' | 'files' | 'result'>,
): string {
  const reads = Object.entries(entry.reads).sort(([left], [right]) => (left < right ? -1 : 1));
  const files = entry.files.map((file) => [file.path, file.kind, file.digest]);
  return createHash('sha256')
    .update(JSON.stringify([task.code, entry.environment, entry.packages, entry.result.variables, reads, files]))
    .digest('hex');
}

/** What is known of a task's code. */
interface Manifest {
  readonly formatVersion: number;
  readonly entries: readonly CacheEntry[];
  /** Why the result of the last run is not among them; empty when it is. */
  readonly never: string;
}

/** What is known of a task from runs with the values of this one, and then from others. */
function readAll({ store, shelves }: Around, task: Task): Pick<Manifest, 'entries' | 'never'> {
  const plain = readManifest(store, manifestPath(task));
  const shelf = shelves?.get(task.id);
  if (shelf === undefined) return plain;
  const own = readManifest(store, manifestPath(task, shelf));
  return { entries: [...own.entries, ...plain.entries], never: own.never === '' ? plain.never : own.never };
}

function readManifest(store: LocalStore, path: string): Manifest {
  const document = store.readDocument(path);
  const known = typeof document === 'object' && document !== null && 'formatVersion' in document;
  if (known && document.formatVersion === formatVersion) return document as unknown as Manifest;
  return { formatVersion, entries: [], never: '' };
}

function compare(
  { store, environment, packages, variables }: Around,
  progress: readonly Progress[],
  index: number,
  entry: CacheEntry,
  implicit: readonly string[],
): Miss | undefined {
  const { exposes } = progress[index]?.task ?? { exposes: '*' };
  const unsaved = entry.result.unsaved.find((name) => exposes === '*' || exposes.includes(name));
  // Nobody was expected to read it when the entry was made.
  if (unsaved !== undefined) return { part: 'store', name: unsaved };
  if (entry.environment !== environment)
    return { part: 'environment', name: differenceOfStarts(entry.environment, environment) };
  const changed = packages.difference(entry.packages);
  if (changed !== undefined) return { part: 'environment', name: changed };
  for (const [name, digest] of Object.entries(entry.result.variables)) {
    if (digestOfVariable(variables, name) !== digest)
      return { part: 'environment', name: name === '*' ? 'some variable' : `the variable ${name}` };
  }
  for (const name of [...Object.keys(entry.reads), ...implicit]) {
    const now = contentOf(progress, name, index);
    if (now === undefined || (entry.reads[name] ?? 'absent') !== now)
      return { part: name.includes(':') ? 'state' : 'input', name };
  }
  const shadow = unseenShadow(progress, index, entry.result.shadowed);
  if (shadow !== undefined) return { part: 'input', name: shadow };
  for (const file of entry.files) if (!stillHolds(file)) return { part: 'file', name: file.path };
  const shown = entry.result.sources.find((digest) => !sourcesUpTo(progress, index).has(digest));
  if (shown !== undefined) return { part: 'code', name: 'of a function, as warnings or tracebacks show it' };
  for (const [path, digest] of Object.entries(entry.written)) {
    if (hashFile(path) !== digest) return { part: 'file', name: path };
  }
  for (const [name, write] of Object.entries(entry.result.writes)) {
    if (!store.has(write.ref.object)) return { part: 'store', name };
  }
  return undefined;
}

function sourcesUpTo(progress: readonly Progress[], index: number): ReadonlySet<string> {
  const sources = progress.slice(0, index + 1).map(({ task }) => task.source);
  return new Set(sources.map((source) => `sha256:${createHash('sha256').update(source, 'utf8').digest('hex')}`));
}

/** A file that an attempt only read and that is not as it was then. */
export function changedFile(result: Pick<AttemptResult, 'filesRead' | 'filesWritten'>): string | undefined {
  return result.filesRead.find((file) => !result.filesWritten.includes(file.path) && !stillSame(file))?.path;
}

function stillHolds(file: FileRead & { readonly digest: string }): boolean {
  if (stillSame(file)) return true;
  return file.kind === 'content' && file.digest !== 'missing' && hashFile(file.path) === file.digest;
}

/** Why a later run could not tell whether all that the result depends on is as it was: what else the cell did. */
function uncheckable(result: AttemptResult): string | undefined {
  const reason = result.outside.find((reason) => reason !== 'file-write');
  return reason === undefined ? undefined : describeDoing(reason, 'it');
}

/** What somebody did that no later run could check, in words for the user. */
export function describeDoing(reason: string, who: string): string {
  const doing = doings.get(reason);
  return doing === undefined ? reason : `${who} ${doing}`;
}

const doings = new Map([
  ['subprocess', 'starts a program'],
  ['network', 'uses the network'],
  ['file-attributes', 'changes attributes of files'],
  ['open-file', 'may write to a file that is open already'],
  ['file-name', 'uses a file whose name is not UTF-8'],
  ['special-file', 'uses a pipe or a device'],
  ['native-files', 'may have opened files that could not be seen'],
]);

/** A folder's names may be other ones because of the cell's own files. */
function isOfContent({ kind }: FileRead): boolean {
  return kind !== 'listing' && kind !== 'entries' && kind !== 'distributions';
}

/** Of the content that a file had when it was read; other questions have their whole answer in the mark. */
function digestOf(file: FileRead, written: ReadonlySet<string>, copies: Copies): string {
  if (file.kind !== 'content') return file.signature;
  return written.has(file.path) ? digestOfCopy(file, copies) : hashFile(file.path);
}

type Copies = ReturnType<typeof keptCopies>;

/** What the cell itself has changed since is known if it was kept to be put back. */
function digestOfCopy({ path, signature }: FileRead, copies: Copies): string {
  const copy = copies.get(path);
  return copy === undefined || !hasSameTimes(copy, signature) ? 'missing' : hashFile(copy);
}

/** What a result was made from, and the result; else why a later run could not tell whether it still holds. */
export function describeResult(
  context: Pick<RunContext, 'environment' | 'packages' | 'id' | 'journal' | 'secrets'>,
  progress: readonly Progress[],
  {
    index,
    result,
    outputs,
    fused,
    lane,
  }: Pick<State, 'index' | 'result' | 'outputs' | 'fused'> & Pick<CacheEntry, 'lane'>,
): CacheEntry | string {
  if (result === undefined) return 'it has no result';
  const { environment, packages, id, journal, secrets } = context;
  const doing = secrets.reasonOf(result, outputs) ?? uncheckable(result);
  if (doing !== undefined) return doing;
  const reads: Record<string, string> = { ...result.reads };
  const kept = progress[index]?.kept ?? [];
  for (const name of [...Object.keys(reads), ...kept, ...implicitNames(progress, index)]) {
    const content = contentOf(progress, name, index);
    if (content === undefined) return `it reads ${name}, which only a process has`;
    if (!isQuiet(name)) reads[name] = content;
  }
  const written = new Set(result.filesWritten);
  const filesRead = result.filesRead.filter((file) => isOfContent(file));
  // Somebody else changed meanwhile what the cell had read.
  const changed = changedFile({ filesRead, filesWritten: result.filesWritten });
  if (changed !== undefined) return `${changed} changed while it ran`;
  const copies = written.size > 0 ? keptCopies(journal) : new Map<string, string>();
  const files = result.filesRead.map((file) => ({ ...file, digest: digestOf(file, written, copies) }));
  const left = Object.fromEntries(result.filesWritten.map((path) => [path, hashFile(path)]));
  const entry = {
    environment,
    packages: packages.remember(result.packages),
    reads,
    files,
    written: left,
    // What it reached is kept once for all tasks that reached the same.
    result: { ...result, packages: nothingReached },
    outputs,
    run: id,
    ...(fused.length > 0 && { fused }),
  };
  return lane === undefined ? entry : { ...entry, lane };
}

/** Remembers a retired result; gives its identity, which only a result that can be used again has. */
export function remember(
  context: RunContext,
  progress: readonly Progress[],
  state: State & Pick<CacheEntry, 'lane'>,
): string | undefined {
  const { store } = context;
  const { task, result } = state;
  // Only variants are so many that they are kept apart.
  const path = manifestPath(task, context.isVariant ? context.shelves.get(task.id) : undefined);
  if (result?.status !== 'ok') return undefined;
  const entry = task.directives.cache ? describeResult(context, progress, state) : 'its directive says so';
  const { entries } = readManifest(store, path);
  const write = (manifest: Omit<Manifest, 'formatVersion'>): void => {
    store.writeDocument(path, { formatVersion, ...manifest });
  };
  if (typeof entry === 'string') {
    write({ entries, never: entry });
    return undefined;
  }
  const identity = identityOf(task, entry);
  const others = entries.filter((other) => identityOf(task, other) !== identity);
  write({ entries: [entry, ...others].slice(0, context.isVariant ? entriesOfVariants : entriesKept), never: '' });
  return identity;
}
