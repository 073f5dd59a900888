import type { Bundle } from '../compiler/bundle/format.ts';
import type { Binding, ToWorker } from './process/protocol.ts';
import { inputHistory, type State } from './run-state.ts';
import {
  implicitNames,
  isExpectedToWrite,
  listOfNames,
  originOf,
  shadowsBefore,
  variablesBefore,
  type Origin,
} from './versions.ts';

/** Every name that is loaded before the task starts: what it is expected to read, and all hidden state so far. */
export function namesToLoad(states: readonly State[], state: State): readonly string[] {
  return [...implicitNames(states, state.index), ...expectedReads(states, state)];
}

/** True when a task after the origin of a name, which has not ended yet, is expected to write it; any may add to the list of names. */
export function isAwaited(states: readonly State[], state: State, name: string, origin: Origin): boolean {
  if (name === listOfNames) return states.slice(0, state.index).some((other) => other.status !== 'retired');
  const from = origin.kind === 'absent' ? 0 : origin.at + 1;
  return states
    .slice(from, state.index)
    .some((other) => other.result === undefined && other.status !== 'retired' && isExpectedToWrite(other.task, name));
}

/** The message that starts an attempt in a process that keeps `keep` from the task before. */
export function runMessage(
  bundle: Bundle,
  states: readonly State[],
  state: State,
  keep: readonly string[],
  head: boolean,
): ToWorker {
  const { task, attempts, index } = state;
  return {
    type: 'run',
    attempt: String(attempts),
    task: task.id,
    source: task.source,
    executionCount: task.executionCount,
    inputHistory: inputHistory(states, index),
    preload: bindings(states, state, keep),
    exposes: task.exposes === '*' ? '*' : [...task.exposes, ...keep],
    shadowedBuiltins: [...new Set([...bundle.shadowedBuiltins, ...shadowsBefore(states, index)])],
    variables: head ? everyName(states, index) : [],
    head,
    keep,
    allowErrors: task.directives.raisesException,
  };
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
  const names = new Set<string>();
  for (const { result } of states.slice(0, index)) {
    for (const name of [...Object.keys(result?.writes ?? {}), ...Object.keys(result?.held ?? {})]) names.add(name);
  }
  return [...names].filter((name) => !name.includes(':'));
}

function bindings(states: readonly State[], state: State, keep: readonly string[]): Record<string, Binding> {
  const found: Record<string, Binding> = {};
  const list = state.task.preload === '*' ? [listOfNames] : [];
  for (const name of [...list, ...namesToLoad(states, state)]) {
    if (keep.includes(name)) continue;
    const origin = originOf(states, name, state.index);
    if (origin.kind === 'value') found[name] = origin.binding;
  }
  return found;
}
