import type { RunContext, State } from './run-state.ts';
import { findReusable } from './take-from-cache.ts';

/**
 * Tasks that will be reused if what still runs before them changes nothing that they read. They are not started early: after the
 * edit of one cell that would take the cores from the only cells that have something new to do.
 */
export class ExpectedReuse {
  readonly #context: RunContext;
  readonly #states: readonly State[];
  readonly #known = new Map<State, boolean>();

  constructor(context: RunContext, states: readonly State[]) {
    this.#context = context;
    this.#states = states;
  }

  /** True when the results that are there now would let the task be taken from the cache. */
  has(state: State): boolean {
    const known = this.#known.get(state);
    if (known !== undefined) return known;
    const found = findReusable(this.#context, this.#states, state.index);
    const has = found !== undefined && 'entry' in found;
    this.#known.set(state, has);
    return has;
  }

  /** A task has given a result, or lost one, here or in a run that goes on beside: what was expected may not be so any more. */
  forget(): void {
    this.#known.clear();
  }
}
