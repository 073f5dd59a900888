import type { Holder } from './holders.ts';
import type { RunContext, State } from './run-state.ts';
import { contentsGiven, runMessage } from './task-inputs.ts';

/** An attempt and the process that it is to be made in. */
interface Work {
  readonly state: State;
  readonly holder: Holder;
  /** True: it may act on the outside. */
  readonly head: boolean;
}

/** Gives a process its work. */
export function beginWork(context: RunContext, states: readonly State[], { state, holder, head }: Work): void {
  const keep = state.kept ?? [];
  const order = runMessage(context, states, state, { keep, head, importsFrom: holder.at });
  holder.at = state.index;
  state.given = contentsGiven(order);
  holder.process.send(order);
}
