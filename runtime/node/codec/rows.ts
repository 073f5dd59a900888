import { types } from 'node:util';

/** So many rows are worth to be written as columns. */
export const fewestRows = 8;

const tagOf = Reflect.get(Object.prototype, 'toString') as CallableFunction;

/** The keys of an object that can be a row of a table: nothing but values under names. Undefined for any other object. */
export function shapeOf(thing: unknown): readonly string[] | undefined {
  if (typeof thing !== 'object' || thing === null || types.isProxy(thing)) return undefined;
  const keys = Reflect.ownKeys(thing);
  // An object that has its own maker may be the prototype of a class.
  const isUsual = keys.every((key) => typeof key === 'string' && key !== 'constructor');
  return isUsual && hasShape(thing, keys as string[]) ? (keys as string[]) : undefined;
}

/** True for a plain object that has these keys, in this order, each with a value that can be changed, and nothing else. */
export function hasShape(thing: unknown, keys: readonly string[]): thing is Record<string, unknown> {
  if (typeof thing !== 'object' || thing === null || types.isProxy(thing)) return false;
  if (Object.getPrototypeOf(thing) !== Object.prototype || !Object.isExtensible(thing)) return false;
  const own = Reflect.ownKeys(thing);
  if (own.length !== keys.length) return false;
  for (let place = 0; place < own.length; place++) {
    const key = own[place];
    if (key === undefined || key !== keys[place]) return false;
    const found = Reflect.getOwnPropertyDescriptor(thing, key);
    if (found?.writable !== true || found.enumerable !== true || found.configurable !== true) return false;
  }
  return !hasInsides(thing);
}

/** Something that no property shows, which an object keeps when it gets another prototype. */
function hasInsides(thing: object): boolean {
  return (
    Reflect.apply(tagOf, thing, []) !== '[object Object]' ||
    types.isMap(thing) ||
    types.isSet(thing) ||
    types.isAnyArrayBuffer(thing) ||
    ArrayBuffer.isView(thing)
  );
}
