import { types } from 'node:util';
import type { Inspector } from '../inspector.ts';
import type { Code } from './encode.ts';

/** How a function was written. */
export type Form = 'declaration' | 'expression' | 'class' | 'member';

/** A function or class of the notebook, as the store has it; its own properties stand beside it. */
export interface Written {
  readonly form: Form;
  readonly source: string;
  readonly name: string;
  /** The class that it extends, where that is one of the notebook. */
  readonly parent: Code;
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
    const own = (thing as { readonly name?: unknown }).name;
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

  formOf(thing: object): Form {
    const known = this.#forms.get(thing);
    if (known !== undefined) return known;
    const source = this.textOf(thing);
    const form = source.startsWith('class') ? 'class' : this.#formOfFunction(thing, source);
    this.#forms.set(thing, form);
    return form;
  }

  #formOfFunction(thing: object, source: string): Form {
    const [, name] = /^(?:async\s+)?function\s*\*?\s*([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec(source) ?? [];
    if (name !== undefined) return Reflect.get(globalThis, name) === thing ? 'declaration' : 'expression';
    if (/^(?:async\s+)?function\b/.test(source)) return 'expression';
    const isArrow =
      !Object.hasOwn(thing, 'prototype') &&
      /^(?:async\s*)?(?:\([^]*?\)|[\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.test(source);
    return isArrow ? 'expression' : 'member';
  }

  /** Looks at functions that have not been looked at; what keeps them in their process is known afterwards. */
  async examine(functions: readonly object[]): Promise<void> {
    const fresh = functions.filter((one) => !this.#reasons.has(one));
    const places = await this.#inspector.placesOf(fresh);
    const hidden = await this.#inspector.hasPrivateFields(fresh);
    fresh.forEach((thing, place) => {
      const found = places[place];
      this.#reasons.set(
        thing,
        this.#whyNot(thing, found?.script, { closures: found?.closures ?? [], hides: hidden[place] === true }),
      );
    });
  }

  #whyNot(
    thing: object,
    script: string | undefined,
    { closures, hides }: { readonly closures: readonly (readonly string[])[]; readonly hides: boolean },
  ): string | undefined {
    if (script === undefined) return types.isProxy(thing) ? 'a proxy' : 'a function of the kernel';
    // What finds itself by its own name finds itself again.
    const own = (thing as { readonly name?: unknown }).name;
    const names = closures.flat().filter((name) => name !== own);
    if (names.length > 0) return `a function that keeps ${names[0] ?? ''} to itself`;
    const source = this.textOf(thing);
    if (hides) return 'a class with private static fields';
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
      const holder = evaluate(`({${source}})`) as object;
      const [key = ''] = Reflect.ownKeys(holder);
      const found = Reflect.getOwnPropertyDescriptor(holder, key);
      return (found?.value ?? found?.get ?? found?.set) as object;
    }
    // A declared function looks its own name up among the variables; an expression with a name would find itself.
    const text =
      form === 'declaration'
        ? source.replace(/^((?:async\s+)?function\s*\*?\s*)[\p{ID_Start}$_][\p{ID_Continue}$]*/u, '$1')
        : source;
    const made = evaluate(`(${text})`) as object;
    if (name !== '' && (made as { readonly name?: string }).name !== name) {
      const found = Object.getOwnPropertyDescriptor(made, 'name');
      if (found?.configurable !== false) Object.defineProperty(made, 'name', { value: name, configurable: true });
    }
    return made;
  }
}

/** A class whose text does something when it is read again, or has what no text gives. */
function whyNoClass(source: string): string | undefined {
  if (/\bstatic\s*\{/.test(source)) return 'a class with a static block';
  if (/\bstatic\s+#/.test(source)) return 'a class with private static fields';
  for (const [, initial = ''] of source.matchAll(/\bstatic\s+[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=([^\n;}]*)/gu)) {
    const plain = initial.replaceAll(
      /"[^"]*"|'[^']*'|\b(?:true|false|null|undefined)\b|\b0x[\da-f]+|\de[+-]?\d/gi,
      '0',
    );
    if (!/^[\s\d._+\-*/[\],]+$/.test(plain) || plain.trim() === '') return 'a class whose static fields are computed';
  }
  return undefined;
}

// As it is before a cell can put another in its place. Under another name it sees the global scope alone.
const { eval: evaluateGlobally } = globalThis;

function evaluate(source: string): unknown {
  return evaluateGlobally(`'use strict'; ${source}`) as unknown;
}
