/**
 * The clock of a process counts from its start, so that a cell could not tell how long it is since another one in another process. All
 * processes of a run count from the same moment; what a cell saw on it says nothing in a later run.
 */
export class Clock {
  #isRead = false;

  /** @param origin the moment that all count from, in milliseconds since 1970 */
  install(origin: number): void {
    const read = performance.now.bind(performance);
    const shift = performance.timeOrigin - origin;
    const now = (): number => {
      this.#isRead = true;
      return read() + shift;
    };
    const describe = { configurable: true, enumerable: true };
    Object.defineProperty(performance, 'now', { ...describe, value: now, writable: true });
    Object.defineProperty(performance, 'timeOrigin', { ...describe, get: () => origin });
  }

  /** Whether a cell has looked at it since this was asked last. */
  wasRead(): boolean {
    const was = this.#isRead;
    this.#isRead = false;
    return was;
  }
}
