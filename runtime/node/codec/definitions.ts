import { types } from 'node:util';
import type { FunctionPlace, Inspector } from '../inspector.ts';
import { whyNoClass, withFreeParent } from './classes.ts';
import type { Code } from './encode.ts';
import { Texts } from './texts.ts';

/** How a function was written. */
export type Form = 'declaration' | 'expression' | 'class' | 'member';

/** A function or class of the notebook, as the store has it; its own properties stand beside it. */
export interface Written {
  readonly form: Form;
  readonly source: string;
  readonly name: string;
  /** The class that it extends, where that is one of the notebook. */
  readonly parent: Code;
  /** What its prototype inherits from, where that is not what the parent gives. */
  readonly above: Code;
  /** Own properties of the function, and of its prototype, that its text alone does not give. */
  readonly own: Code;
  readonly prototype: Code;
}

const readSource = Reflect.get(Function.prototype, 'toString') as CallableFunction;
const sourceOf = (thing: unknown): string => Reflect.apply(readSource, thing, []) as string;

/** The functions and classes of the notebook that this process has. */
export class Definitions {
  readonly #inspector: Inspector;
  readonly #names = new WeakMap<object, string>();
  readonly #sources = new WeakMap<object, string>();
  readonly #forms = new WeakMap<object, Form>();
  readonly #reasons = new WeakMap<object, string | undefined>();
  /** Those that came from the store, by their names. */
  readonly loaded: Map<string, object> = new Map();
  readonly #counts = new Map<string, number>();
  /** What this process has run in the strict mode: who is written elsewhere was made from a text by a cell. */
  readonly #texts = new Texts();
  task = '';

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
    const known = this.#sources;
    const holder = {
      toString(this: unknown): string {
        return (typeof this === 'function' ? known.get(this) : undefined) ?? sourceOf(this);
      },
    };
    const value: unknown = Reflect.get(holder, 'toString');
    Object.defineProperty(Function.prototype, 'toString', { value, writable: true, configurable: true });
  }

  /** The name of a definition: it gets one when it is met for the first time. */
  nameOf(thing: object): string {
    const known = this.#names.get(thing);
    if (known !== undefined) return known;
    const own = ownName(thing);
    const plain = `def:${this.task}:${typeof own === 'string' ? own.replaceAll(/[:*#]/g, '_') : ''}`;
    const count = this.#counts.get(plain) ?? 0;
    this.#counts.set(plain, count + 1);
    // A cell may have several of one name.
    const name = count === 0 ? plain : `${plain}#${String(count)}`;
    this.#names.set(thing, name);
    return name;
  }

  textOf(thing: object): string {
    return this.#sources.get(thing) ?? sourceOf(thing);
  }

  /** The text of a cell, as the engine has got it. */
  know(text: string): void {
    this.#texts.add(text);
  }

  /** How a function was written. It has been examined, or came from the store. */
  formOf(thing: object): Form {
    return this.#forms.get(thing) ?? 'expression';
  }

  #formAt(thing: object, place: FunctionPlace): Form {
    const source = this.textOf(thing);
    if (/^class(?:\s+[\p{ID_Start}$_][\p{ID_Continue}$]*)?\s*(?:\bextends\b|\{)/u.test(source)) return 'class';
    if (/^(?:async\s+)?function\s*\*?\s*[\p{ID_Start}$_]/u.test(source))
      return this.#texts.isAtTop(source, place) ? 'declaration' : 'expression';
    if (/^(?:async\s+function\b|function\s*\*)/.test(source)) return 'expression';
    // A method may be called `function`.
    if (/^function\b/.test(source)) return Object.hasOwn(thing, 'prototype') ? 'expression' : 'member';
    return isArrow(thing, source) ? 'expression' : 'member';
  }

  /** Looks at functions that have not been looked at; what keeps them in their process is known afterwards. */
  async examine(functions: readonly object[]): Promise<void> {
    const fresh = functions.filter((one) => !this.#reasons.has(one));
    const places = await this.#inspector.placesOf(fresh);
    const hidden = await this.#inspector.hasPrivateFields(fresh);
    fresh.forEach((thing, index) => {
      const place = places[index] ?? { script: undefined, line: 0, column: 0, closures: [] };
      if (!this.#forms.has(thing)) this.#forms.set(thing, this.#formAt(thing, place));
      this.#reasons.set(thing, this.#whyNot(thing, place, hidden[index] === true));
    });
  }

  #whyNot(thing: object, place: FunctionPlace, hides: boolean): string | undefined {
    if (place.script === undefined) return types.isProxy(thing) ? 'a proxy' : 'a function of the kernel';
    const { closures } = place;
    // What finds itself by its own name finds itself again.
    const names = closures.flat().filter((name) => name !== ownName(thing));
    if (names.length > 0) return `a function that keeps ${names[0] ?? ''} to itself`;
    const source = this.textOf(thing);
    // The engine does not say that a scope has `this`, `super` or `new.target`, only that there is one.
    if (closures.some((scope) => scope.length === 0)) return 'a function that keeps what is around it';
    if (hides) return 'a class with private static fields';
    // Nor is there any that has `this` alone.
    if (isArrow(thing, source) && /\b(?:this|super)\b|\bnew\s*\.\s*target\b/.test(source))
      return 'an arrow function that keeps this';
    if (!this.#texts.has(source, place)) return 'a function that was made from a text';
    if (/\bsuper\b/.test(source) && this.formOf(thing) === 'member') return 'a method that calls super';
    return this.formOf(thing) === 'class' ? whyNoClass(source) : undefined;
  }

  /** Why a function cannot leave its process; undefined when it can. It has been examined. */
  reasonOf(thing: object): string | undefined {
    return this.#reasons.get(thing);
  }

  /** What its text alone makes of it: only what differs from that is to be written. */
  twin(thing: object): object {
    return this.#evaluate(this.textOf(thing), this.formOf(thing), '');
  }

  /** A definition that another process has written. */
  restore(identity: string, { form, source, name }: Pick<Written, 'form' | 'source' | 'name'>): object {
    const made = this.#evaluate(source, form, name);
    this.#names.set(made, identity);
    this.#sources.set(made, source);
    this.#forms.set(made, form);
    this.#reasons.set(made, undefined);
    this.loaded.set(identity, made);
    return made;
  }

  #evaluate(source: string, form: Form, name: string): object {
    if (form === 'member') {
      const holder = this.#run(`({${source}})`) as object;
      const [key = ''] = Reflect.ownKeys(holder);
      const found = Reflect.getOwnPropertyDescriptor(holder, key);
      return (found?.value ?? found?.get ?? found?.set) as object;
    }
    // A declared function looks its own name up among the variables; an expression with a name would find itself.
    const text =
      form === 'declaration'
        ? source.replace(/^((?:async\s+)?function\s*\*?\s*)[\p{ID_Start}$_][\p{ID_Continue}$]*/u, '$1')
        : form === 'class'
          ? withFreeParent(source)
          : source;
    const made = this.#run(`(${text})`) as object;
    if (text !== source && form === 'class') detach(made);
    if (name !== '' && ownName(made) !== name) {
      const found = Object.getOwnPropertyDescriptor(made, 'name');
      if (found?.configurable !== false) Object.defineProperty(made, 'name', { value: name, configurable: true });
    }
    return made;
  }

  #run(source: string): unknown {
    const text = `'use strict'; ${source}`;
    this.#texts.add(text);
    return evaluateGlobally(text) as unknown;
  }
}

/** Its name as it was given; one that a class makes when it is asked is its own affair. */
function ownName(thing: object): unknown {
  return Object.getOwnPropertyDescriptor(thing, 'name')?.value as unknown;
}

/** A method may be called `async`. */
function isArrow(thing: object, source: string): boolean {
  return (
    !Object.hasOwn(thing, 'prototype') &&
    /^(?:async\s*)?(?:\([^]*?\)|[\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.test(source) &&
    (!/^async\s*\(/.test(source) || canBeRead(`(${source})`))
  );
}

/** What it extends is put in place afterwards. */
function detach(made: object): void {
  Object.setPrototypeOf(made, Function.prototype);
  Object.setPrototypeOf(Reflect.get(made, 'prototype') as object, Object.prototype);
}

/** True for the text of an expression. Only functions are read so, which do nothing by that. */
function canBeRead(source: string): boolean {
  try {
    evaluateGlobally(`'use strict'; ${source}`);
    return true;
  } catch {
    return false;
  }
}

// As it is before a cell can put another in its place. Under another name it sees the global scope alone.
const { eval: evaluateGlobally } = globalThis;
