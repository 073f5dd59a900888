import { changedFile } from './cache.ts';
import type { AttemptResult } from './process/protocol.ts';
import type { RunContext, State } from './run-state.ts';
import { hashFile } from './store/digests.ts';
import { originOf, staleRead } from './versions.ts';

/** What an attempt has read and written so far. */
export type Observed = Pick<AttemptResult, 'reads' | 'shadowed' | 'filesRead' | 'filesWritten'>;

/** Compares what attempts used with what holds now. */
export class ChangedInputs {
  readonly #context: Pick<RunContext, 'notes'>;
  readonly #states: readonly State[];

  constructor(context: Pick<RunContext, 'notes'>, states: readonly State[]) {
    this.#context = context;
    this.#states = states;
  }

  /** The first input that is no longer what the attempt saw. */
  find(state: State, result: Observed, heldHere: ReadonlySet<string>): string | undefined {
    const stale = staleRead(this.#states, state.index, result, heldHere);
    if (stale !== undefined) this.learn(state, stale);
    return stale ?? (state.permit === 'given' ? undefined : changedFile(result));
  }

  /** Next time the task waits for the one that wrote the name. */
  learn(state: State, name: string): void {
    const origin = originOf(this.#states, name, state.index);
    const writer = origin.kind === 'absent' ? undefined : this.#states[origin.at];
    if (writer !== undefined) this.#context.notes.tooEarly(writer.task, state.task);
  }

  /** A file that a retired task used, or left when it ran in an earlier run, and that is not so any more. */
  findOutdated(): string | undefined {
    for (const { status, result, left } of this.#states) {
      if (status !== 'retired' || result === undefined) continue;
      const changed = changedFile(result) ?? Object.keys(left).find((path) => hashFile(path) !== left[path]);
      if (changed !== undefined) return changed;
    }
    return undefined;
  }
}
