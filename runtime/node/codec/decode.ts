import type { Code } from './encode.ts';
import type { Known } from './known.ts';

/** What a decoding asks of the process. */
export interface Makers {
  readonly known: Known;
  /** What an imported module exports under a path. */
  readonly exported: (path: readonly string[]) => unknown;
  /** A function or class of the notebook. */
  readonly definition: (name: string) => object;
}

type List = readonly Code[];

/** Makes values again from what was written. Objects that were one are one again. */
export class Decoder {
  readonly #makers: Makers;
  readonly #buffers: readonly Uint8Array<ArrayBuffer>[];
  readonly #things: object[] = [];

  constructor(makers: Makers, buffers: readonly Uint8Array<ArrayBuffer>[]) {
    this.#makers = makers;
    this.#buffers = buffers;
  }

  decode(code: Code): unknown {
    if (typeof code !== 'object' || code === null) return code;
    const list: List = code;
    // This is gone through for every value there is, so nothing is taken apart that is not needed.
    const first = list[1] ?? null;
    const second = list[2] ?? null;
    switch (list[0]) {
      case 'u':
        return undefined;
      case 'n':
        return Number(first);
      case 'i':
        return BigInt(String(first));
      case 'y':
        return second === null ? Symbol.for(String(first)) : Reflect.get(Symbol, String(first));
      case 'r':
        return this.#things[Number(first)];
      case 'g':
        return this.#makers.known.get(String(first));
      case 'm':
        return this.#makers.exported(list.slice(1).map(String));
      case 'd':
        return this.#makers.definition(String(first));
      case 'q':
        return Reflect.get(this.decode(first) as object, 'prototype');
      case 'a':
        return this.#array(first as List);
      case 'A':
        return this.#otherArray(first as List, Number(second), list.slice(3));
      case 'o':
        return this.#plain(first, second as List, list[3] ?? 0);
      case 'x':
        return this.#special(first as List, second, list.slice(3));
      case 't':
        return this.#typed(list);
      default:
        throw new Error(`the store has a value of a kind that is not known: ${JSON.stringify(list[0])}`);
    }
  }

  #keep<T extends object>(thing: T): T {
    this.#things.push(thing);
    return thing;
  }

  #array(items: List): unknown[] {
    const made = this.#keep(new Array<unknown>());
    this.#fill(made, items);
    return made;
  }

  #fill(made: unknown[], items: List): void {
    for (const item of items) {
      if (isOf(item, 'h')) made.length++;
      else if (isOf(item, 'T')) this.#rows(made, item as List);
      else made[made.length] = this.decode(item);
    }
  }

  /** Rows that were written as columns. */
  #rows(made: unknown[], [, count = 0, keys = [], ...columns]: List): void {
    const names = keys as readonly string[];
    for (let place = 0; place < Number(count); place++) {
      const row: Record<string, unknown> = this.#keep({});
      for (let at = 0; at < names.length; at++)
        setOwn(row, names[at] as string, this.decode((columns[at] as List)[place] as Code));
      made[made.length] = row;
    }
  }

  #otherArray(items: List, length: number, [prototype = 0, properties = [], integrity = 0]: List): unknown[] {
    const made = this.#keep(new Array<unknown>());
    this.#fill(made, items);
    made.length = length;
    this.#complete(made, { prototype, usual: Array.prototype, properties: properties as List, integrity });
    return made;
  }

  #plain(prototype: Code, properties: List, integrity: Code): object {
    const made = this.#keep({});
    this.#complete(made, { prototype, usual: Object.prototype, properties, integrity });
    return made;
  }

  #complete(
    made: object,
    how: { readonly prototype: Code; readonly usual: object; readonly properties: List; readonly integrity: Code },
  ): void {
    if (how.prototype !== 0) {
      const prototype = this.#prototype(how.prototype);
      if (prototype !== Object.getPrototypeOf(made)) Object.setPrototypeOf(made, prototype);
    }
    this.define(made, how.properties);
    const integrity = Number(how.integrity);
    if ((integrity & 2) !== 0) Object.defineProperty(made, 'length', { writable: false });
    if ((integrity & 1) !== 0) Object.preventExtensions(made);
  }

  #prototype(code: Code): object | null {
    if (Array.isArray(code) && code[0] === 'p') {
      const maker = this.decode((code as List)[1] ?? null) as { readonly prototype: object };
      return maker.prototype;
    }
    return this.decode(code) as object | null;
  }

  /** Gives an object properties as `Encoder.properties` wrote them. */
  define(made: object, properties: List): void {
    for (let place = 0; place < properties.length; place += 2) {
      const name = properties[place] ?? null;
      const key = typeof name === 'string' ? name : (this.decode(name) as symbol);
      const code = properties[place + 1] ?? null;
      if (!Array.isArray(code) || code[0] !== '=') {
        setOwn(made, key, this.decode(code));
        continue;
      }
      const [, flags = 7, value = null, setter] = code as List;
      const bits = Number(flags);
      const common = { enumerable: (bits & 2) !== 0, configurable: (bits & 4) !== 0 };
      if (setter === undefined) {
        Object.defineProperty(made, key, { ...common, writable: (bits & 1) !== 0, value: this.decode(value) });
      } else {
        const get = this.decode(value) as (() => unknown) | undefined;
        const set = this.decode(setter) as ((value: unknown) => void) | undefined;
        Object.defineProperty(made, key, {
          ...common,
          ...(get !== undefined && { get }),
          ...(set !== undefined && { set }),
        });
      }
    }
  }

  /** Objects with something inside that no property shows; a prototype that is not the usual one is put in place afterwards. */
  #special(code: List, prototype: Code, [properties = [], integrity = 0]: List): unknown {
    const made = this.#inside(code);
    this.#complete(made, { prototype, usual: Object.prototype, properties: properties as List, integrity });
    return made;
  }

  #inside(code: List): object {
    const [tag, first = null, second = null, third = null] = code;
    switch (tag) {
      case 'D':
        return this.#keep(new Date(Number(this.decode(first))));
      case 'R': {
        const made = this.#keep(new RegExp(String(first), String(second)));
        made.lastIndex = Number(third);
        return made;
      }
      case 'M': {
        const made = this.#keep(new Map<unknown, unknown>());
        const items = first as List;
        for (let place = 0; place < items.length; place += 2)
          Map.prototype.set.call(made, this.decode(items[place] ?? null), this.decode(items[place + 1] ?? null));
        return made;
      }
      case 'S': {
        const made = this.#keep(new Set<unknown>());
        for (const item of first as List) Set.prototype.add.call(made, this.decode(item));
        return made;
      }
      case 'B':
        return this.#keep(Object(this.decode(first)) as object);
      case 'E': {
        const made = this.#keep(new Error());
        for (const key of Reflect.ownKeys(made)) Reflect.deleteProperty(made, key);
        return made;
      }
      case 'b':
        return this.#keep(this.#bytes(first));
      case 't':
        return this.#typed(code);
      default:
        throw new Error(`the store has an object of a kind that is not known: ${JSON.stringify(tag)}`);
    }
  }

  #bytes(code: Code): ArrayBuffer {
    if (typeof code === 'number') return this.#buffers[code]?.buffer ?? new ArrayBuffer(0);
    const bytes = Buffer.from(String(code), 'base64');
    const made = new ArrayBuffer(bytes.length);
    new Uint8Array(made).set(bytes);
    return made;
  }

  #typed([, kind = '', memory = null, place = 0]: List): object {
    // Its number comes before that of its memory.
    const number = this.#things.push({}) - 1;
    const buffer = this.decode(memory) as ArrayBuffer;
    const maker = Reflect.get(globalThis, String(kind)) as new (
      memory: ArrayBuffer,
      from?: number,
      count?: number,
    ) => object;
    const [from, count] = Array.isArray(place) ? (place as readonly number[]) : [undefined, undefined];
    const made = new maker(buffer, from, count);
    this.#things[number] = made;
    return made;
  }
}

function isOf(code: Code, tag: string): boolean {
  return Array.isArray(code) && code[0] === tag;
}

/** Gives an object an ordinary property. To assign is many times faster, and the same where nothing under that name is inherited. */
function setOwn(made: object, key: PropertyKey, value: unknown): void {
  if (key in made) Object.defineProperty(made, key, { value, writable: true, enumerable: true, configurable: true });
  else (made as Record<PropertyKey, unknown>)[key] = value;
}
