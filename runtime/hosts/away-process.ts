import type { FromAttempt, ToWorker } from '../process/protocol.ts';
import type { Displacement, TaskProcess } from '../process/worker-parent.ts';
import type { Variables } from '../variables.ts';
import { asFromHere, whyHome } from './acceptance.ts';

/** What is around a process on another machine. */
export interface Surroundings {
  /** The machine. */
  readonly place: string;
  /** Environment variables of the cells, here. */
  readonly variables: Variables;
  /** True once the machine itself is lost. */
  readonly isLost: () => boolean;
  /** The process has something to do, or nothing any more. */
  readonly onBusy: (isBusy: boolean) => void;
}

const tookLonger = 'it took longer than it may there';

/**
 * A process on another machine, as the scheduler sees it. It never acts on the outside and its attempts count only where nothing that they
 * saw is different here: what cannot count is displaced.
 */
export class AwayProcess implements TaskProcess {
  readonly #inner: TaskProcess;
  readonly #around: Surroundings;
  #isBusy = true;
  #isDisplaced = false;
  #isKilled = false;
  #isInterrupted = false;
  onMessage: (message: FromAttempt) => void = () => undefined;
  onExit: () => void = () => undefined;
  onDisplaced: (displacement: Displacement) => void = () => undefined;

  constructor(inner: TaskProcess, around: Surroundings) {
    this.#inner = inner;
    this.#around = around;
    inner.onMessage = (message) => {
      this.#receive(message);
    };
    inner.onExit = () => {
      this.#ended();
    };
    // It may have gone before anybody listened.
    if (inner.isGone) this.#rest();
  }

  get pid(): number {
    return this.#inner.pid;
  }

  get place(): string {
    return this.#around.place;
  }

  get isGone(): boolean {
    return this.#inner.isGone;
  }

  send(message: ToWorker): void {
    if (message.type === 'run') this.#work();
    // Whatever it does to the outside it asks for, and does not get.
    this.#inner.send(message.type === 'run' ? { ...message, head: false, variables: [] } : message);
  }

  interrupt(): void {
    this.#isInterrupted = true;
    this.#inner.interrupt();
  }

  kill(): void {
    // By the limit of its time, when its attempt still counts.
    this.#isKilled = this.#isBusy;
    this.#rest();
    this.#inner.kill();
  }

  #receive(message: FromAttempt): void {
    if (this.#isDisplaced) return;
    if (message.type === 'done') this.#rest();
    const isLate = message.type === 'done' && this.#isInterrupted;
    const reason = isLate ? tookLonger : whyHome(message, this.#around.variables);
    if (reason === undefined) this.onMessage(asFromHere(message));
    else this.#displace({ isForHome: true, reason: `made again here: ${reason}` });
  }

  #ended(): void {
    const wasBusy = this.#isBusy;
    this.#rest();
    const { place, isLost } = this.#around;
    if (this.#isKilled && !this.#isDisplaced) {
      this.#displace({ isForHome: true, reason: `made again here: ${tookLonger}` });
    } else if (wasBusy && !this.#isDisplaced) {
      const what = isLost() ? `${place} was lost` : `its process on ${place} ended`;
      this.#displace({ isForHome: false, reason: what });
    }
    this.onExit();
  }

  #displace(displacement: Displacement): void {
    this.#isDisplaced = true;
    this.onDisplaced(displacement);
  }

  #work(): void {
    this.#isInterrupted = false;
    if (!this.#isBusy) this.#around.onBusy(true);
    this.#isBusy = true;
  }

  #rest(): void {
    if (this.#isBusy) this.#around.onBusy(false);
    this.#isBusy = false;
  }
}
