/** As they are before a cell can put others in their place. */
const { ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty, apply: call } = Reflect;
const { is } = Object;
const isIn = Reflect.get(Set.prototype, 'has') as CallableFunction;

interface Before {
  readonly thing: object;
  readonly keys: readonly PropertyKey[];
  readonly were: readonly PropertyDescriptor[];
  readonly known: ReadonlySet<PropertyKey>;
}

interface Patch {
  readonly thing: object;
  readonly key: PropertyKey;
  readonly was: PropertyDescriptor | undefined;
  readonly now: PropertyDescriptor | undefined;
}

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
  /** Objects whose properties a cell may change, and what these were. */
  readonly #before: Before[] = [];
  /** What cells have changed; while it is set aside all is as it was. */
  #patches: readonly Patch[] = [];

  constructor() {
    this.#walk(globalThis, 'globalThis', 0);
    for (const [name, thing] of hiddenIntrinsics()) this.#walk(thing, name, 1);
    for (const thing of this.#names.keys()) {
      if (thing === globalThis) continue;
      const described = [...describe(thing)];
      const keys = described.map(([key]) => key);
      this.#before.push({ thing, keys, were: described.map(([, was]) => was), known: new Set(keys) });
    }
  }

  nameOf(thing: object): string | undefined {
    return this.#names.get(thing);
  }

  get(name: string): object {
    const found = this.#things.get(name);
    if (found === undefined) throw new Error(`there is no ${name} here`);
    return found;
  }

  /**
   * Puts all built-in objects back to what they were, so that what runs between cells neither uses what cells have put there nor is seen by it.
   * Nothing is called here that a cell could have replaced.
   */
  setAside(): void {
    const patches: Patch[] = [];
    for (let at = 0; at < this.#before.length; at++) collectPatches(this.#before[at] as Before, patches);
    for (let at = 0; at < patches.length; at++) apply(patches[at] as Patch, 'was');
    this.#patches = patches;
  }

  /** The cells' changes are there again. */
  putBack(): void {
    const patches = this.#patches;
    for (let at = 0; at < patches.length; at++) apply(patches[at] as Patch, 'now');
    this.#patches = [];
  }

  /** The first property of a built-in object that cells have changed; undefined when there is none. They are set aside. */
  changed(): string | undefined {
    const [first] = this.#patches;
    return first === undefined ? undefined : this.#nameProperty(first.thing, first.key);
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
  return is(was.value, now.value) && was.get === now.get && was.set === now.set;
}

function collectPatches({ thing, keys, were, known }: Before, patches: Patch[]): void {
  const mayBeLate = thing === performance;
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as PropertyKey;
    const was = were[at] as PropertyDescriptor;
    if (mayBeLate && (call(isIn, installedLate, [key]) as boolean)) continue;
    const now = getOwnPropertyDescriptor(thing, key);
    if (!isSame(was, now)) patches[patches.length] = { thing, key, was, now };
  }
  const present = ownKeys(thing);
  for (let at = 0; at < present.length; at++) {
    const key = present[at] as PropertyKey;
    if ((call(isIn, known, [key]) as boolean) || (mayBeLate && (call(isIn, installedLate, [key]) as boolean))) continue;
    if (thing === RegExp && typeof key === 'string') continue;
    patches[patches.length] = { thing, key, was: undefined, now: getOwnPropertyDescriptor(thing, key) };
  }
}

/** What cannot be defined stays: who has made it so has made it so for everybody. */
function apply({ thing, key, was, now }: Patch, which: 'was' | 'now'): void {
  const wanted = which === 'was' ? was : now;
  if (wanted === undefined) deleteProperty(thing, key);
  else defineProperty(thing, key, wanted);
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
