import type { Summary } from '../2-analyze/effects.ts';
import type { Knowledge, KnownType } from '../knowledge/load.ts';

/** A function or class of the notebook. */
export interface Definition {
  readonly summary: Summary;
  /** The place of the cell that has it. */
  readonly cell: number;
}

/** What a value may be. Equal ones are the same object, so that they can be compared by identity. */
export type What =
  /** A module or a member of one, by its dotted path. */
  | { readonly kind: 'path'; readonly path: string }
  /** An object of a library's type; `made` holds the keywords it was made with, as far as they matter. */
  | { readonly kind: 'object'; readonly type: KnownType; readonly made: string }
  | { readonly kind: 'definition'; readonly definition: Definition }
  /** An object of a class of the notebook. */
  | { readonly kind: 'instance'; readonly definition: Definition };

/**
 * What a value may be a part of: a variable, which a later binding of the name makes another variable of; or, without a name, an object
 * that several variables lead to, by its number.
 */
export interface Root {
  readonly name: string;
  readonly version: number;
}

/** What is known of a value at one place of the notebook. */
export interface Thing {
  /** One of these; empty when it may be anything. */
  readonly what: readonly What[];
  /** A change of the value is one of these variables too. */
  readonly roots: readonly Root[];
  /** Of a plain string, or of a path made from one. */
  readonly text?: string;
  /** Of what can be unpacked. */
  readonly parts?: readonly Thing[];
  /** What iterating gives, where the type does not say. */
  readonly element?: Thing;
}

/** Nothing is known. */
export const anything: Thing = { what: [], roots: [] };

const mostAlternatives = 6;

function union<T>(left: readonly T[], right: readonly T[], equal: (one: T, other: T) => boolean): readonly T[] {
  const more = right.filter((item) => !left.some((other) => equal(item, other)));
  return more.length === 0 ? left : [...left, ...more].slice(0, mostAlternatives);
}

function isSameRoot(one: Root, other: Root): boolean {
  return one.name === other.name && one.version === other.version;
}

/** Either of two values. What is not known of one does not make the other unknown: a prediction is the best guess. */
export function joinThings(left: Thing, right: Thing): Thing {
  if (left === right) return left;
  return {
    what: union(left.what, right.what, (one, other) => one === other),
    roots: union(left.roots, right.roots, isSameRoot),
    ...(left.text !== undefined && left.text === right.text ? { text: left.text } : {}),
    ...(left.parts !== undefined && left.parts === right.parts ? { parts: left.parts } : {}),
  };
}

/** True when as much is known of one as of the other. */
export function isSameThing(left: Thing | undefined, right: Thing | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined || left.text !== right.text) return false;
  return (
    left.parts === right.parts &&
    left.what.length === right.what.length &&
    left.what.every((what, place) => what === right.what[place]) &&
    left.roots.length === right.roots.length &&
    left.roots.every((root, place) => isSameRoot(root, right.roots[place] ?? { name: '', version: -1 }))
  );
}

/** Makes each `What` once, with what is known of the language's libraries. */
export class Whats {
  readonly knowledge: Knowledge;
  readonly #made = new Map<string, What>();
  readonly #definitions = new Map<Summary, What>();
  readonly #instances = new Map<Summary, What>();
  #groups = 0;

  constructor(knowledge: Knowledge) {
    this.knowledge = knowledge;
  }

  path(path: string): What {
    return this.#once(`path ${path}`, () => ({ kind: 'path', path }));
  }

  /** Objects of types by their names in the tables; names without a table are left out. */
  objects(names: readonly string[], made = ''): readonly What[] {
    return names.flatMap((name) => {
      const type = this.knowledge.typeOf(name);
      return type === undefined ? [] : [this.#once(`object ${name} ${made}`, () => ({ kind: 'object', type, made }))];
    });
  }

  definition(summary: Summary, cell: number): What {
    return remember(this.#definitions, summary, () => ({ kind: 'definition', definition: { summary, cell } }));
  }

  instance(definition: Definition): What {
    return remember(this.#instances, definition.summary, () => ({ kind: 'instance', definition }));
  }

  /** A new object that several variables lead to. */
  group(): Root {
    return { name: '', version: ++this.#groups };
  }

  #once(key: string, make: () => What): What {
    return remember(this.#made, key, make);
  }
}

function remember<K>(made: Map<K, What>, key: K, make: () => What): What {
  const known = made.get(key);
  if (known !== undefined) return known;
  const what = make();
  made.set(key, what);
  return what;
}

/** True when it is known that the value can be changed. */
export function isMutable(thing: Thing): boolean {
  return thing.what.length > 0 && !isFixed(thing);
}

/** True when no call can change the value: all it may be are immutable, or no data. */
export function isFixed(thing: Thing): boolean {
  return (
    thing.what.length > 0 &&
    thing.what.every((what) =>
      what.kind === 'object' ? what.type.immutable : what.kind === 'path' || what.kind === 'definition',
    )
  );
}
