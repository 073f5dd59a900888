import { importsOf } from './import-steps.ts';
import { askedMeasures } from './measures/asked.ts';
import type { Binding, ToWorker } from './process/protocol.ts';
import { inputHistory } from './input-history.ts';
import type { RunContext, State } from './run-state.ts';
import { limitIn } from './timed-out.ts';
import {
  implicitNames,
  isShown,
  isExpectedToWrite,
  listOfNames,
  namesLeft,
  originOf,
  shadowsBefore,
  variablesBefore,
  type Origin,
} from './versions.ts';

/** How an attempt starts. */
export interface StartOptions {
  /** Names that stay in the process from the task before. */
  readonly keep: readonly string[];
  /** True when every earlier task is retired. */
  readonly head: boolean;
  /** The place of the first task whose imports the process may not have. */
  readonly importsFrom: number;
}

/** Every name that is loaded before the task starts: what it is expected to read, and all hidden state so far. */
export function namesToLoad(states: readonly State[], state: State): readonly string[] {
  return [...implicitNames(states, state.index), ...expectedReads(states, state)];
}

/** True when a task after the origin of a name, which has not ended yet, is expected to write it; any may add to the list of names. */
function isAwaited(unfinished: readonly State[], name: string, origin: Origin): boolean {
  if (name === listOfNames) return unfinished.length > 0;
  const from = origin.kind === 'absent' ? 0 : origin.at + 1;
  return unfinished.some(
    ({ index, task, result }) => index >= from && result === undefined && isExpectedToWrite(task, name),
  );
}

/** What to do about a name that a running attempt asked for: tell its value, let it wait, or go where the value is. */
export type NeedAnswer =
  | { readonly kind: 'tell'; readonly binding: Binding }
  | { readonly kind: 'wait' }
  | { readonly kind: 'elsewhere'; readonly origin: Origin & { readonly kind: 'held' | 'unsaved' } };

/** Decides on a need; a value that no store has is only moved to when every earlier task is retired. */
export function answerTo(
  states: readonly State[],
  state: State,
  need: State['needs'][number],
  head: number,
): NeedAnswer {
  const origin = originOf(states, need.name, state.index);
  // All before the head have retired.
  const unfinished = states.slice(head, state.index);
  if (!need.companion && isAwaited(unfinished, need.name, origin)) return { kind: 'wait' };
  if (origin.kind === 'value')
    return { kind: 'tell', binding: { ...origin.binding, shown: isShown(states, need.name, state.index) } };
  if (need.companion || origin.kind === 'absent') return { kind: 'tell', binding: { kind: origin.kind } };
  return state.index === head ? { kind: 'elsewhere', origin } : { kind: 'wait' };
}

/** The message that starts an attempt in a process. */
export function runMessage(
  context: Pick<RunContext, 'bundle' | 'cells' | 'profile' | 'timeout'>,
  states: readonly State[],
  state: State,
  { keep, head, importsFrom }: StartOptions,
): ToWorker {
  const { bundle, profile } = context;
  const { task, attempts, index } = state;
  const earlier = states.slice(importsFrom, index).filter((other) => other.task.executionCount > 0);
  return {
    type: 'run',
    attempt: String(attempts),
    task: task.id,
    source: task.source,
    ...(task.script !== undefined && { script: task.script }),
    executionCount: task.executionCount,
    inputHistory: inputHistory(context, states, index),
    imports: earlier.flatMap((other) => importsOf(other.task, profile)),
    certainImports: task.imports,
    preload: bindings(states, state, keep),
    exposes: task.exposes === '*' ? '*' : [...task.exposes, ...keep],
    shadowedBuiltins: [...new Set([...bundle.shadowedBuiltins, ...shadowsBefore(states, index)])],
    variables: head ? everyName(states, index) : [],
    head,
    keep,
    allowErrors: task.directives.raisesException,
    ...limitIn(context, task),
    ...askedMeasures(task),
  };
}

/** The contents that an attempt gets before it starts. */
export function contentsGiven(message: ToWorker): Readonly<Record<string, string>> {
  const preload = message.type === 'run' ? Object.entries(message.preload) : [];
  return Object.fromEntries(preload.flatMap(([name, one]) => (one.kind === 'value' ? [[name, one.ref.content]] : [])));
}

function expectedReads(states: readonly State[], { task, index }: State): ReadonlySet<string> {
  const names = new Set<string>(task.preload === '*' ? variablesBefore(states, index) : task.preload);
  const bound = new Set<string>();
  for (const { resource, access } of task.accesses) {
    if (resource.kind === 'variable' && access === 'bind') bound.add(resource.name);
  }
  for (const { resource, access } of task.accesses) {
    if (resource.kind !== 'variable' || access === 'bind') continue;
    // What the cell binds and then changes is its own value, not an earlier cell's.
    if (access !== 'mutate' || !bound.has(resource.name)) names.add(resource.name);
  }
  return names;
}

/** Every variable that an ended task before `index` left and kept. */
export function everyName(states: readonly State[], index: number): readonly string[] {
  return namesLeft(states, index).filter((name) => !name.includes(':'));
}

function bindings(states: readonly State[], state: State, keep: readonly string[]): Record<string, Binding> {
  const found: Record<string, Binding> = {};
  const list = state.task.preload === '*' ? [listOfNames] : [];
  for (const name of [...list, ...namesToLoad(states, state)]) {
    if (keep.includes(name)) continue;
    const origin = originOf(states, name, state.index);
    if (origin.kind !== 'value') continue;
    found[name] = { ...origin.binding, shown: isShown(states, name, state.index) };
  }
  return found;
}
