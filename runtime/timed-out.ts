import { nothingObserved } from './nothing-observed.ts';
import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import type { Task } from '../compiler/bundle/format.ts';
import type { Holders } from './holders.ts';
import type { OutputMessage } from './process/protocol.ts';
import type { TaskProcess } from './process/worker-parent.ts';
import { tookTooLong } from './refusal.ts';
import type { RunContext, State } from './run-state.ts';
import { inWords, TimeLimit } from './time-limit.ts';

/** Seconds that the cell may run: its own directive, or what is said for all; undefined for any number. */
export function secondsAllowed({ timeout }: Pick<RunContext, 'timeout'>, task: Task): number | undefined {
  return task.directives.timeout ?? timeout;
}

/** The limit in a message to a worker. */
export function limitIn(context: Pick<RunContext, 'timeout'>, task: Task): { readonly timeout?: number } {
  const timeout = secondsAllowed(context, task);
  return timeout === undefined ? {} : { timeout };
}

/** The clock of an attempt that is about to start in a process. */
export function limitOf(context: RunContext, task: Task, process: TaskProcess): TimeLimit | undefined {
  const seconds = secondsAllowed(context, task);
  return seconds === undefined ? undefined : new TimeLimit(process, seconds);
}

/** An attempt has ended: one that took too long is a failure, whatever the cell did when it was interrupted. */
export function markTimeout(state: State): void {
  const { limit, result } = state;
  limit?.stop();
  if (limit?.isExceeded !== true || result === undefined) return;
  state.timedOut = true;
  state.result = { ...result, status: 'error' };
  if (!state.outputs.some(({ kind }) => kind === 'error')) state.outputs.push(errorAfter(limit.seconds));
}

/** An attempt whose process had to be killed. */
export function markKilled(state: State): void {
  state.result = { status: 'error', ...nothingObserved };
  state.seconds = state.limit?.seconds ?? 0;
  markTimeout(state);
}

/** True for an attempt, at its turn, whose process was killed because of its limit: the task has failed. */
export function endedByLimit(state: State, holders: Holders): boolean {
  if (state.limit?.isKilled !== true || state.permit !== 'given') return false;
  holders.lose(state);
  markKilled(state);
  state.status = 'ended';
  return true;
}

/** What there is to say of tasks that were stopped. */
export function timeoutsIn(states: readonly State[]): readonly Diagnostic[] {
  return states.flatMap(({ timedOut, task, limit }) =>
    timedOut === true ? [tookTooLong(task, limit?.seconds ?? 0)] : [],
  );
}

/** As `nbclient` calls it. */
function errorAfter(seconds: number): OutputMessage {
  const evalue = `the cell ran longer than ${inWords(seconds)}`;
  return { kind: 'error', ename: 'CellTimeoutError', evalue, traceback: [`CellTimeoutError: ${evalue}`] };
}
