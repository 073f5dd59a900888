import type { Bundle, Task } from '../compiler/bundle/format.ts';
import type { ExpectedReuse } from './expected-reuse.ts';
import { isClosed } from './measures/gates.ts';
import { guardedNames, readName } from '../compiler/bundle/guarded-names.ts';
import type { Profile } from './profile.ts';
import { RestlessNames } from './restless-names.ts';
import { isFailure, type RunContext, type State } from './run-state.ts';
import type { Standing } from './standing.ts';
import { namesToLoad } from './task-inputs.ts';
import { FreeRoom } from './free-room.ts';
import { slotsOf } from './processor-share.ts';
import { wholeRoom } from './room.ts';
import { originOf } from './versions.ts';

/** Which tasks are worth waiting for. */
export interface Precedence {
  /** By the compiler's edges. */
  readonly expected: ReadonlyMap<State, readonly State[]>;
  /** By what earlier runs observed. */
  readonly learned: ReadonlyMap<State, readonly State[]>;
  /** By what this run has observed. */
  readonly restless: RestlessNames;
  /** The variables that each gate guards. */
  readonly guards: ReadonlyMap<State, ReadonlySet<string>>;
}

/** Joins the bundle's edges and the profile's pairs with the tasks of this run. */
export function precedenceOf(bundle: Bundle, states: readonly State[], profile: Profile): Precedence {
  const byId = new Map(states.map((state) => [state.task.id, state]));
  const byCode = new Map<string, State[]>();
  for (const state of states) {
    const equal = byCode.get(state.task.code);
    if (equal === undefined) byCode.set(state.task.code, [state]);
    else equal.push(state);
  }
  const expected = new Map<State, State[]>();
  const learned = new Map<State, State[]>();
  const add = (to: Map<State, State[]>, later: State | undefined, earlier: State | undefined): void => {
    if (later === undefined || earlier === undefined || earlier.index >= later.index) return;
    const list = to.get(later);
    if (list === undefined) to.set(later, [earlier]);
    else list.push(earlier);
  };
  for (const edge of bundle.edges) if (!edge.assumed) add(expected, byId.get(edge.to), byId.get(edge.from));
  for (const [writer, reader] of profile.waits) {
    for (const later of byCode.get(reader) ?? [])
      for (const earlier of byCode.get(writer) ?? []) add(learned, later, earlier);
  }
  const guards = new Map<State, ReadonlySet<string>>();
  for (const [id, names] of guardedNames(bundle)) {
    const gate = byId.get(id);
    if (gate !== undefined) guards.set(gate, names);
  }
  return { expected, learned, restless: new RestlessNames(), guards };
}

/** After a failure, what a task needs and does not get; undefined when it can run. */
export function unmetNeed(state: State, precedence: Precedence): string | undefined {
  const missing = (precedence.expected.get(state) ?? []).find(
    (other) => other.status === 'retired' && (other.result === undefined || isFailure(other) || isClosed(other)),
  );
  if (missing === undefined || missing.task.executionCount === 0) return guardedNeed(state, precedence);
  const what = missing.result === undefined ? 'did not run' : isClosed(missing) ? 'does not hold' : 'failed';
  return `needs ${missing.task.name}, which ${what}`;
}

/** What a task reads that a gate before it, which does not hold, has looked at. */
function guardedNeed(state: State, { guards }: Precedence): string | undefined {
  for (const [gate, names] of guards) {
    if (gate.index >= state.index || !(isClosed(gate) || isFailure(gate))) continue;
    const name = state.task.accesses.flatMap(readName).find((read) => names.has(read));
    if (name !== undefined) return `needs ${name}, for which ${gate.task.name} does not hold`;
  }
  return undefined;
}

/** So far past the head tasks are looked at, at least: it bounds the work of a step, and what is further away is rarely ready. */
const shortestWindow = 64;
/**
 * And for each task that may run at once. Tasks retire in order, so while one of them takes ten times as long as most, the others
 * must have enough before them.
 */
const windowOfJob = 16;

/** The place after the last task that is looked at. */
function endOfWindow(states: readonly State[], head: number, jobs: number): number {
  return Math.min(states.length, head + Math.max(shortestWindow, windowOfJob * jobs));
}

/** After so many attempts that were thrown away, a task waits until its inputs are final. */
const mostEarlyAttempts = 2;

/** True when a task that is not the head can start without harm: no process has its inputs for itself, and there is an end to attempts. */
function canStartEarly(states: readonly State[], state: State): boolean {
  if (state.drops >= mostEarlyAttempts) return false;
  return !namesToLoad(states, state).some((name) => {
    const { kind } = originOf(states, name, state.index);
    return kind === 'held' || kind === 'unsaved';
  });
}

/** A task without a result which another one is expected to need; undefined when all of them have one. */
function awaitedBy(
  { states, head }: Tasks,
  state: State,
  { expected, learned, restless }: Precedence,
): State | undefined {
  const isOpen = (other: State): boolean => other.result === undefined && other.status !== 'retired';
  const known = expected.get(state)?.find(isOpen) ?? learned.get(state)?.find(isOpen);
  if (known !== undefined || restless.size === 0) return known;
  const unfinished = states.slice(head, state.index).filter(isOpen);
  return unfinished.find((other) => restless.mayChange(other.task, state.task));
}

/** True when a task is expected to stay inside its process. */
function staysInside({ accesses }: Task): boolean {
  return !accesses.some((access) => access.resource.kind === 'outside' && !access.assumed);
}

/** What decides which tasks start before they are the head. */
export interface Choice {
  readonly context: Pick<RunContext, 'crew' | 'until' | 'isVariant' | 'disorder'>;
  readonly precedence: Precedence;
  readonly reuse: ExpectedReuse;
  readonly standing: Standing;
}

/** The tasks that are to start now, one after the other: the one before counts when the next is looked for. */
export function* startable(states: readonly State[], head: number, choice: Choice): Generator<State> {
  const { crew, until, isVariant, disorder } = choice.context;
  const free = new FreeRoom(crew);
  const near = choice.standing.near(endOfWindow(states, head, wholeRoom(crew.room)));
  for (const state of disorder?.order([...near]) ?? near) {
    if (state.status !== 'waiting' || state.task.executionCount === 0 || state.index > until) continue;
    const isHead = state.index === head;
    const slots = slotsOf(state.task, crew.room, state.isHome);
    if (slots > 1 && free.isTooLittle(slots, state.isHome)) {
      // Room is made for the head, which others could keep out for ever.
      if (isHead) free.close(state.isHome);
      continue;
    }
    if (free.in(state.isHome) <= 0 && (!isHead || isVariant)) {
      // Without room nobody but the head starts.
      if (free.isNone && disorder === undefined) return;
      continue;
    }
    if (!isHead && !startsEarly({ states, head }, state, choice)) continue;
    if (!crew.mayStart(state.task)) continue;
    yield state;
    free.take(slots, state.isHome);
  }
}

/** True when a task that is not the head is to start now. */
function startsEarly(tasks: Tasks, state: State, { precedence, reuse, context, standing }: Choice): boolean {
  const { disorder } = context;
  const awaited = awaitedBy(tasks, state, precedence);
  if (awaited !== undefined && disorder === undefined) {
    standing.putAside(state, awaited);
    return false;
  }
  const isLikely = awaited === undefined && staysInside(state.task);
  if (disorder === undefined && !isLikely) return false;
  if (!canStartEarly(tasks.states, state)) return false;
  const isWorthIt = isLikely && !reuse.has(state);
  return disorder?.startsEarly(isWorthIt) ?? isWorthIt;
}

/** All tasks, and where those begin that may not have ended. */
interface Tasks {
  readonly states: readonly State[];
  /** The place of the first that has not retired. */
  readonly head: number;
}
