/** Put on `performance` by the engine itself, when the first package asks for what Node has. */
const installedLate: ReadonlySet<PropertyKey> = new Set([
  'clearResourceTimings',
  'eventLoopUtilization',
  'markResourceTiming',
  'nodeTiming',
  'onresourcetimingbufferfull',
  'setResourceTimingBufferSize',
  'timerify',
]);

/** What every process of the kernel has from its start: it is written by its name, never by its content. */
export class Known {
  readonly #names = new Map<object, string>();
  readonly #things = new Map<string, object>();
  /** Of objects whose properties a cell may have changed, what these were. */
  readonly #before = new Map<object, ReadonlyMap<PropertyKey, PropertyDescriptor>>();

  constructor() {
    this.#walk(globalThis, 'globalThis', 0);
    for (const [name, thing] of hiddenIntrinsics()) this.#walk(thing, name, 1);
    for (const thing of this.#names.keys()) this.#before.set(thing, describe(thing));
  }

  nameOf(thing: object): string | undefined {
    return this.#names.get(thing);
  }

  get(name: string): object {
    const found = this.#things.get(name);
    if (found === undefined) throw new Error(`there is no ${name} here`);
    return found;
  }

  /** The first property of a built-in object that is not as it was; undefined when there is none. */
  changed(): string | undefined {
    for (const [thing, before] of this.#before) {
      if (thing === globalThis) continue;
      const now = describe(thing);
      const isLate = (key: PropertyKey): boolean => thing === performance && installedLate.has(key);
      for (const [key, was] of before)
        if (!isLate(key) && !isSame(was, now.get(key))) return this.#nameProperty(thing, key);
      for (const key of now.keys()) if (!before.has(key) && !isLate(key)) return this.#nameProperty(thing, key);
    }
    return undefined;
  }

  /** The first name of the global object that stands for something else than at the start. */
  changedGlobal(baseline: ReadonlyMap<PropertyKey, PropertyDescriptor>): string | undefined {
    for (const [key, was] of baseline) {
      const now = Reflect.getOwnPropertyDescriptor(globalThis, key);
      // A lazy one makes itself an ordinary one when it is looked at.
      if (now === undefined || ('value' in was && !Object.is(now.value, was.value))) return String(key);
      // What was written over these two is kept like a variable, in their place.
      if ((key === '_' || key === '_error') && 'value' in now) return key;
      if (was.get !== undefined && now.get !== undefined && was.get !== now.get) return String(key);
    }
    return undefined;
  }

  #nameProperty(thing: object, key: PropertyKey): string {
    return `${(this.#names.get(thing) ?? '').replace('globalThis.', '')}.${String(key)}`;
  }

  #walk(thing: object, name: string, depth: number): void {
    if (this.#names.has(thing)) return;
    this.#names.set(thing, name);
    this.#things.set(name, thing);
    if (depth > 2) return;
    for (const key of Reflect.ownKeys(thing)) {
      const found = Reflect.getOwnPropertyDescriptor(thing, key);
      const path = typeof key === 'symbol' ? `${name}[${String(key)}]` : `${name}.${key}`;
      for (const part of [found?.value, found?.get, found?.set] as unknown[]) {
        if ((typeof part === 'object' && part !== null) || typeof part === 'function') {
          const suffix = part === found?.get ? ' get' : part === found?.set ? ' set' : '';
          if (isOurs(path) || path.includes('Symbol(Deno.internal)')) continue;
          this.#walk(part, `${path}${suffix}`, depth + 1);
        }
      }
    }
  }
}

/** Changes with what the process does, and is no built-in. */
function isOurs(path: string): boolean {
  return /^globalThis\.(?:process|global|self|window)\b/.test(path) && !/^globalThis\.process$/.test(path);
}

/** The own properties of an object. */
export function describe(thing: object): ReadonlyMap<PropertyKey, PropertyDescriptor> {
  const found = new Map<PropertyKey, PropertyDescriptor>();
  for (const key of Reflect.ownKeys(thing)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(thing, key);
    if (descriptor !== undefined && !(thing === RegExp && typeof key === 'string')) found.set(key, descriptor);
  }
  return found;
}

/** True when a property is as it was. */
export function isSame(was: PropertyDescriptor, now: PropertyDescriptor | undefined): boolean {
  if (now === undefined) return false;
  return Object.is(was.value, now.value) && was.get === now.get && was.set === now.set;
}

/** Built-in objects that no property leads to. */
function hiddenIntrinsics(): readonly (readonly [string, object])[] {
  const protoOf = (value: object): object => Object.getPrototypeOf(value) as object;
  const generator = function* (): Generator<number> {
    yield 1;
  };
  const asyncGenerator = async function* (): AsyncGenerator<number> {
    yield await Promise.resolve(1);
  };
  const found: readonly (readonly [string, object])[] = [
    ['%ArrayIterator%', protoOf([][Symbol.iterator]())],
    ['%MapIterator%', protoOf(new Map().entries())],
    ['%SetIterator%', protoOf(new Set().entries())],
    ['%StringIterator%', protoOf(''[Symbol.iterator]())],
    ['%RegExpIterator%', protoOf('a'.matchAll(/a/g))],
    ['%GeneratorFunction%', protoOf(generator)],
    ['%Generator%', protoOf(protoOf(generator()))],
    ['%AsyncGeneratorFunction%', protoOf(asyncGenerator)],
    ['%AsyncFunction%', protoOf(async () => await Promise.resolve())],
    ['%TypedArray%', protoOf(Uint8Array)],
  ];
  return found;
}
