import v8 from 'node:v8';

// As they are before a cell can put others in their place.
const { apply } = Reflect;
const insert = Reflect.get(Set.prototype, 'add') as CallableFunction;
const remove = Reflect.get(Set.prototype, 'delete') as CallableFunction;

type Timer = (...args: unknown[]) => unknown;

/** Work that goes on after a cell: timers that have not gone off, and promises that wait for something outside. */
export class Pending {
  readonly #timers = new Set<unknown>();
  readonly #promises = new Set<object>();
  #isWatching = false;

  install(): void {
    this.#follow('setTimeout', 'clearTimeout', true);
    this.#follow('setInterval', 'clearInterval', false);
    this.#hook();
  }

  #follow(start: string, stop: string, once: boolean): void {
    const [begin, end] = [start, stop].map((name) => Reflect.get(globalThis, name) as Timer);
    if (begin === undefined || end === undefined) return;
    const timers = this.#timers;
    const follow = {
      [start](callback: unknown, ...rest: unknown[]): unknown {
        if (typeof callback !== 'function') return begin.call(globalThis, callback, ...rest);
        const [delay, ...given] = rest;
        const timer = begin.call(
          globalThis,
          (...args: unknown[]): void => {
            if (once) apply(remove, timers, [timer]);
            apply(callback, globalThis, args);
          },
          delay,
          ...given,
        );
        apply(insert, timers, [timer]);
        return timer;
      },
      [stop](timer: unknown): unknown {
        apply(remove, timers, [timer]);
        return end.call(globalThis, timer);
      },
    };
    for (const name of [start, stop])
      Object.defineProperty(globalThis, name, {
        value: follow[name],
        writable: true,
        enumerable: true,
        configurable: true,
      });
  }

  #hook(): void {
    const began = (promise: object): void => {
      if (this.#isWatching) apply(insert, this.#promises, [promise]);
    };
    const settled = (promise: object): void => {
      apply(remove, this.#promises, [promise]);
    };
    const deno = Reflect.get(globalThis, 'Deno') as { readonly internal: symbol } | undefined;
    if (deno === undefined) {
      v8.promiseHooks.createHook({ init: began, settled });
      return;
    }
    const internals = Reflect.get(deno, deno.internal) as {
      readonly core: { setPromiseHooks: (...hooks: (((promise: object) => void) | undefined)[]) => void };
    };
    internals.core.setPromiseHooks(began, undefined, undefined, settled);
  }

  /** From now on promises are a cell's. */
  watch(): void {
    this.#isWatching = true;
  }

  /** The cell is over; what has only to be passed on is passed on. */
  async settle(): Promise<void> {
    this.#isWatching = false;
    if (this.#promises.size > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /** What goes on, in words; undefined when nothing does. */
  describe(): string | undefined {
    if (this.#timers.size > 0) return 'a timer that has not gone off';
    return this.#promises.size > 0 ? 'a promise that has not settled' : undefined;
  }
}
