import { createHash } from 'node:crypto';
import type { Task } from '../compiler/bundle/format.ts';
import type { AttemptResult, Binding } from './process/protocol.ts';
import { isImplicit, writersIn } from './writers.ts';

/** What is known of a task while a run goes on. */
export interface Progress {
  readonly task: Task;
  /** Observed by the newest attempt that ended, or taken from the cache. */
  result: AttemptResult | undefined;
  /** Names whose values the attempt found in the process of an earlier task. */
  kept?: readonly string[];
  /** Digest of all that decided the result; undefined while it is not known, or when something that no digest covers did. */
  identity?: string | undefined;
  /** True when the cell was stopped because it took longer, or more memory, than it may. */
  timedOut?: boolean;
}

/** The latest writer of a name before a task: its place, and what it left. */
export type Origin =
  | { readonly kind: 'value'; readonly at: number; readonly binding: Binding & { kind: 'value' } }
  | { readonly kind: 'held' | 'unsaved'; readonly at: number }
  | { readonly kind: 'absent' };

/** State that counts as read only by a task that touched it: generators of random numbers, the resolved backend of figures. */
export function isQuiet(name: string): boolean {
  return name === 'state:random' || name.endsWith('.random') || name === 'state:backend';
}

/** Stands for the list of all variables: who looks through them depends on which there are. */
export const listOfNames = '*';

/** The variables that exist before the task at `index`, as far as the earlier tasks have ended. */
export function variablesBefore(progress: readonly Progress[], index: number): readonly string[] {
  const names = new Set<string>();
  for (const { result } of progress.slice(0, index)) {
    const left = [...Object.keys(result?.writes ?? {}), ...Object.keys(result?.held ?? {}), ...(result?.unsaved ?? [])];
    for (const name of left) if (!name.includes(':')) names.add(name);
  }
  return [...names].filter((name) => originOf(progress, name, index).kind !== 'absent').sort();
}

function listOf(progress: readonly Progress[], index: number): Origin {
  const member = variablesBefore(progress, index).join(' ');
  const content = `sha256:${createHash('sha256').update(member, 'utf8').digest('hex')}`;
  return { kind: 'value', at: index - 1, binding: { kind: 'value', ref: { object: '', member, content } } };
}

const shownPrefix = 'shown:';

/** The places before `index` whose results may say something of a name, the latest first. */
function* placesBefore(progress: readonly Progress[], name: string, index: number): Generator<number> {
  const writers = writersIn(progress);
  const before = (at: number): number | undefined =>
    writers === undefined ? (at > 0 ? at - 1 : undefined) : writers.latest(name, at);
  for (let at = before(index); at !== undefined; at = before(at)) yield at;
}

/** True when the object that a variable has before the task at `index` was the result of a cell: `Out` keeps that alive. */
export function isShown(progress: readonly Progress[], name: string, index: number): boolean {
  for (const at of placesBefore(progress, name, index)) {
    const result = progress[at]?.result;
    if (result === undefined) continue;
    if (result.shown.includes(name)) return true;
    if (result.writes[name]?.how === 'bind' || result.deletes.includes(name) || result.unsaved.includes(name))
      return false;
  }
  return false;
}

function shownOrigin(progress: readonly Progress[], name: string, index: number): Origin {
  const content = isShown(progress, name, index) ? 'yes' : 'no';
  return { kind: 'value', at: index - 1, binding: { kind: 'value', ref: { object: '', member: '', content } } };
}

/** Finds what `name` holds before the task at `index`, from the ended tasks before it. */
export function originOf(progress: readonly Progress[], name: string, index: number): Origin {
  if (name === listOfNames) return listOf(progress, index);
  if (name.startsWith(shownPrefix)) return shownOrigin(progress, name.slice(shownPrefix.length), index);
  for (const at of placesBefore(progress, name, index)) {
    const result = progress[at]?.result;
    if (result === undefined) continue;
    const write = result.writes[name];
    if (result.held[name] !== undefined) return { kind: 'held', at };
    if (write !== undefined) return { kind: 'value', at, binding: { kind: 'value', ref: write.ref } };
    if (result.unsaved.includes(name)) return { kind: 'unsaved', at };
    if (result.deletes.includes(name)) return { kind: 'absent' };
  }
  return { kind: 'absent' };
}

/** Every name that some ended task before `index` wrote or holds. */
export function namesLeft(progress: readonly Progress[], index: number): readonly string[] {
  const followed = writersIn(progress)?.leftBefore(index);
  if (followed !== undefined) return followed;
  const names = progress
    .slice(0, index)
    .flatMap(({ result }) => [...Object.keys(result?.writes ?? {}), ...Object.keys(result?.held ?? {})]);
  return [...new Set(names)];
}

/** Those of them that are implicit. */
export function implicitNames(progress: readonly Progress[], index: number): ReadonlySet<string> {
  return new Set(writersIn(progress)?.implicitBefore(index) ?? namesLeft(progress, index).filter(isImplicit));
}

/** Names of builtins that some ended task before `index` made variables, as `from numpy import *` does with `sum`. */
export function shadowsBefore(progress: readonly Progress[], index: number): ReadonlySet<string> {
  const found = writersIn(progress)?.shadowsBefore(index);
  return new Set(found ?? progress.slice(0, index).flatMap(({ result }) => result?.shadows ?? []));
}

/** True when the compiler expects the task to write the variable (assumptions for lack of knowledge left out). */
export function isExpectedToWrite(task: Task, name: string): boolean {
  return task.accesses.some(
    (access) =>
      access.access !== 'read' &&
      !access.assumed &&
      access.resource.kind === 'variable' &&
      access.resource.name === name,
  );
}

/** Why a result may not be retired: the first name whose value is no longer the one it was made from. */
export function staleRead(
  progress: readonly Progress[],
  index: number,
  result: Pick<AttemptResult, 'reads' | 'shadowed'>,
  heldHere: ReadonlySet<string>,
): string | undefined {
  const names = new Set(Object.keys(result.reads));
  for (const name of implicitNames(progress, index)) if (!isQuiet(name)) names.add(name);
  for (const name of names) {
    if (heldHere.has(name)) continue;
    const origin = originOf(progress, name, index);
    const used = result.reads[name] ?? 'absent';
    const now = origin.kind === 'value' ? origin.binding.ref.content : origin.kind;
    if (used !== now) return name;
  }
  return unseenShadow(progress, index, result.shadowed);
}

/** A variable that an attempt may have read as the builtin of the same name, unseen. */
export function unseenShadow(
  progress: readonly Progress[],
  index: number,
  shadowed: readonly string[],
): string | undefined {
  return [...shadowsBefore(progress, index)].find((name) => !shadowed.includes(name));
}

/** A name whose content in `lost` is what a later task read. */
export function readFrom(lost: AttemptResult, { result }: Progress): string | undefined {
  return Object.entries(lost.writes).find(([name, { ref }]) => result?.reads[name] === ref.content)?.[0];
}

/**
 * What an attempt observed, with the names that its cell may delete among the reads. Bound and deleted again in one cell, a name that
 * was not loaded leaves no trace; whether an earlier cell has given it a value decides whether there was something to delete.
 */
export function withDeletions({ task, kept = [] }: Progress, result: AttemptResult): AttemptResult {
  const unread: Record<string, string> = {};
  for (const { resource, access } of task.accesses) {
    if (resource.kind === 'variable' && access === 'delete' && !kept.includes(resource.name))
      unread[resource.name] = 'absent';
  }
  return { ...result, reads: { ...unread, ...result.reads } };
}
