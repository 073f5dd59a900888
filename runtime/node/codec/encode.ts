import { types } from 'node:util';
import type { Known } from './known.ts';
import { fewestRows, hasShape, shapeOf } from './rows.ts';

/** A value as the store has it: a plain value of JSON, or an array that begins with what it is. */
export type Code = string | number | boolean | null | readonly Code[];

/** The value cannot leave its process; the message says what it is. */
export class Unstorable extends Error {}

/** What an encoding asks of the process. */
export interface Around {
  readonly known: Known;
  /** Specifier and path of what an imported module exports; undefined for anything else. */
  readonly exported: (thing: object) => readonly string[] | undefined;
  /** The module of Node that makes objects with this prototype, which have something inside; undefined for any other. */
  readonly native: (prototype: object) => string | undefined;
  /** The name of a function or class of the notebook: `def:…`. What kind of function it is is looked at later. */
  readonly refer: (thing: object) => string;
}

const smallBuffer = 1024;
const longArray = 1000;
const typedArrays = new Map<string, object>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map((kind) => [kind.name, kind.prototype]),
);
const tagOfTyped = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);

/** The name of the kind of a typed array; undefined for anything else. */
function typedKind(thing: object): string | undefined {
  return tagOfTyped?.get?.call(thing) as string | undefined;
}

/** Writes values that refer to each other: what two of them share is one thing in what is written. */
export class Encoder {
  readonly #around: Around;
  readonly #places = new Map<object, number>();
  readonly buffers: Uint8Array[] = [];
  /** Memory that is written among the text. */
  readonly small: Uint8Array[] = [];
  /** Functions and classes of the notebook that were met, by their names. */
  readonly referred: Map<string, object> = new Map();
  /** Objects of classes that may have fields that only the class can reach. */
  readonly instances: object[] = [];
  /** Long arrays, of which only the engine can tell quickly whether they have properties besides their elements. */
  readonly long: object[] = [];
  readonly #pooled: { readonly place: number; readonly buffer: ArrayBuffer; readonly used: [number, number][] }[] = [];

  constructor(around: Around) {
    this.#around = around;
  }

  /** Every object that was met and can be changed, with its number. */
  get places(): ReadonlyMap<object, number> {
    return this.#places;
  }

  /** @throws Unstorable */
  encode(value: unknown): Code {
    switch (typeof value) {
      case 'string':
        return value;
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : ['n', Object.is(value, -0) ? '-0' : String(value)];
      case 'undefined':
        return ['u'];
      case 'bigint':
        return ['i', value.toString()];
      case 'symbol':
        return this.#symbol(value);
      case 'function':
        return this.#function(value);
      case 'object':
        return value === null ? null : this.#object(value);
    }
  }

  /** Completes what is only known at the end: what is used of memory that many share. */
  finish(): void {
    for (const { place, buffer, used } of this.#pooled) {
      const kept = new Uint8Array(buffer.byteLength);
      for (const [from, to] of used) kept.set(new Uint8Array(buffer, from, to - from), from);
      this.buffers[place] = kept;
    }
  }

  #symbol(value: symbol): Code {
    const registered = Symbol.keyFor(value);
    if (registered !== undefined) return ['y', registered];
    for (const name of Object.getOwnPropertyNames(Symbol))
      if (Reflect.get(Symbol, name) === value) return ['y', name, 1];
    throw new Unstorable('a symbol');
  }

  #function(value: object): Code {
    const outside = this.#outside(value);
    if (outside !== undefined) return outside;
    if (types.isProxy(value)) throw new Unstorable('a proxy');
    const name = this.#around.refer(value);
    this.referred.set(name, value);
    return ['d', name];
  }

  /** What every process has from its start, or by an import. */
  #outside(value: object): Code | undefined {
    const name = this.#around.known.nameOf(value);
    if (name !== undefined) return ['g', name];
    const exported = this.#around.exported(value);
    return exported === undefined ? undefined : ['m', ...exported];
  }

  #object(value: object): Code {
    const place = this.#places.get(value);
    if (place !== undefined) return ['r', place];
    const outside = this.#outside(value);
    if (outside !== undefined) return outside;
    if (types.isProxy(value)) throw new Unstorable('a proxy');
    const maker = makerOf(value);
    if (maker !== undefined) return ['q', this.#function(maker)];
    this.#places.set(value, this.#places.size);
    return this.#new(value);
  }

  #new(value: object): Code {
    if (Array.isArray(value)) return this.#array(value);
    const special = this.#special(value);
    if (special !== undefined) return special;
    this.#refuseInsides(value);
    const prototype = this.#prototype(value);
    return ['o', prototype, this.properties(value, () => true), this.#integrity(value)];
  }

  #array(value: readonly unknown[]): Code {
    const { length } = value;
    const items: Code[] = [];
    let count = 0;
    // A long array with a few elements has nothing but these; one that keeps any of them from being written to has them with their flags.
    const isApart = (length > 64 && Object.keys(value).length * 4 < length) || !hasUsualElements(value);
    for (let place = 0; !isApart && place < length; place++) {
      const rows = this.#rows(value, place);
      if (rows !== undefined) {
        items.push(rows);
        count += rows[1];
        place += rows[1] - 1;
      } else if (Object.hasOwn(value, place)) {
        items.push(this.encode(value[place]));
        count++;
      } else items.push(['h']);
    }
    const isFixed = Object.getOwnPropertyDescriptor(value, 'length')?.writable === false;
    const isPlain = Object.getPrototypeOf(value) === Array.prototype && Object.isExtensible(value) && !isFixed;
    if (isPlain && !isApart && this.#hasOnly(value, count + 1, length)) return ['a', items];
    const prototype = this.#prototype(value);
    const isOther = (key: PropertyKey): boolean => key !== 'length' && (isApart || !isIndex(key));
    const integrity = Number(this.#integrity(value)) + (isFixed ? 2 : 0);
    return ['A', items, length, prototype, this.properties(value, isOther), integrity];
  }

  /** Elements from a place on that are rows of a table, as columns; undefined when there are too few. Each gets its number before its values do. */
  #rows(list: readonly unknown[], from: number): readonly ['T', number, ...Code[]] | undefined {
    if (from + fewestRows > list.length) return undefined;
    const keys = shapeOf(list[from]);
    if (keys === undefined) return undefined;
    for (let place = from; place < from + fewestRows; place++) if (!this.#isRow(list, place, keys)) return undefined;
    const columns = keys.map((): Code[] => []);
    let place = from;
    for (; this.#isRow(list, place, keys); place++) {
      const row = list[place] as Readonly<Record<string, unknown>>;
      this.#places.set(row, this.#places.size);
      keys.forEach((key, at) => columns[at]?.push(this.encode(row[key])));
    }
    return ['T', place - from, keys, ...columns];
  }

  /** True for one that was not met before and is no other's. */
  #isRow(list: readonly unknown[], place: number, keys: readonly string[]): boolean {
    const thing = list[place];
    if (!Object.hasOwn(list, place) || !hasShape(thing, keys)) return false;
    return !this.#places.has(thing) && this.#outside(thing) === undefined;
  }

  /** True when it has so many properties, or is too long to be looked at now. */
  #hasOnly(value: object, count: number, length: number): boolean {
    if (length <= longArray) return Reflect.ownKeys(value).length === count;
    this.long.push(value);
    return true;
  }

  /** Objects that have something inside that no property shows. */
  #special(value: object): Code | undefined {
    if (types.isDate(value)) return this.#with(value, ['D', this.encode(Date.prototype.getTime.call(value))]);
    if (types.isRegExp(value)) {
      const { source, flags, lastIndex } = value;
      const isFree = Object.getOwnPropertyDescriptor(value, 'lastIndex')?.writable === true;
      return this.#with(value, ['R', source, flags, lastIndex], (key) => key !== 'lastIndex' || !isFree);
    }
    if (types.isMap(value)) {
      const entries = [...Map.prototype.entries.call(value)].flat() as unknown[];
      return this.#with(value, ['M', entries.map((item) => this.encode(item))]);
    }
    if (types.isSet(value)) {
      const items = [...Set.prototype.values.call(value)] as unknown[];
      return this.#with(value, ['S', items.map((item) => this.encode(item))]);
    }
    if (types.isBoxedPrimitive(value)) {
      const isText = types.isStringObject(value);
      const own = (key: PropertyKey): boolean => !isText || (key !== 'length' && !isIndex(key));
      return this.#with(value, ['B', this.encode(value.valueOf())], own);
    }
    if (types.isNativeError(value)) return this.#with(value, ['E']);
    if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return this.#memory(value);
    return undefined;
  }

  #with(value: object, code: readonly Code[], own: (key: PropertyKey) => boolean = () => true): Code {
    const prototype = this.#prototype(value);
    return [
      'x',
      code,
      prototype === 0 ? ['g', 'globalThis.Object.prototype'] : prototype,
      this.properties(value, own),
      this.#integrity(value),
    ];
  }

  #memory(value: ArrayBufferLike | ArrayBufferView): Code {
    if (types.isSharedArrayBuffer(value)) throw new Unstorable('shared memory');
    if (types.isArrayBuffer(value)) {
      if (Reflect.get(value, 'resizable') === true) throw new Unstorable('memory that can be resized');
      if (Reflect.get(value, 'detached') === true) throw new Unstorable('memory that was given away');
      return this.#with(value, ['b', this.#bytes(value)]);
    }
    const view = value as ArrayBufferView & { readonly length?: number };
    const { buffer, byteOffset, byteLength } = view;
    const kind = typedKind(view) ?? 'DataView';
    const memory = this.#object(buffer);
    const pool = this.#pooled.find((one) => one.buffer === buffer);
    pool?.used.push([byteOffset, byteOffset + byteLength]);
    const isFull = byteLength === buffer.byteLength;
    const place: Code = isFull ? 0 : [byteOffset, view.length ?? byteLength];
    const code: Code = ['t', kind, memory, place];
    const isOwn = (key: PropertyKey): boolean => kind === 'DataView' || !isIndex(key);
    if (Object.getPrototypeOf(view) === (typedArrays.get(kind) ?? DataView.prototype)) {
      if (this.#hasOnly(view, view.length ?? 0, view.length ?? 0)) return code;
    }
    return this.#with(view, code, isOwn);
  }

  #bytes(value: ArrayBuffer): Code {
    const view = new Uint8Array(value);
    if (value.byteLength < smallBuffer) {
      this.small.push(view);
      return Buffer.from(value).toString('base64');
    }
    const place = this.buffers.push(view) - 1;
    // Small buffers of Node lie in memory that they share with strangers.
    if (value.byteLength === Buffer.poolSize) this.#pooled.push({ place, buffer: value, used: [] });
    return place;
  }

  /** Objects of the engine and of the kernel have something inside that nobody can write. */
  #refuseInsides(value: object): void {
    const home = homeOfTag(value);
    // A tag of the notebook's own hides what the engine would say, and may be code.
    if (home === undefined || this.#around.known.nameOf(home) !== undefined) {
      const tag = Object.prototype.toString.call(value);
      if (home !== undefined || tag !== '[object Object]') throw new Unstorable(describeTag(tag));
    } else if (hidesInsides(value)) throw new Unstorable('an object of the engine');
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === null || prototype === Object.prototype) return;
    const name = this.#around.known.nameOf(prototype);
    if (name !== undefined)
      throw new Unstorable(`an object made by ${name.replace(/^globalThis\.|\.prototype$/g, '')}`);
    for (let above: object | null = prototype; above !== null; above = Object.getPrototypeOf(above) as object | null) {
      const maker = this.#around.native(above);
      if (maker !== undefined) throw new Unstorable(`an object made by ${maker}`);
    }
  }

  /** `0` for the usual one. */
  #prototype(value: object): Code {
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype) return 0;
    if (prototype === null) return null;
    refuseProxy(prototype);
    const name = this.#around.known.nameOf(prototype);
    if (name !== undefined) return ['g', name];
    const maker = makerOf(prototype);
    if (maker === undefined) return this.#object(prototype);
    this.instances.push(value);
    return ['p', this.#function(maker)];
  }

  /** Own properties that `counts` says yes for; a plain one is a pair of key and value. */
  properties(value: object, counts: (key: PropertyKey) => boolean): Code {
    const codes: Code[] = [];
    for (const key of Reflect.ownKeys(value)) {
      if (!counts(key)) continue;
      const found = Reflect.getOwnPropertyDescriptor(value, key);
      if (found === undefined) continue;
      const name = typeof key === 'string' ? key : this.#symbol(key);
      if (found.get !== undefined || found.set !== undefined) {
        codes.push(name, ['=', flagsOf(found), this.encode(found.get), this.encode(found.set)]);
      } else {
        const code = this.encode(found.value);
        codes.push(name, flagsOf(found) === 7 ? code : ['=', flagsOf(found), code]);
      }
    }
    return codes;
  }

  #integrity(value: object): Code {
    if (Object.isExtensible(value)) return 0;
    return 1;
  }
}

/** The function or class whose prototype this is. */
function makerOf(value: object): object | undefined {
  const maker = Object.getOwnPropertyDescriptor(value, 'constructor')?.value as unknown;
  return typeof maker === 'function' && !types.isProxy(maker) && maker.prototype === value ? maker : undefined;
}

/** False when an element is no ordinary value that can be changed. */
function hasUsualElements(value: readonly unknown[]): boolean {
  if (!Object.isExtensible(value)) return false;
  for (let place = 0; place < value.length; place++) {
    const found = Reflect.getOwnPropertyDescriptor(value, place);
    if (found !== undefined && !(found.writable === true && found.enumerable === true && found.configurable === true))
      return false;
  }
  return true;
}

/** Where an object has its tag from; undefined when it has none. Nothing of it is read, since reading may be code of the notebook. */
function homeOfTag(value: object): object | undefined {
  let home: object | null = value;
  while (home !== null && !Object.hasOwn(home, Symbol.toStringTag)) {
    home = Object.getPrototypeOf(home) as object | null;
    if (home !== null) refuseProxy(home);
  }
  return home ?? undefined;
}

function refuseProxy(prototype: object): void {
  if (types.isProxy(prototype)) throw new Unstorable('an object whose prototype is a proxy');
}

/** What the engine keeps in an object, whatever tag it has. */
function hidesInsides(value: object): boolean {
  return (
    types.isPromise(value) ||
    types.isGeneratorObject(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isArgumentsObject(value) ||
    types.isModuleNamespaceObject(value) ||
    types.isMapIterator(value) ||
    types.isSetIterator(value) ||
    types.isExternal(value)
  );
}

function flagsOf({ writable, enumerable, configurable }: PropertyDescriptor): number {
  return (writable === true ? 1 : 0) + (enumerable === true ? 2 : 0) + (configurable === true ? 4 : 0);
}

function isIndex(key: PropertyKey): boolean {
  return typeof key === 'string' && /^(?:0|[1-9]\d*)$/.test(key);
}

function describeTag(tag: string): string {
  const name = tag.slice('[object '.length, -1);
  return name === 'Object' || name === '' ? 'an object of the kernel' : `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
