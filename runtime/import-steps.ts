import type { Task } from '../compiler/bundle/format.ts';
import type { ImportStep, ValueRef } from './process/protocol.ts';
import type { Profile } from './profile.ts';
import type { State } from './run-state.ts';
import { originOf } from './versions.ts';
import { writersIn } from './writers.ts';

/** What modules may look at while they are imported. */
const decisive = ['state:environ', 'state:sys.path'];

/**
 * The imports that the process of a task starts with: what the cells before it import, in notebook order, and what its own cell
 * imports before it does anything else. Nothing that only a later cell imports: a module may register itself with others, or be an
 * attribute of its package.
 *
 * A cell that is expected to change the environment or the module search path ends the list until it has a result.
 */
export function importSteps(states: readonly State[], index: number, profile: Profile): readonly ImportStep[] {
  const steps: ImportStep[] = [];
  for (const earlier of tasksThatCount(states, index, profile)) {
    const { task, result } = earlier;
    const changed = decisive.filter((name) => result?.writes[name] !== undefined);
    const decides = changed.length > 0 || isExpectedToDecide(task);
    if (decides && result === undefined) return steps;
    addLeading(steps, task);
    const state = stateAfter(states, earlier.index, changed);
    if (state === undefined) return steps;
    const imports = importsOf(task, profile);
    if (imports.length > 0 || changed.length > 0) steps.push({ state, imports, ahead: false });
  }
  const own = states[index]?.task;
  if (own !== undefined) addLeading(steps, own);
  return steps;
}

/** By the tasks of a run: those that import something, or are expected to decide what imports do. */
const importing = new WeakMap<readonly State[], { readonly profile: Profile; readonly tasks: readonly State[] }>();

/** The executed tasks before a place that may have a step. */
function tasksThatCount(states: readonly State[], index: number, profile: Profile): readonly State[] {
  let known = importing.get(states);
  if (known?.profile !== profile) {
    const tasks = states.filter(({ task }) => importsOf(task, profile).length > 0 || isExpectedToDecide(task));
    known = { profile, tasks: tasks.filter(({ task }) => task.executionCount > 0) };
    importing.set(states, known);
  }
  const deciding = decisive.flatMap((name) => writersIn(states)?.places(name) ?? []).flatMap((at) => states[at] ?? []);
  const all = new Set([...known.tasks, ...deciding].filter((state) => state.index < index));
  return [...all].sort((left, right) => left.index - right.index);
}

/** A step of its own: where the task itself starts is on the way of the later ones. */
function addLeading(steps: ImportStep[], task: Task): void {
  const imports = task.imports.slice(0, task.leadingImports);
  if (imports.length > 0) steps.push({ state: {}, imports, ahead: true });
}

/** What a task imported, as statements. */
export function importsOf(task: Task, profile: Profile): readonly string[] {
  const observed = profile.imports[task.code] ?? [];
  return [...task.imports, ...observed.map((name) => `import ${name}`)];
}

function isExpectedToDecide(task: Task): boolean {
  return task.accesses.some(
    ({ resource, access }) =>
      access !== 'read' && resource.kind === 'state' && decisive.includes(`state:${resource.name}`),
  );
}

/** The state that a task left, where the store has it. */
function stateAfter(
  states: readonly State[],
  index: number,
  names: readonly string[],
): Readonly<Record<string, ValueRef>> | undefined {
  const state: Record<string, ValueRef> = {};
  for (const name of names) {
    const origin = originOf(states, name, index + 1);
    if (origin.kind !== 'value' || origin.binding.ref.object === '') return undefined;
    state[name] = origin.binding.ref;
  }
  return state;
}
