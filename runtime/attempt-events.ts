import type { RunEvent } from './event.ts';
import type { Holder } from './holders.ts';
import type { State } from './run-state.ts';

/** An attempt begins. */
export function startedEvent({ task }: State, { process }: Holder, speculative: boolean): RunEvent {
  const { place } = process;
  return {
    type: 'task-started',
    task: task.id,
    name: task.name,
    speculative,
    ...(place !== undefined && { place }),
  };
}

/** An attempt does not count. */
export function droppedEvent({ task }: State, reason: string): RunEvent {
  return { type: 'task-dropped', task: task.id, name: task.name, reason };
}

/** A task runs in the process of an earlier one. */
export function fusedEvent({ task }: State, kept: readonly string[], reason: string): RunEvent {
  return { type: 'task-fused', task: task.id, name: task.name, with: kept.join(', '), reason };
}
