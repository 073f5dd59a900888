import { availableParallelism } from 'node:os';
import type { Task } from '../compiler/bundle/format.ts';
import type { Room } from './room.ts';
import { isActive, type State } from './run-state.ts';

/**
 * How many of the tasks that may run at once one task counts for. A directive `cpu` says how much of the machine it takes, so it takes
 * the same share of them; a task without it counts for one. On other machines there is room for one task a processor.
 * @param isHome false: where it counts is other machines
 */
export function slotsOf({ directives }: Task, { home }: Pick<Room, 'home'>, isHome: boolean): number {
  const { cpu } = directives;
  if (cpu === undefined) return 1;
  return Math.max(1, Math.ceil(isHome ? (cpu * home) / availableParallelism() : cpu));
}

/** How many the attempts take in one of the two places that have a core to themselves now. */
export function slotsTaken(running: Iterable<State>, room: Pick<Room, 'home'>, isHome: boolean): number {
  let taken = 0;
  for (const state of running)
    if (state.isHome === isHome && isActive(state)) taken += slotsOf(state.task, room, isHome);
  return taken;
}
