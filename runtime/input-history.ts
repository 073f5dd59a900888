import type { InputHistory } from './process/protocol.ts';
import type { RunContext, State } from './run-state.ts';

type Texts = InputHistory['others'];

/** By the tasks of a run: the executed cells whose text is not the one that processes were started with. */
const different = new WeakMap<readonly State[], Texts>();

/** Sources of the executed cells before a task that is executed, for `In`: those that its process does not know are told. */
export function inputHistory(
  { cells }: Pick<RunContext, 'cells'>,
  states: readonly State[],
  index: number,
): InputHistory {
  const count = (states[index]?.task.executionCount ?? 1) - 1;
  let all = different.get(states);
  if (all === undefined) {
    const executed = states.filter(({ task }) => task.executionCount > 0);
    all = executed.flatMap(({ task }, place): Texts =>
      cells[place]?.[1] === task.source ? [] : [[place, task.source]],
    );
    different.set(states, all);
  }
  return { count, others: all.filter(([place]) => place < count) };
}
