import { createHash } from 'node:crypto';
import { describeResult, identityOf } from './cache.ts';
import type { RunContext, State } from './run-state.ts';
import { digestOfVariable } from './start-state.ts';

/**
 * Errors that a run of all cells in one process has shown to be the notebook's own. The same error from the same inputs needs no
 * second proof: whoever mends a late cell does not wait for all earlier ones each time.
 */
export class ConfirmedErrors {
  readonly #context: RunContext;
  readonly #states: readonly State[];
  #expected: { readonly state: State; readonly path: string; readonly outputs: string } | undefined;

  constructor(context: RunContext, states: readonly State[]) {
    this.#context = context;
    this.#states = states;
  }

  /**
   * True when this error of a task, which was fed from the store, was shown in an earlier run. Otherwise one process is about to show
   * it, or not, and `settle` compares.
   */
  has(state: State): boolean {
    const path = this.#path(state);
    this.#expected = path === undefined ? undefined : { state, path, outputs: JSON.stringify(state.outputs) };
    return path !== undefined && this.#context.readCache && this.#context.store.readDocument(path) !== undefined;
  }

  /** All cells have run in one process: keeps the expected error if that gave the very same. */
  settle(): void {
    if (this.#expected === undefined || !this.#context.useCache) return;
    const { state, path, outputs } = this.#expected;
    if (state.result?.status !== 'error' || JSON.stringify(state.outputs) !== outputs) return;
    this.#context.store.writeDocument(path, { code: state.task.code });
  }

  /** Where an error is kept; undefined when a later run could not tell whether its inputs are the same. */
  #path(state: State): string | undefined {
    // Its name would be a digest of all variables.
    if (this.#context.secrets.names.length > 0) return undefined;
    const entry = describeResult(this.#context, this.#states, state);
    if (typeof entry === 'string') return undefined;
    // Where modules were looked for and not found depends on those that the process had from the start.
    const files = entry.files.filter(({ digest }) => digest !== 'missing');
    // So it is with the variables that libraries read when they are imported; all of them are as good.
    const variables = { '*': digestOfVariable(this.#context.variables, '*') };
    const result = { ...entry.result, variables };
    const key = JSON.stringify([identityOf(state.task, { ...entry, files, result }), state.outputs]);
    return `errors/${createHash('sha256').update(key, 'utf8').digest('hex')}.json`;
  }
}
