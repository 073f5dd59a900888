import type { ClockMessage } from './process/protocol.ts';
import type { TaskProcess } from './process/worker-parent.ts';

/** Seconds that an interrupted cell has to clean up before its process is killed. */
const grace = 5;
/** Milliseconds between two attempts to interrupt: the first may meet the worker where it must not be interrupted. */
const again = 100;

/**
 * The clock of one cell with a limit of time. When it has run that long it is interrupted, as a kernel interrupts a cell, so that `finally` runs and
 * the traceback shows where it was; native code that does not let itself be interrupted is killed a little later.
 */
export class TimeLimit {
  readonly #process: Pick<TaskProcess, 'interrupt' | 'kill'>;
  readonly seconds: number;
  #timers: NodeJS.Timeout[] = [];
  #isInterrupted = false;
  #isExceeded = false;
  #isKilled = false;

  constructor(process: Pick<TaskProcess, 'interrupt' | 'kill'>, seconds: number) {
    this.#process = process;
    this.seconds = seconds;
  }

  /** True when the cell ran longer than it may, whether it was interrupted or came to an end meanwhile. */
  get isExceeded(): boolean {
    return this.#isExceeded;
  }

  /** True when its process was killed because of that. */
  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Takes in what the worker says of the cell. */
  hear({ state, spent }: ClockMessage): void {
    if (state === 'interrupted') this.#isInterrupted = true;
    this.#isExceeded ||= state === 'interrupted' || spent > this.seconds;
    this.stop();
    if (state !== 'waits' && state !== 'ends') this.#goOn(spent);
  }

  /** The cell is over, or of no interest any more. */
  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  #goOn(spent: number): void {
    if (!this.#isInterrupted) {
      this.#after(this.seconds - spent, () => {
        this.#timers.push(
          setInterval(() => {
            this.#process.interrupt();
          }, again),
        );
        this.#process.interrupt();
      });
    }
    this.#after(this.seconds + grace - spent, () => {
      this.stop();
      this.#isExceeded = this.#isKilled = true;
      this.#process.kill();
    });
  }

  #after(seconds: number, action: () => void): void {
    const milliseconds = Math.max(0, seconds * 1000);
    // A timer of more than 24 days would go off at once.
    if (milliseconds < 2 ** 31) this.#timers.push(setTimeout(action, milliseconds));
  }
}

/** A number of seconds. */
export function inWords(seconds: number): string {
  return seconds === 1 ? '1 second' : `${String(seconds)} seconds`;
}
