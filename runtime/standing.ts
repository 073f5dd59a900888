import { followProperty } from './follow-property.ts';
import type { State } from './run-state.ts';

/** Where the tasks of a run stand. It follows each of them, so that nobody goes through all to find those that are to be looked at. */
export class Standing {
  /** In the order in which they began. */
  readonly running: Set<State> = new Set<State>();
  readonly #states: readonly State[];
  /** No task before it waits. */
  #waiting = 0;

  constructor(states: readonly State[]) {
    this.#states = states;
    for (const state of states)
      followProperty(state, 'status', (_before, status) => {
        if (status === 'running') this.running.add(state);
        else this.running.delete(state);
        if (status === 'waiting') this.#waiting = Math.min(this.#waiting, state.index);
      });
  }

  /** Attempts that wait for an answer, in notebook order. */
  asking(): readonly State[] {
    const found = [...this.running].filter(({ permit, needs }) => permit === 'asked' || needs.length > 0);
    return found.sort((left, right) => left.index - right.index);
  }

  /** The first task that waits, or the number of tasks when none does. */
  get firstWaiting(): number {
    while (this.#waiting < this.#states.length && this.#states[this.#waiting]?.status !== 'waiting') this.#waiting++;
    return this.#waiting;
  }
}
