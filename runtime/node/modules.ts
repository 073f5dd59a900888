import { builtinModules } from 'node:module';
import { describe, isSame } from './codec/known.ts';
import type { Modules } from './codec/values.ts';

/** How a module is found and loaded from the folder of the notebook. */
export interface Loader {
  import(specifier: string, options?: object): Promise<Record<string, unknown>>;
  /** The address that a name stands for. Throws where it stands for none. */
  resolve(specifier: string): string;
}

/**
 * Packages in which nothing can be set and whose functions keep nothing from call to call: a process may load its own. Not here, though
 * people use them: what has settings, counters or a generator of its own for all its users (lodash, d3-format, date-fns, mathjs, arquero).
 */
const stateless =
  /^(?:npm:|jsr:|https:\/\/(?:esm\.sh|cdn\.skypack\.dev)\/)?\/?(?:d3-(?:array|shape|time|path|interpolate|color|hierarchy|dsv|ease|polygon|quadtree|geo|random|chord|delaunay|contour|collection|scale-chromatic|sankey)|ramda|simple-statistics|ml-(?:matrix|regression|regression-simple-linear|regression-polynomial|kmeans|pca|array-[a-z-]+)|@std\/(?:csv|collections|path|encoding|text)|csv-parse|csv-stringify|immutable|regression|escape-html|he)(?:@[\w.^~<>=*-]+)?(?:\/.*)?$/;

const builtin = new Set(builtinModules);

/**
 * Modules of the engine that keep nothing from call to call but what can be looked at. Not here: what has contexts, caches, hooks, messages,
 * servers or timers of its own (`vm`, `module`, `async_hooks`, `worker_threads`, `timers`).
 */
const looked = new Set(
  'assert assert/strict buffer child_process constants crypto events fs fs/promises os path path/posix path/win32 perf_hooks process punycode querystring readline readline/promises sqlite stream stream/consumers stream/promises stream/web string_decoder tty url util util/types zlib'.split(
    ' ',
  ),
);

/** Classes of such modules whose objects are nothing but their properties. */
const plainClasses: ReadonlySet<string> = new Set(['Stats', 'BigIntStats', 'Dirent', 'AssertionError']);

/** The modules that cells have imported in this process. */
export class ImportedModules implements Modules {
  readonly #loader: Loader;
  readonly #spaces = new Map<string, Record<string, unknown>>();
  readonly #names = new Map<object, readonly string[]>();
  /** What exported classes and objects had when they were imported. */
  readonly #before = new Map<object, ReadonlyMap<PropertyKey, PropertyDescriptor>>();
  /** Settings of the engine's modules, and what they were. */
  readonly #settings: { readonly thing: object; readonly key: PropertyKey; readonly was: string }[] = [];
  /** Prototypes of classes of the engine's modules, with the name of the class. */
  readonly #native = new Map<object, string>();
  /** The first module that may keep something from cell to cell. */
  keeper: string | undefined;
  /** True while a cell runs that closes what it imports. */
  isConfined = false;
  /** Called before another cell imports what such a cell may have loaded: nobody is asked for native code that is here. */
  askForNativeCode: () => void = () => undefined;
  #wasConfined = false;

  constructor(loader: Loader) {
    this.#loader = loader;
  }

  /** What stands for an import in the text of a cell. */
  async import(specifier: unknown, options?: object): Promise<unknown> {
    const name = String(specifier);
    this.#wasConfined ||= this.isConfined;
    if (this.#wasConfined && !this.isConfined && !isStateless(name)) this.askForNativeCode();
    const space = await this.#loader.import(name, options);
    if (options === undefined) this.#note(name, space);
    if (!this.isConfined && !isStateless(name)) this.keeper ??= name;
    return space;
  }

  /** Specifiers of all that was imported. */
  get specifiers(): readonly string[] {
    return [...this.#spaces.keys()];
  }

  /** The address that a name stands for; undefined where it stands for none. */
  resolve(specifier: string): string | undefined {
    try {
      return this.#loader.resolve(specifier);
    } catch {
      // Whatever the engine says, it does not find it.
      return undefined;
    }
  }

  /** Imports again what an earlier cell has imported. */
  async load(specifier: string): Promise<void> {
    if (!this.#spaces.has(specifier)) await this.import(specifier);
  }

  has(specifier: string): boolean {
    return this.#spaces.has(specifier);
  }

  #note(specifier: string, space: Record<string, unknown>): void {
    if (this.#spaces.has(specifier)) return;
    this.#spaces.set(specifier, space);
    this.#names.set(space, [specifier]);
    for (const [name, value] of entriesOf(space)) {
      this.#name(value, [specifier, name]);
      // What a package of the older kind exports are the properties of one value.
      if (name !== 'default' || value === null || (typeof value !== 'object' && typeof value !== 'function')) continue;
      for (const [inner, part] of entriesOf(value)) this.#name(part, [specifier, name, inner]);
    }
  }

  #name(value: unknown, path: readonly string[]): void {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
      if (this.#names.has(value)) return;
      this.#names.set(value, path);
      this.#keep(value, path);
      const body = typeof value === 'function' ? (Reflect.get(value, 'prototype') as unknown) : undefined;
      if (typeof body !== 'object' || body === null || this.#names.has(body)) return;
      this.#names.set(body, [...path, 'prototype']);
      this.#keep(body, path, true);
      const own = path.at(-1) ?? '';
      if (isBuiltin(path[0] ?? '') && !plainClasses.has(own)) this.#native.set(body, path.join(' '));
    }
  }

  /** What there is of a process changes as it goes, and is looked at elsewhere. */
  #keep(thing: object, [specifier = '']: readonly string[], isPrototype = false): void {
    if (/^(?:node:)?process$/.test(specifier)) return;
    // What is asked for the first time may put itself in its place, so it is described afterwards. Of what objects inherit nothing is asked.
    if (isBuiltin(specifier) && !isPrototype)
      for (const [key, found] of describe(thing))
        if (typeof found.get === 'function' && typeof found.set === 'function')
          this.#settings.push({ thing, key, was: shownSetting(thing, key) });
    this.#before.set(thing, describe(thing));
    if (isBuiltin(specifier)) return;
    for (const inner of insidesOf(thing)) if (!this.#before.has(inner)) this.#before.set(inner, describe(inner));
  }

  /** The class of a module of the engine that makes objects with this prototype; undefined for any other. */
  native(prototype: object): string | undefined {
    return this.#native.get(prototype);
  }

  /** The first class or object of a module that is not as it was when it was imported; undefined when there is none. */
  changed(): string | undefined {
    for (const [thing, before] of this.#before) {
      const now = describe(thing);
      const isAsBefore = now.size === before.size && [...before].every(([key, was]) => isSame(was, now.get(key)));
      if (!isAsBefore) return (this.#names.get(thing) ?? ['an object that a module exports']).join(' ');
    }
    const other = this.#settings.find(({ thing, key, was }) => shownSetting(thing, key) !== was);
    return other === undefined ? undefined : `${(this.#names.get(other.thing) ?? []).join(' ')} ${String(other.key)}`;
  }

  exported(thing: object): readonly string[] | undefined {
    return this.#names.get(thing);
  }

  get([specifier = '', ...path]: readonly string[]): unknown {
    let found: unknown = this.#spaces.get(specifier);
    if (found === undefined) throw new ModuleAbsent(specifier);
    for (const name of path) found = Reflect.get(found as object, name);
    return found;
  }
}

/** A value refers to a module that cannot be imported without waiting. */
export class ModuleAbsent extends Error {}

function isStateless(specifier: string): boolean {
  return isBuiltin(specifier) ? looked.has(specifier.replace(/^node:/, '')) : stateless.test(specifier);
}

/** Plain objects that an exported thing has, and those inside of them: options mostly. */
function insidesOf(thing: object, depth = 0): readonly object[] {
  if (depth > 2) return [];
  return Reflect.ownKeys(thing).flatMap((key) => {
    const inner = Reflect.getOwnPropertyDescriptor(thing, key)?.value as unknown;
    const isPlain = typeof inner === 'object' && inner !== null && Object.getPrototypeOf(inner) === Object.prototype;
    return isPlain ? [inner, ...insidesOf(inner, depth + 1)] : [];
  });
}

/** A setting as a text. */
function shownSetting(thing: object, key: PropertyKey): string {
  try {
    const value: unknown = Reflect.get(thing, key);
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  } catch {
    // It is asked for in another way, so nobody sets it in this one.
    return '';
  }
}

function isBuiltin(specifier: string): boolean {
  return builtin.has(specifier.replace(/^node:/, ''));
}

function entriesOf(value: object): readonly (readonly [string, unknown])[] {
  return Object.keys(value).flatMap((key): (readonly [string, unknown])[] => {
    const found = Object.getOwnPropertyDescriptor(value, key);
    return found !== undefined && 'value' in found ? [[key, found.value as unknown]] : [];
  });
}
