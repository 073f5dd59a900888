import { nothingObserved } from './nothing-observed.ts';
import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import type { Task } from '../compiler/bundle/format.ts';
import { memoryInWords, MemoryLimit } from './memory-limit.ts';
import type { Holders } from './holders.ts';
import type { OutputMessage } from './process/protocol.ts';
import type { TaskProcess } from './process/worker-parent.ts';
import { tookTooLong, usedTooMuch } from './refusal.ts';
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

/** Both limits of an attempt that is about to start. Values that stay in the process from earlier cells are not its own use of memory. */
export function startLimits(context: RunContext, state: State, process: TaskProcess): void {
  const { mem } = state.task.directives;
  state.limit = limitOf(context, state.task, process);
  state.memory = mem === undefined || (state.kept ?? []).length > 0 ? undefined : new MemoryLimit(process, mem);
}

/** The attempt is over, or of no interest any more. */
export function stopLimits({ limit, memory }: Pick<State, 'limit' | 'memory'>): void {
  limit?.stop();
  memory?.stop();
}

/** An attempt has ended: one that took too long is a failure, whatever the cell did when it was interrupted. */
export function markTimeout(state: State): void {
  const { limit, result } = state;
  stopLimits(state);
  if (limit?.isExceeded !== true || result === undefined) return;
  state.timedOut = true;
  state.result = { ...result, status: 'error' };
  if (!state.outputs.some(({ kind }) => kind === 'error')) state.outputs.push(errorAfter(limit.seconds));
}

/** An attempt whose process had to be killed. */
export function markKilled(state: State): void {
  const { memory } = state;
  state.result = { status: 'error', ...nothingObserved, peakMemory: memory?.peak ?? 0 };
  state.seconds = state.limit?.seconds ?? 0;
  markTimeout(state);
  if (memory?.isExceeded !== true) return;
  state.seconds = memory.seconds;
  state.timedOut = true;
  state.outputs.push(errorBeyond(memory));
}

/** True for an attempt, at its turn, whose process was killed because of its limit: the task has failed. */
export function endedByLimit(state: State, holders: Holders): boolean {
  const isKilled = state.limit?.isKilled === true || state.memory?.isExceeded === true;
  if (!isKilled || state.permit !== 'given') return false;
  holders.lose(state);
  markKilled(state);
  state.status = 'ended';
  return true;
}

/** What there is to say of tasks that were stopped. */
export function timeoutsIn(states: readonly State[]): readonly Diagnostic[] {
  return states.flatMap(({ timedOut, task, limit, memory }) => {
    if (timedOut !== true) return [];
    return memory?.isExceeded === true ? [usedTooMuch(task, memory)] : [tookTooLong(task, limit?.seconds ?? 0)];
  });
}

/** Named after that of a limit of time. */
function errorBeyond({ peak, bytes }: MemoryLimit): OutputMessage {
  const evalue = `the cell used ${memoryInWords(peak)} of memory, more than its limit of ${memoryInWords(bytes)}`;
  return { kind: 'error', ename: 'CellMemoryError', evalue, traceback: [`CellMemoryError: ${evalue}`] };
}

/** As `nbclient` calls it. */
function errorAfter(seconds: number): OutputMessage {
  const evalue = `the cell ran longer than ${inWords(seconds)}`;
  return { kind: 'error', ename: 'CellTimeoutError', evalue, traceback: [`CellTimeoutError: ${evalue}`] };
}
