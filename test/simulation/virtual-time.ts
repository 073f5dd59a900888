/** Something that happens at a moment of virtual time. */
interface Moment {
  readonly at: number;
  /** Of two at the same moment the one that was planned first comes first. */
  readonly order: number;
  readonly happen: () => void;
}

/** Time that passes only from one planned moment to the next: hours of a cluster in seconds of this machine. */
export class VirtualTime {
  /** Seconds since the beginning. */
  now = 0;
  /** A heap: no moment is later than the two at twice its place. */
  readonly #heap: Moment[] = [];
  #planned = 0;

  after(seconds: number, happen: () => void): void {
    const moment = { at: this.now + seconds, order: this.#planned++, happen };
    let place = this.#heap.push(moment) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#heap[above];
      if (other === undefined || !isLater(other, moment)) break;
      this.#heap[place] = other;
      place = above;
    }
    this.#heap[place] = moment;
  }

  /** Lets the next moment happen; false when nothing is planned. */
  step(): boolean {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return false;
    if (this.#heap.length > 0) this.#sink(last);
    this.now = first.at;
    first.happen();
    return true;
  }

  #sink(moment: Moment): void {
    const size = this.#heap.length;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [one, two] = [this.#heap[left], this.#heap[left + 1]];
      if (left >= size || one === undefined) break;
      const [next, below] = two !== undefined && isLater(one, two) ? [left + 1, two] : [left, one];
      if (!isLater(moment, below)) break;
      this.#heap[place] = below;
      place = next;
    }
    this.#heap[place] = moment;
  }
}

function isLater(left: Moment, right: Moment): boolean {
  return left.at > right.at || (left.at === right.at && left.order > right.order);
}

/** Numbers between 0 and 1 that only depend on the seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
