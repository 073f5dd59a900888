import type { ChangedInputs } from './changed-input.ts';
import type { Crew } from './crew.ts';

/** A run's turn to act on the outside, among those that go on at the same time. */
export class Turn {
  readonly #crew: Crew;
  readonly #inputs: ChangedInputs;
  /** True once it has come. */
  hasCome = false;
  /** What runs before this one have changed that it had used: it has to be made again. */
  outdated: string | undefined;

  constructor(crew: Crew, inputs: ChangedInputs) {
    this.#crew = crew;
    this.#inputs = inputs;
  }

  /** Looks whether it comes; false when it does and what was done before does not count. */
  take(): boolean {
    if (this.hasCome || !this.#crew.isTurn) return true;
    this.#come();
    return this.outdated === undefined;
  }

  /** All tasks are over: what was done before the turn counts when nothing that it used has changed until then. */
  async end(holdsProcesses: boolean, mayCount: () => boolean): Promise<void> {
    await this.#crew.done(holdsProcesses);
    if (mayCount() && !this.hasCome && this.outdated === undefined) this.#come();
  }

  #come(): void {
    this.hasCome = true;
    this.outdated = this.#inputs.findOutdated();
  }
}
