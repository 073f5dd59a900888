import { availableParallelism } from 'node:os';
import type { Task } from '../compiler/bundle/format.ts';
import type { Room } from './room.ts';

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
