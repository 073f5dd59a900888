import type { TaskProcess } from './process/worker-parent.ts';

/** Milliseconds between two looks. */
const interval = 100;

/**
 * The limit of memory of one cell, which has its process to itself. The process is ended when it is beyond. A limit that the system keeps
 * would let an allocation fail instead, and a cell can catch that and go on with another result.
 */
export class MemoryLimit {
  readonly bytes: number;
  /** The most that was seen, in bytes. */
  peak = 0;
  readonly #started = performance.now();
  readonly #process: Pick<TaskProcess, 'memory' | 'kill'>;
  readonly #timer: NodeJS.Timeout;

  constructor(process: Pick<TaskProcess, 'memory' | 'kill'>, bytes: number) {
    this.bytes = bytes;
    this.#process = process;
    this.#timer = setInterval(() => {
      this.#look();
    }, interval);
  }

  /** Seconds since the process got its cell. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** True when the process was ended because of it. */
  get isExceeded(): boolean {
    return this.peak > this.bytes;
  }

  /** The cell is over, or of no interest any more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.peak = Math.max(this.peak, this.#process.memory?.() ?? 0);
    if (!this.isExceeded) return;
    this.stop();
    this.#process.kill();
  }
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** An amount of memory in words; near a limit three digits tell it from that. */
export function memoryInWords(bytes: number): string {
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  const amount = bytes / 1024 ** step;
  return `${Number.isInteger(amount) ? String(amount) : amount.toPrecision(amount >= 1000 ? 4 : 3)} ${units[step] ?? ''}`;
}
