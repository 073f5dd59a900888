import type { Inspector } from './inspector.ts';

/** How a variable came to be: this decides what may be done with it. */
export type Kind = 'const' | 'let' | 'var' | 'property';

/** A variable of the notebook. */
export interface Variable {
  readonly kind: Kind;
  readonly value: unknown;
}

/** Gives a variable that this process does not have; undefined when there is none. */
export type Fault = (name: string) => Variable | undefined;

const handle = Symbol.for('cellwright.values');
const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** The variables of the notebook that this process has. */
export class Scope {
  readonly #inspector: Inspector;
  /** What is a property of the global object from the start, with what it was. */
  readonly baseline: ReadonlyMap<PropertyKey, PropertyDescriptor>;
  /** Variables that were asked for while a cell ran: they are served, not declared. */
  readonly served: Map<string, { kind: Kind; value: unknown }> = new Map();
  /** A variable whose initializer has thrown: who looks for it gets an error, whatever he asks. */
  unset: string | undefined;
  readonly #expected = new Set<string>();
  #fault: Fault = () => undefined;
  #watches = false;

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
    this.#install();
    const keys = Reflect.ownKeys(globalThis);
    this.baseline = new Map(keys.map((key) => [key, Reflect.getOwnPropertyDescriptor(globalThis, key) ?? {}]));
  }

  /** Names that no variable has are asked for here. */
  watch(fault: Fault): void {
    this.#fault = fault;
    this.#watches = true;
  }

  /** True for what the kernel itself has under this name. */
  isBaseline(name: string): boolean {
    return this.baseline.has(name) || Reflect.has(Object.getPrototypeOf(globalThis) as object, name);
  }

  unwatch(): void {
    this.#watches = false;
  }

  /** Between the global object and its prototype, where names come that the global object does not have. */
  #install(): void {
    const behind = Object.getPrototypeOf(globalThis) as object;
    const find = (key: PropertyKey): { kind: Kind; value: unknown } | undefined =>
      typeof key === 'string' && !Reflect.has(behind, key) ? this.#find(key) : undefined;
    // Who looks up a name asks first whether it is there; who reads a property does not, and finds no `let` and no `const`.
    let looked: PropertyKey | undefined;
    const findFor = (key: PropertyKey): { kind: Kind; value: unknown } | undefined => {
      const isName = looked === key;
      looked = undefined;
      const found = find(key);
      return isName || found === undefined || isOnGlobal(found.kind) ? found : undefined;
    };
    const door = new Proxy(behind, {
      has: (_, key) => {
        looked = key;
        return Reflect.has(behind, key) || find(key) !== undefined;
      },
      get: (_, key, receiver: unknown) => {
        const found = findFor(key);
        return found === undefined ? (Reflect.get(behind, key, receiver) as unknown) : found.value;
      },
      set: (...[, key, value, receiver]: readonly [object, PropertyKey, unknown, unknown]) => {
        // Nobody asks first here. Notebooks that look on the global object for what cells declare run in one process.
        looked = undefined;
        const found = find(key);
        if (found === undefined) return Reflect.set(behind, key, value, receiver);
        if (found.kind === 'const') throw new TypeError('Assignment to constant variable.');
        found.value = value;
        return true;
      },
      getPrototypeOf: () => behind,
    });
    Object.setPrototypeOf(globalThis, door);
  }

  #find(name: string): { kind: Kind; value: unknown } | undefined {
    const served = this.served.get(name);
    if (served !== undefined || !this.#watches || !identifier.test(name)) return served;
    const found = this.#fault(name);
    if (found === undefined) return undefined;
    const kept = { ...found };
    this.served.set(name, kept);
    return kept;
  }

  /** Declares variables as earlier cells have. */
  async declare(variables: ReadonlyMap<string, Variable>): Promise<void> {
    const values: Record<string, unknown> = {};
    const words: string[] = [];
    for (const [name, { kind, value }] of variables) {
      this.served.delete(name);
      values[name] = value;
      if (kind === 'property') Reflect.set(globalThis, name, value);
      else words.push(`${kind} ${name} = globalThis[Symbol.for("cellwright.values")].${name};`);
    }
    if (words.length === 0) return;
    Object.defineProperty(globalThis, handle, { value: values, configurable: true });
    const { threw, value } = await this.#inspector.run(words.join(' '));
    Reflect.deleteProperty(globalThis, handle);
    if (threw) throw new Error(`the variables could not be declared: ${String(value)}`);
  }

  /** The first property of the global object that is no ordinary variable, so that no other process can have it; undefined when there is none. */
  unusual(): string | undefined {
    for (const key of Reflect.ownKeys(globalThis)) {
      if (this.baseline.has(key)) continue;
      const described = Reflect.getOwnPropertyDescriptor(globalThis, key);
      const isOrdinary = described?.writable === true && described.enumerable === true;
      if (!isOrdinary || typeof key === 'symbol' || !identifier.test(key)) return String(key);
    }
    return Object.isExtensible(globalThis) ? undefined : 'the global object';
  }

  /**
   * Names that a script declares with `var`: it keeps what earlier cells have given them, so who reads one before the script has written to it
   * has to be given that. Nobody is asked for one that is written first. Before the names are watched.
   */
  expect(names: readonly string[]): void {
    for (const name of names) {
      if (name in globalThis) continue;
      this.#expected.add(name);
      const become = (value: unknown, kind: Kind = 'var'): void => {
        this.#expected.delete(name);
        const configurable = kind === 'property';
        Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable });
      };
      const get = (): unknown => {
        const found = this.#fault(name);
        become(found?.value, found?.kind);
        return found?.value;
      };
      const set = (value: unknown): void => {
        become(value);
      };
      Object.defineProperty(globalThis, name, { get, set, enumerable: true, configurable: true });
    }
  }

  /** The cell is over: what it has declared and not touched is what it was, or undefined. */
  settleExpected(): void {
    for (const name of this.#expected) void Reflect.get(globalThis, name);
  }

  /** Every variable of the notebook that is here, with what it holds. */
  async all(): Promise<Map<string, Variable>> {
    const found = new Map<string, Variable>();
    for (const key of Reflect.ownKeys(globalThis)) {
      if (typeof key !== 'string' || this.baseline.has(key)) continue;
      const described = Reflect.getOwnPropertyDescriptor(globalThis, key);
      if (described === undefined) continue;
      const kind = described.configurable === false ? 'var' : 'property';
      // To ask a getter could be seen.
      found.set(key, { kind, value: described.value as unknown });
    }
    for (const [name, variable] of this.served) found.set(name, { ...variable });
    for (const [name, variable] of await this.#lexical()) found.set(name, variable);
    return found;
  }

  async #lexical(): Promise<ReadonlyMap<string, Variable>> {
    const names = [...(await this.#inspector.lexicalNames())].filter((name) => identifier.test(name));
    const found = new Map<string, Variable>();
    if (names.length === 0) return found;
    const readers = names.map((name) => `[() => ${name}, (value) => { ${name} = value }]`);
    const { value } = await this.#inspector.run(`[${readers.join(', ')}]`);
    const pairs = value as readonly (readonly [() => unknown, (value: unknown) => void])[];
    names.forEach((name, place) => {
      const [get, set] = pairs[place] ?? [];
      if (get === undefined || set === undefined) return;
      const read = attempt(get);
      if (!read.ok) {
        this.unset ??= name;
        return;
      }
      const isConstant = !attempt(() => {
        set(read.value);
      }).ok;
      found.set(name, { kind: isConstant ? 'const' : 'let', value: read.value });
    });
    return found;
  }
}

/** True for variables that are properties of the global object. */
function isOnGlobal(kind: Kind): boolean {
  return kind === 'var' || kind === 'property';
}

function attempt<T>(action: () => T): { readonly ok: true; readonly value: T } | { readonly ok: false } {
  try {
    return { ok: true, value: action() };
  } catch {
    return { ok: false };
  }
}
