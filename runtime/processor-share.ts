import { availableParallelism } from 'node:os';
import type { Task } from '../compiler/bundle/format.ts';
import { isActive, type State } from './run-state.ts';

/**
 * How many of the tasks that may run at once one task counts for. A directive `cpu` says how much of the machine it takes, so it takes
 * the same share of them; a task without it counts for one.
 * @param jobs how many tasks may run at once
 */
export function slotsOf({ directives }: Task, jobs: number): number {
  const { cpu } = directives;
  return cpu === undefined ? 1 : Math.max(1, Math.ceil((cpu * jobs) / availableParallelism()));
}

/** How many the attempts take that have a core to themselves now. */
export function slotsTaken(running: Iterable<State>, jobs: number): number {
  let taken = 0;
  for (const state of running) if (isActive(state)) taken += slotsOf(state.task, jobs);
  return taken;
}
