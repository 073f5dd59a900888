import type { RunEvent, TaskStatus } from '../event.ts';
import type { State } from '../run-state.ts';
import { observationOf } from './observation.ts';

/** The event of a task that has come to its end, with what it did. */
export function finishedEvent(
  state: Pick<State, 'task' | 'result' | 'outputs' | 'seconds' | 'because' | 'cached'> &
    Partial<Pick<State, 'fused' | 'place'>>,
  status: TaskStatus,
): RunEvent {
  const { task, result, outputs, seconds, because, cached, fused = [], place } = state;
  return {
    type: 'task-finished',
    task: task.id,
    name: task.name,
    status,
    seconds,
    reason: because,
    index: task.index,
    number: task.executionCount,
    code: task.code,
    ...(status === 'cached' && cached !== undefined ? { from: cached } : {}),
    ...(status === 'cached' || place === undefined ? {} : { place }),
    ...(fused.length > 0 && { fused }),
    ...(result === undefined ? {} : { observed: observationOf(result, outputs) }),
  };
}
