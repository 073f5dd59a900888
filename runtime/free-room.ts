import type { Crew } from './crew.ts';
import { roomOf } from './room.ts';

/** How many tasks more may start now on this machine and on others, while some are started. Nobody asks for room where no task wants to start. */
export class FreeRoom {
  readonly #crew: Pick<Crew, 'room' | 'free'>;
  readonly #left = new Map<boolean, number>();

  constructor(crew: Pick<Crew, 'room' | 'free'>) {
    this.#crew = crew;
    if (!crew.room.isWide) this.#left.set(false, 0);
  }

  /** In one of the two places. */
  in(isHome: boolean): number {
    const left = this.#left.get(isHome) ?? this.#crew.free(isHome);
    this.#left.set(isHome, left);
    return left;
  }

  /** True where a task that counts for several does not fit yet: the run waits for so much room. */
  isTooLittle(slots: number, isHome: boolean): boolean {
    const isTooLittle = this.in(isHome) < Math.min(slots, roomOf(this.#crew.room, isHome));
    if (isTooLittle) this.#crew.free(isHome, slots);
    return isTooLittle;
  }

  /** True when it is known that nothing more can start in either place. */
  get isNone(): boolean {
    return [true, false].every((isHome) => (this.#left.get(isHome) ?? 1) <= 0);
  }

  /** A task was started. */
  take(slots: number, isHome: boolean): void {
    this.#left.set(isHome, this.in(isHome) - slots);
  }

  /** What is left there is kept for somebody. */
  close(isHome: boolean): void {
    this.#left.set(isHome, 0);
  }
}
