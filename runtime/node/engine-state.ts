import fs from 'node:fs';
import process from 'node:process';

// As they are before a cell can put others in their place.
const { readdirSync, readlinkSync } = fs;
const entries = performance.getEntries.bind(performance);

/** What of the engine a cell uses that is kept outside of all variables, and that no other process has. */
export type Use = 'storage' | 'last match' | 'number of the process' | 'address of an object';

interface Listening {
  readonly listeners: Readonly<Record<string, readonly unknown[]>>;
}

/** What the engine keeps for all that runs in a process, besides variables and its own objects. */
export class EngineState {
  readonly #events: () => string;
  readonly #eventsAtStart: string;
  readonly #processState: string;
  readonly #files: ReadonlySet<string>;

  /** @param told when a cell uses what no other process has */
  constructor(told: (use: Use) => void) {
    followStorage(told);
    followLastMatch(told);
    followNames(told);
    this.#processState = processState();
    this.#events = events();
    this.#eventsAtStart = this.#events();
    this.#files = new Set(openFiles());
  }

  /** What there is that was not there at the start, in words; undefined when there is nothing. @param opens whether files may have been opened by number */
  describe(opens: boolean): string | undefined {
    if (entries().length > 0) return 'a mark on the clock of its process';
    if (this.#events() !== this.#eventsAtStart) return 'a listener of its process';
    if (processState() !== this.#processState) return 'what the cell has set on its process';
    if (opens && openFiles().some((file) => !this.#files.has(file))) return 'a file that is open';
    return undefined;
  }
}

/** Storage of the kind that browsers have is asked for by these names; what is in it is in no file that anybody tells of. */
function followStorage(told: (use: Use) => void): void {
  for (const name of ['localStorage', 'sessionStorage', 'caches']) follow(globalThis, name, () => told('storage'));
}

/** `RegExp.$1` and the like tell of the last match of the whole process. */
function followLastMatch(told: (use: Use) => void): void {
  for (const name of Object.getOwnPropertyNames(RegExp))
    if (Reflect.getOwnPropertyDescriptor(RegExp, name)?.get !== undefined)
      follow(RegExp, name, () => told('last match'));
}

/** Numbers and texts that mean something in one process alone. */
function followNames(told: (use: Use) => void): void {
  const deno: unknown = Reflect.get(globalThis, 'Deno');
  for (const holder of [deno, process])
    if (typeof holder === 'object' && holder !== null) follow(holder, 'pid', () => told('number of the process'));
  const make = Reflect.get(URL, 'createObjectURL') as CallableFunction;
  function createObjectURL(...given: readonly unknown[]): unknown {
    told('address of an object');
    return Reflect.apply(make, URL, given) as unknown;
  }
  const before = Reflect.getOwnPropertyDescriptor(URL, 'createObjectURL');
  Reflect.defineProperty(URL, 'createObjectURL', { ...before, value: createObjectURL });
}

/** What a cell may have set on the object of its process. */
function processState(): string {
  const deno: unknown = Reflect.get(globalThis, 'Deno');
  const code: unknown = typeof deno === 'object' && deno !== null ? Reflect.get(deno, 'exitCode') : process.exitCode;
  return JSON.stringify([code, process.title, process.argv, Reflect.ownKeys(process).map(String)]);
}

/** Tells when a property is read. */
function follow(holder: object, name: string, told: () => void): void {
  const found = Reflect.getOwnPropertyDescriptor(holder, name);
  if (found?.configurable !== true) return;
  const [value, read, set] = ['value', 'get', 'set'].map((part) => Reflect.get(found, part) as unknown);
  function get(this: unknown): unknown {
    told();
    return typeof read === 'function' ? (Reflect.apply(read, this, []) as unknown) : value;
  }
  const also = typeof set === 'function' ? { set: set as (value: unknown) => void } : {};
  Reflect.defineProperty(holder, name, { get, ...also, enumerable: found.enumerable === true, configurable: true });
}

/** How many listeners there are of what, on the global object and on the process. */
function events(): () => string {
  const holder = Object.getOwnPropertySymbols(globalThis)
    .map((key) => Reflect.get(globalThis, key) as unknown)
    .find((value): value is Listening => typeof value === 'object' && value !== null && 'listeners' in value);
  const emitted = process as unknown as { readonly _events?: Readonly<Record<string, unknown>> };
  const count = (found: Readonly<Record<string, unknown>>): readonly string[] =>
    Object.keys(found)
      .map(
        (name) =>
          `${name} ${String(Array.isArray(found[name]) ? found[name].length : Number(found[name] !== undefined))}`,
      )
      .filter((one) => !one.endsWith(' 0'))
      .sort();
  return () => JSON.stringify([count(holder?.listeners ?? {}), count(emitted._events ?? {})]);
}

/** Files that this process has open by a number; empty where the system does not tell. What the engine opens for itself is in no folder of a notebook. */
function openFiles(): readonly string[] {
  try {
    return readdirSync('/proc/self/fd').flatMap((number) => {
      const path = target(number);
      return path.startsWith('/') &&
        !/^\/(?:dev|proc|sys)\/|\/(?:v8_code_cache|dep_analysis_cache|node_analysis_cache)_v\d/.test(path)
        ? [`${number} ${path}`]
        : [];
    });
  } catch {
    return [];
  }
}

function target(number: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${number}`);
  } catch {
    // The one by which the folder was read.
    return '';
  }
}
