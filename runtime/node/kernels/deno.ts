import type { MimeBundle } from '../../process/protocol.ts';
import type { Emit, Kernel } from './kernel.ts';

interface DenoConsole {
  readonly indentLevel?: number;
}

/** The parts of Deno that this needs. */
interface DenoNamespace {
  readonly internal: symbol;
  readonly noColor: boolean;
  readonly dlopen: (path: string, symbols: object) => unknown;
  readonly umask: (mask?: number) => number;
  readonly env: {
    get: (name: string) => string | undefined;
    set: (name: string, value: string) => void;
    delete: (name: string) => void;
    toObject: () => Record<string, string>;
  };
  jupyter?: object;
}

interface Internals {
  readonly Console: new (print: (text: string, level: number) => void) => DenoConsole;
  readonly inspectArgs: (args: readonly unknown[], options: { readonly colors: boolean }) => string;
}

const displaySymbol = Symbol.for('Jupyter.display');
/** Asked for, these tell who watches the process that what follows is its own doing, or the cell's again. */
export const marks = { aside: 'CELLWRIGHT_ASIDE', watched: 'CELLWRIGHT_WATCHED' };

/** A library that is nowhere. */
const notThere = '/dev/null/native-code';

type Displayable = Record<string | symbol, unknown>;

/** Cells as the kernel of Deno runs them. */
export class DenoKernel implements Kernel {
  readonly #deno: DenoNamespace;
  readonly #internals: Internals;
  readonly #env: DenoNamespace['env'];
  readonly #dlopen: DenoNamespace['dlopen'];
  readonly #umask: DenoNamespace['umask'];
  #emit: Emit = () => undefined;
  #groups = 0;
  readonly #timers = new Set<string>();
  readonly #counters = new Set<string>();
  #depth = 0;
  readonly prefix = "'use strict'; void 0;";

  constructor() {
    this.#deno = Reflect.get(globalThis, 'Deno') as DenoNamespace;
    this.#internals = Reflect.get(this.#deno, this.#deno.internal) as Internals;
    const { get, set, delete: remove, toObject } = this.#deno.env;
    this.#env = { get, set, delete: remove, toObject };
    this.#dlopen = this.#deno.dlopen;
    this.#umask = this.#deno.umask;
  }

  install(emit: Emit): void {
    this.#emit = emit;
    const made = new this.#internals.Console((text, level) => {
      emit({ kind: 'stream', name: level > 1 ? 'stderr' : 'stdout', text });
    });
    for (const key of Reflect.ownKeys(made)) {
      const found = Reflect.getOwnPropertyDescriptor(made, key);
      if (found !== undefined) Object.defineProperty(console, key, found);
    }
    this.#followConsole();
    const { html, md, svg, image, display, format, broadcast } = this.#displays();
    const jupyter = { broadcast, display, format, md, html, svg, image, $display: displaySymbol };
    this.#deno.jupyter = jupyter;
    const quiet = (event: Event): void => {
      event.preventDefault();
    };
    this.#installNames();
    // What nobody catches ends no kernel.
    const listen = Reflect.get(globalThis, 'addEventListener') as (
      type: string,
      listener: (event: Event) => void,
    ) => void;
    for (const type of ['error', 'unhandledrejection']) listen(type, quiet);
  }

  /** Names that the kernel has besides those of the engine. It never fills the first two. */
  #installNames(): void {
    for (const [name, what] of [
      ['_', 'evaluation result'],
      ['_error', 'thrown error'],
    ] as const) {
      const set = (value: unknown): void => {
        Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
        console.log(`Last ${what} is no longer saved to ${name}.`);
      };
      Object.defineProperty(globalThis, name, { get: () => undefined, set, configurable: true });
    }
    const own = { writable: true, enumerable: true, configurable: true };
    const clear: unknown = console.clear.bind(console);
    Object.defineProperty(globalThis, 'clear', { ...own, value: clear });
    for (const name of ['prompt', 'confirm']) {
      // The kernel would wait for a person, who is not there.
      const ask = {
        [name]: (): never => {
          throw new Error(`${name} asks a person, and nobody is there to answer: give the value as a parameter.`);
        },
      };
      Object.defineProperty(globalThis, name, { ...own, value: ask[name] });
    }
    Reflect.deleteProperty(globalThis, 'nodeBootstrap');
  }

  /** Groups that are open, counters and clocks are a state that later cells find. */
  #followConsole(): void {
    const follow = (name: string, note: (label: string) => void): void => {
      const before = Reflect.get(console, name) as (...args: unknown[]) => unknown;
      const after = {
        [name]: (...args: unknown[]): unknown => {
          const [label = 'default'] = args;
          note(typeof label === 'string' ? label : JSON.stringify(label));
          return before.apply(console, args);
        },
      };
      Object.defineProperty(console, name, {
        value: after[name],
        writable: true,
        enumerable: true,
        configurable: true,
      });
    };
    follow('group', () => this.#groups++);
    follow('groupCollapsed', () => this.#groups++);
    follow('groupEnd', () => (this.#groups = Math.max(0, this.#groups - 1)));
    follow('time', (label) => this.#timers.add(label));
    follow('timeEnd', (label) => this.#timers.delete(label));
    follow('count', (label) => this.#counters.add(label));
    follow('countReset', (label) => this.#counters.delete(label));
  }

  consoleState(): string | undefined {
    if (this.#groups > 0) return 'a group of the console that is open';
    if (this.#timers.size > 0) return 'a clock of the console';
    return this.#counters.size > 0 ? 'a counter of the console' : undefined;
  }

  async show(value: unknown): Promise<{ readonly data: MimeBundle; readonly metadata: MimeBundle } | undefined> {
    if (value === undefined || value === null || isLeftOut(value)) return undefined;
    return { data: await this.#format(value), metadata: {} };
  }

  async #format(value: unknown): Promise<MimeBundle> {
    const colors = !this.#deno.noColor;
    const asText = (): MimeBundle => ({ 'text/plain': this.#internals.inspectArgs(['%o', value], { colors }) });
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return asText();
    const thing = value as Displayable;
    const own = thing[displaySymbol];
    if (typeof own === 'function') return (await own.call(thing)) as MimeBundle;
    if (typeof value !== 'object') return asText();
    const known = await formatKnown(thing);
    return known ?? asText();
  }

  #displays(): Record<'html' | 'md' | 'svg' | 'image' | 'display' | 'format' | 'broadcast', unknown> {
    const bundleOf = (data: MimeBundle): Displayable => ({ [displaySymbol]: () => data });
    const asTag =
      (type: string) =>
      (strings: TemplateStringsArray, ...values: unknown[]) =>
        bundleOf({ [type]: String.raw({ raw: strings }, ...values) });
    const emit = (data: MimeBundle, metadata: MimeBundle, displayId?: string): void => {
      this.#emit({ kind: 'display', data, metadata, ...(displayId !== undefined && { displayId }) });
    };
    const display = async (value: unknown, options: { raw?: boolean; update?: boolean; display_id?: string } = {}) => {
      const data = options.raw === true ? (value as MimeBundle) : await this.#format(value);
      const { display_id: displayId } = options;
      if (options.update === true && displayId !== undefined)
        this.#emit({ kind: 'update-display', data, metadata: {}, displayId });
      else emit(data, {}, displayId);
    };
    const broadcast = async (type: string, content: Record<string, unknown>) => {
      await Promise.resolve();
      this.#broadcast(type, content);
    };
    const image = (source: string | Uint8Array) => {
      const data = typeof source === 'string' ? Buffer.from(readBytes(source)) : Buffer.from(source);
      return bundleOf({ [isPng(data) ? 'image/png' : 'image/jpeg']: data.toString('base64') });
    };
    const format = async (value: unknown) => await this.#format(value);
    return {
      html: asTag('text/html'),
      md: asTag('text/markdown'),
      svg: asTag('image/svg+xml'),
      image,
      display,
      format,
      broadcast,
    };
  }

  #broadcast(type: string, content: Record<string, unknown>): void {
    const {
      data = {},
      metadata = {},
      transient,
    } = content as { data?: MimeBundle; metadata?: MimeBundle; transient?: unknown };
    const displayId = (transient as { readonly display_id?: string } | undefined)?.display_id;
    if (type === 'display_data')
      this.#emit({ kind: 'display', data, metadata, ...(displayId !== undefined && { displayId }) });
    else if (type === 'update_display_data' && displayId !== undefined)
      this.#emit({ kind: 'update-display', data, metadata, displayId });
    else if (type === 'clear_output') this.#emit({ kind: 'clear', wait: content['wait'] === true });
    else if (type === 'stream')
      this.#emit({
        kind: 'stream',
        name: content['name'] === 'stderr' ? 'stderr' : 'stdout',
        text: String(content['text']),
      });
    // Comm messages go to a front end that is not there.
  }

  askForNativeCode(): void {
    try {
      this.#dlopen(notThere, {});
    } catch {
      // There is no such library; that somebody was asked is all.
    }
  }

  environment(): Record<string, string> {
    return this.aside(() => this.#env.toObject());
  }

  fileMask(next?: number): number {
    return this.aside(() => this.#umask(next));
  }

  setVariable(name: string, value: string | undefined): void {
    this.aside(() => {
      if (value === undefined) this.#env.delete(name);
      else this.#env.set(name, value);
    });
  }

  aside<T>(action: () => T): T {
    if (this.#depth++ === 0) this.#env.get(marks.aside);
    try {
      return action();
    } finally {
      if (--this.#depth === 0) this.#env.get(marks.watched);
    }
  }

  async asideAsync<T>(action: () => Promise<T>): Promise<T> {
    if (this.#depth++ === 0) this.#env.get(marks.aside);
    try {
      return await action();
    } finally {
      if (--this.#depth === 0) this.#env.get(marks.watched);
    }
  }
}

/** Results that the kernel does not show, since they cannot be said in JSON. */
function isLeftOut(value: unknown): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)));
}

function readBytes(path: string): Uint8Array {
  const deno = Reflect.get(globalThis, 'Deno') as { readFileSync: (path: string) => Uint8Array };
  return deno.readFileSync(path);
}

function isPng(data: Uint8Array): boolean {
  return data[0] === 0x89 && data[1] === 0x50;
}

/** What the kernel knows how to show although it does not say so itself; undefined for anything else. */
async function formatKnown(thing: Displayable): Promise<MimeBundle | undefined> {
  const has = (name: string): boolean => typeof thing[name] === 'function';
  const call = (name: string, ...args: unknown[]): unknown =>
    (thing[name] as (...given: unknown[]) => unknown)(...args);
  if (has('toDataURL')) return { 'image/png': String(call('toDataURL')).split(',')[1] ?? '' };
  if (has('toSpec')) return { 'application/vega.v5+json': call('toSpec') };
  if (has('toVegaSpec') || has('toSpecAsync')) return undefined;
  const outer = thing['outerHTML'];
  if (typeof outer === 'string') return { [/^<svg\b/i.test(outer) ? 'image/svg+xml' : 'text/html']: outer };
  if (has('toRecords') && Array.isArray(thing['columns'])) {
    await Promise.resolve(undefined);
    return;
  }
  return undefined;
}
