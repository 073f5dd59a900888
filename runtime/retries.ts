import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import type { Holders } from './holders.ts';
import { couldNotRetry, wasRetried } from './refusal.ts';
import type { RunContext, State } from './run-state.ts';
import { journalLength, lastingSince, undoSince } from './undo.ts';

/**
 * Further tries of cells that failed, where a directive asks for them. A try leaves nothing behind but a line in the record: the next
 * one has a new process, the same inputs, and the files as they were.
 */
export class Retries {
  readonly #context: Pick<RunContext, 'journal' | 'onEvent'>;
  readonly #holders: Holders;
  readonly #tell: (diagnostic: Diagnostic) => void;
  /** Why each try failed. */
  readonly #failures = new Map<State, string[]>();
  /** How much of the journal is of earlier cells. */
  readonly #marks = new Map<State, number>();

  constructor(
    context: Pick<RunContext, 'journal' | 'onEvent'>,
    holders: Holders,
    tell: (diagnostic: Diagnostic) => void,
  ) {
    this.#context = context;
    this.#holders = holders;
    this.#tell = tell;
  }

  /** From now on the task may act on the outside. */
  mayAct(state: State): void {
    if (triesOf(state) > 1) this.#marks.set(state, journalLength(this.#context.journal));
  }

  /** True when a task that has failed, at its turn, is to run again; what it has done to files is undone. */
  again(state: State): boolean {
    const tries = triesOf(state);
    const failures = this.#failures.get(state) ?? [];
    if (tries === 1 || state.memory?.isExceeded === true) return false;
    failures.push(failureOf(state));
    this.#failures.set(state, failures);
    if (failures.length >= tries) return false;
    const obstacle = this.#obstacle(state);
    if (obstacle !== undefined) {
      this.#tell(couldNotRetry(state.task, obstacle));
      return false;
    }
    // What is still going on in it must not change a file again.
    state.holder?.process.kill();
    undoSince(this.#context.journal, this.#markOf(state));
    const { id: task, name } = state.task;
    const [reason = ''] = failures.slice(-1);
    this.#context.onEvent({ type: 'task-retried', task, name, tried: failures.length, tries, reason });
    return true;
  }

  /** A task has given its result: says so, where it was not the first try. */
  succeeded(state: State): void {
    const failures = this.#failures.get(state) ?? [];
    if (failures.length > 0) this.#tell(wasRetried(state.task, failures));
    this.#failures.delete(state);
  }

  /** Why another try would not be the same, or might do harm; undefined when everything can be put back. */
  #obstacle(state: State): string | undefined {
    if ((state.kept ?? []).length > 0) return 'ran in the process of an earlier one, whose values it may have changed';
    const { journal } = this.#context;
    const mark = this.#markOf(state);
    // A thread that an earlier cell has left running writes to the same journal.
    if (this.#holders.areHolding && journalLength(journal) > mark)
      return 'changed files while the process of an earlier cell was still there';
    const lasting = lastingSince(journal, mark);
    return lasting.length === 0 ? undefined : lasting.join(', and ');
  }

  /** What never acted has nothing in it. */
  #markOf(state: State): number {
    return this.#marks.get(state) ?? journalLength(this.#context.journal);
  }
}

function triesOf({ task }: State): number {
  return 1 + (task.directives.retries ?? 0);
}

function failureOf({ outputs, result }: State): string {
  const error = outputs.findLast((output) => output.kind === 'error');
  if (result === undefined || error === undefined) return 'its process ended before the cell did';
  return `${error.ename}: ${error.evalue.split('\n')[0] ?? ''}`;
}
