import { createHash } from 'node:crypto';
import { types } from 'node:util';
import type { ValueRef } from '../../process/protocol.ts';
import type { Inspector } from '../inspector.ts';
import type { Kind, Variable } from '../scope.ts';
import { Decoder } from './decode.ts';
import type { Definitions, Written } from './definitions.ts';
import { Encoder, Unstorable, type Around, type Code } from './encode.ts';
import type { KeptSecrets } from '../kept-secrets.ts';
import type { Known } from './known.ts';
import { nameOf, type Store, type Stored } from './store.ts';

/** What the store has under the name of a variable or of a definition. */
type Root = { readonly kind: Kind; readonly value: Code } | (Written & { readonly removed: readonly string[] });

interface Document {
  readonly members: Readonly<Record<string, Root>>;
  /** The order in which they were written. */
  readonly order: readonly string[];
}

/** Modules that cells have imported, as values refer to them. */
export interface Modules {
  exported(thing: object): readonly string[] | undefined;
  native(prototype: object): string | undefined;
  get(path: readonly string[]): unknown;
}

/** What became of variables and definitions: stored, or why they cannot be. */
export interface Dumped {
  readonly refs: ReadonlyMap<string, ValueRef>;
  readonly unstorable: ReadonlyMap<string, string>;
}

interface Surroundings {
  readonly inspector: Inspector;
  readonly known: Known;
  readonly store: Store;
  readonly definitions: Definitions;
  readonly modules: Modules;
  readonly secrets: KeptSecrets;
}

/** One value on its own. */
interface Single {
  readonly root: Root;
  readonly encoder: Encoder;
}

type Thing = Variable | { readonly definition: object };

/** Writes and reads the values of variables, those that share something together. */
export class Values {
  readonly #around: Surroundings;
  /** What was read and is not loaded yet. */
  readonly #read = new Map<string, Stored>();
  /** A definition that this process does not have. */
  fetch: (name: string) => object = (name) => {
    throw new Error(`no definition ${name}`);
  };

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** The text of a function, as it was written. */
  textOf(thing: object): string {
    return this.#around.definitions.textOf(thing);
  }

  /** Stores variables, with the definitions that they refer to. */
  async dump(variables: ReadonlyMap<string, Variable>, definitions: ReadonlyMap<string, object>): Promise<Dumped> {
    const unstorable = new Map<string, string>();
    const singles = new Map<string, Single>();
    const secrets = this.#placesOf(variables);
    const open: [string, Thing][] = [...variables].filter(([name]) => !secrets.has(name));
    for (const [name, definition] of definitions) open.push([name, { definition }]);
    while (open.length > 0) {
      const round = open.splice(0);
      for (const [name, thing] of round) this.#encodeOne(name, thing, { singles, unstorable });
      const met = round.flatMap(([name]) => [...(singles.get(name)?.encoder.referred ?? [])]);
      await this.#around.definitions.examine(met.map(([, thing]) => thing));
      for (const [name, definition] of met) {
        if (singles.has(name) || unstorable.has(name)) continue;
        const reason = this.#around.definitions.reasonOf(definition);
        if (reason === undefined) open.push([name, { definition }]);
        else unstorable.set(name, reason);
      }
    }
    await this.#refuse(singles, unstorable);
    const refs = this.#storeGroups(singles, { variables, definitions });
    return { refs: new Map([...refs, ...secrets]), unstorable };
  }

  /** Variables that are a secret themselves, which every process has. */
  #placesOf(variables: ReadonlyMap<string, Variable>): ReadonlyMap<string, ValueRef> {
    return new Map(
      [...variables].flatMap(([name, { kind, value }]) => {
        const content = this.#around.secrets.placeOf(value, kind);
        return content === undefined ? [] : [[name, { object: `${content} ${name}`, member: name, content }] as const];
      }),
    );
  }

  #encodeOne(
    name: string,
    thing: Thing,
    found: { readonly singles: Map<string, Single>; readonly unstorable: Map<string, string> },
  ): void {
    if (found.singles.has(name)) return;
    const encoder = new Encoder(this.#writing());
    try {
      found.singles.set(name, { root: this.#rootOf(encoder, thing), encoder });
      encoder.finish();
      this.#refuseSecrets(found.singles.get(name) as Single);
    } catch (error) {
      const reason = reasonIn(error);
      if (reason === undefined) throw error;
      found.singles.delete(name);
      found.unstorable.set(name, reason);
    }
  }

  #refuseSecrets({ root, encoder }: Single): void {
    const memory = [...encoder.buffers, ...encoder.small];
    if (this.#around.secrets.areIn(JSON.stringify(root), memory)) throw new Unstorable('a value with a secret in it');
  }

  #writing(): Around {
    const { known, modules, definitions } = this.#around;
    return {
      known,
      exported: (thing) => modules.exported(thing),
      native: (prototype) => modules.native(prototype),
      refer: (thing) => definitions.nameOf(thing),
    };
  }

  #rootOf(encoder: Encoder, thing: Thing): Root {
    if (!('definition' in thing)) return { kind: thing.kind, value: encoder.encode(thing.value) };
    const { definition } = thing;
    const { definitions, known } = this.#around;
    const form = definitions.formOf(definition);
    const above = Object.getPrototypeOf(definition) as object | null;
    const isPlain = above === null || known.nameOf(above)?.startsWith('%') === true || above === Function.prototype;
    const parent = isPlain ? 0 : encoder.encode(above);
    const beyond = this.#beyond(encoder, definition, isPlain ? undefined : above);
    const own = this.#difference(encoder, definition, form);
    const source = definitions.textOf(definition);
    const name = Object.getOwnPropertyDescriptor(definition, 'name')?.value as unknown;
    return { form, source, name: typeof name === 'string' ? name : '', parent, above: beyond, ...own };
  }

  /** What the prototype of a function inherits from; `0` where making it again gives that. */
  #beyond(encoder: Encoder, definition: object, parent: object | undefined): Code {
    const body = Object.getOwnPropertyDescriptor(definition, 'prototype')?.value as unknown;
    if (typeof body !== 'object' || body === null || types.isGeneratorFunction(definition)) return 0;
    // Its objects are told by what their prototype says has made them.
    if (Object.getOwnPropertyDescriptor(body, 'constructor')?.value !== definition)
      throw new Unstorable('a function whose prototype is an object of another kind');
    const inherited: unknown = Object.getPrototypeOf(body);
    const usual: unknown = parent === undefined ? Object.prototype : Reflect.get(parent, 'prototype');
    return inherited === usual ? 0 : ['!', encoder.encode(inherited)];
  }

  /** What a function has that its text does not give. */
  #difference(
    encoder: Encoder,
    definition: object,
    form: Written['form'],
  ): { readonly own: Code; readonly prototype: Code; readonly removed: readonly string[] } {
    const prototype = Reflect.get(definition, 'prototype') as unknown;
    const body = typeof prototype === 'object' && prototype !== null ? prototype : undefined;
    const isUsual =
      form !== 'class' &&
      Reflect.ownKeys(definition).every((key) => usualKeys.has(key)) &&
      (body === undefined || Reflect.ownKeys(body).every((key) => key === 'constructor'));
    if (isUsual) return { own: [], prototype: [], removed: [] };
    const twin = this.#around.definitions.twin(definition);
    const twinBody = Reflect.get(twin, 'prototype') as unknown;
    const removed: string[] = [];
    const own = this.#differing(encoder, [definition, twin], { removed, mark: 's' });
    const differing =
      body === undefined || typeof twinBody !== 'object' || twinBody === null
        ? []
        : this.#differing(encoder, [body, twinBody], { removed, mark: 'p' });
    return { own, prototype: differing, removed };
  }

  #differing(
    encoder: Encoder,
    [thing, twin]: readonly [object, object],
    { removed, mark }: { readonly removed: string[]; readonly mark: string },
  ): Code {
    for (const key of Reflect.ownKeys(twin))
      if (typeof key === 'string' && !Object.hasOwn(thing, key)) removed.push(`${mark}${key}`);
    return encoder.properties(thing, (key) => {
      if (key === 'prototype' || key === 'arguments' || key === 'caller') return false;
      if (key === 'constructor' && Object.getOwnPropertyDescriptor(thing, key)?.enumerable !== true) return false;
      if (mark === 's' && (key === 'name' || key === 'length')) return false;
      const [left, right] = [thing, twin].map((one) => Reflect.getOwnPropertyDescriptor(one, key));
      if (left === undefined || right === undefined) return true;
      const isOther = (['writable', 'enumerable', 'configurable'] as const).some((flag) => left[flag] !== right[flag]);
      return isOther || (['value', 'get', 'set'] as const).some((part) => !this.#isAlike(left[part], right[part]));
    });
  }

  #isAlike(left: unknown, right: unknown): boolean {
    if (Object.is(left, right)) return true;
    if (typeof left !== 'function' || typeof right !== 'function') return false;
    const { definitions } = this.#around;
    return (
      definitions.textOf(left) === definitions.textOf(right) &&
      Reflect.ownKeys(left).length === Reflect.ownKeys(right).length
    );
  }

  /** What refers to something that cannot leave cannot leave either; nor what has fields that only its class can reach. */
  async #refuse(singles: Map<string, Single>, unstorable: Map<string, string>): Promise<void> {
    const instances = [...singles].flatMap(([name, { encoder }]) =>
      encoder.instances.map((one) => [name, one] as const),
    );
    const hidden = await this.#around.inspector.hasPrivateFields(instances.map(([, one]) => one));
    instances.forEach(([name], place) => {
      if (hidden[place] === true) unstorable.set(name, 'an object with private fields');
    });
    const long = [...singles].flatMap(([name, { encoder }]) => encoder.long.map((one) => [name, one] as const));
    const more = await this.#around.inspector.haveMore(long.map(([, one]) => one));
    long.forEach(([name], place) => {
      if (more[place] === true) unstorable.set(name, 'a long array with properties of its own');
    });
    for (let before = -1; before !== unstorable.size;) {
      before = unstorable.size;
      for (const [name, { encoder }] of singles) {
        const reason = [...encoder.referred.keys()].map((one) => unstorable.get(one)).find((one) => one !== undefined);
        if (reason !== undefined && !unstorable.has(name)) unstorable.set(name, reason);
      }
    }
    for (const name of unstorable.keys()) singles.delete(name);
  }

  #storeGroups(
    singles: ReadonlyMap<string, Single>,
    things: { readonly variables: ReadonlyMap<string, Variable>; readonly definitions: ReadonlyMap<string, object> },
  ): ReadonlyMap<string, ValueRef> {
    const refs = new Map<string, ValueRef>();
    const sharing = sharedBetween(singles);
    for (const names of groupsOf(singles, sharing)) {
      const [only] = names;
      if (names.length === 1 && only !== undefined) {
        const { root, encoder } = singles.get(only) as Single;
        const stream = streamOf({ [only]: root });
        const object = this.#around.store.write(stream, encoder.buffers);
        refs.set(only, { object, member: only, content: object });
        continue;
      }
      const object = this.#writeGroup(names, singles, things);
      for (const name of names) {
        const { root, encoder } = singles.get(name) as Single;
        const own = nameOf(streamOf({ [name]: root }), encoder.buffers);
        const content = digestOf(JSON.stringify([own, [...(sharing.get(name) ?? [])].sort()]));
        refs.set(name, { object, member: name, content });
      }
    }
    return refs;
  }

  #writeGroup(
    names: readonly string[],
    singles: ReadonlyMap<string, Single>,
    {
      variables,
      definitions,
    }: { readonly variables: ReadonlyMap<string, Variable>; readonly definitions: ReadonlyMap<string, object> },
  ): string {
    const encoder = new Encoder(this.#writing());
    const members: Record<string, Root> = {};
    for (const name of names) {
      const referred = [...singles.values()]
        .map((one) => one.encoder.referred.get(name))
        .find((one) => one !== undefined);
      const definition = definitions.get(name) ?? referred;
      const thing = variables.get(name) ?? (definition === undefined ? undefined : { definition });
      if (thing !== undefined) members[name] = this.#rootOf(encoder, thing);
    }
    encoder.finish();
    return this.#around.store.write(streamOf(members), encoder.buffers);
  }

  /** All members of an object of the store. */
  load(ref: ValueRef): ReadonlyMap<string, Variable | { readonly definition: object }> {
    const secret = this.#around.secrets.at(ref.object);
    if (secret !== undefined)
      return new Map([[ref.member, { kind: ref.content.split(' ')[1] as Kind, value: secret }]]);
    const { stream, buffers } = this.#read.get(ref.object) ?? this.#around.store.read(ref.object);
    this.#read.delete(ref.object);
    const { members, order } = JSON.parse(stream) as Document;
    const { known, modules, definitions } = this.#around;
    const found = new Map<string, Variable | { readonly definition: object }>();
    const own = (name: string): object => {
      const here = found.get(name);
      if (here !== undefined && 'definition' in here) return here.definition;
      return definitions.loaded.get(name) ?? this.fetch(name);
    };
    const decoder = new Decoder({ known, exported: (path) => modules.get(path), definition: own }, buffers);
    // Values may refer to definitions of the same object that stand after them.
    for (const name of order) {
      const root = members[name];
      if (root !== undefined && 'source' in root) found.set(name, { definition: definitions.restore(name, root) });
    }
    for (const name of order) {
      const root = members[name];
      if (root === undefined) continue;
      if ('source' in root) complete(decoder, own(name), root);
      else found.set(name, { kind: root.kind, value: decoder.decode(root.value) });
    }
    return found;
  }

  /** Nothing more of what was read is going to be loaded. */
  forgetRead(): void {
    this.#read.clear();
  }

  /** Specifiers of the modules that an object of the store refers to; it is kept until it is loaded. */
  modulesIn(ref: ValueRef): readonly string[] {
    if (this.#around.secrets.at(ref.object) !== undefined) return [];
    const stored = this.#around.store.read(ref.object);
    this.#read.set(ref.object, stored);
    return [...stored.stream.matchAll(/\["m",("(?:[^"\\]|\\.)*")/g)].map(
      ([, text = '""']) => JSON.parse(text) as string,
    );
  }
}

const usualKeys: ReadonlySet<PropertyKey> = new Set(['length', 'name', 'prototype', 'arguments', 'caller']);

function complete(decoder: Decoder, thing: object, root: Extract<Root, { source: string }>): void {
  const parent = root.parent === 0 ? undefined : (decoder.decode(root.parent) as object);
  const body = Reflect.get(thing, 'prototype') as unknown;
  if (parent !== undefined && Object.getPrototypeOf(thing) !== parent) {
    Object.setPrototypeOf(thing, parent);
    const above = Reflect.get(parent, 'prototype') as object | null | undefined;
    if (typeof body === 'object' && body !== null && above !== undefined) Object.setPrototypeOf(body, above);
  }
  if (Array.isArray(root.above) && typeof body === 'object' && body !== null)
    Object.setPrototypeOf(body, decoder.decode((root.above as readonly Code[])[1] ?? null) as object | null);
  for (const word of root.removed) {
    const holder = word.startsWith('s') ? thing : (body as object);
    Reflect.deleteProperty(holder, word.slice(1));
  }
  decoder.define(thing, root.own as readonly Code[]);
  if (typeof body === 'object' && body !== null) decoder.define(body, root.prototype as readonly Code[]);
}

function streamOf(members: Readonly<Record<string, Root>>): string {
  const document: Document = { members, order: Object.keys(members) };
  return JSON.stringify(document);
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}

/** Deeper than the engine's stack, or with a getter that throws: nothing that could be written. */
function reasonIn(error: unknown): string | undefined {
  if (error instanceof Unstorable) return error.message;
  return error instanceof RangeError ? 'nested too deeply' : undefined;
}

/** By name, what it has in common with which others: two numbers of one object in both. */
function sharedBetween(singles: ReadonlyMap<string, Single>): ReadonlyMap<string, ReadonlySet<string>> {
  const owners = new Map<object, (readonly [string, number])[]>();
  const sharing = new Map<string, Set<string>>();
  const add = (name: string, what: string): void => {
    const known = sharing.get(name);
    if (known === undefined) sharing.set(name, new Set([what]));
    else known.add(what);
  };
  for (const [name, { encoder }] of singles) {
    for (const [thing, number] of encoder.places) {
      const known = owners.get(thing);
      if (known === undefined) {
        owners.set(thing, [[name, number]]);
        continue;
      }
      for (const [other, theirs] of known) {
        add(name, `${String(number)} ${String(theirs)} ${other}`);
        add(other, `${String(theirs)} ${String(number)} ${name}`);
      }
      known.push([name, number]);
    }
  }
  return sharing;
}

function groupsOf(
  singles: ReadonlyMap<string, Single>,
  sharing: ReadonlyMap<string, ReadonlySet<string>>,
): readonly (readonly string[])[] {
  const seen = new Set<string>();
  const groups: string[][] = [];
  for (const first of [...singles.keys()].sort()) {
    if (seen.has(first)) continue;
    const group: string[] = [];
    const open = [first];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      group.push(name);
      for (const what of sharing.get(name) ?? []) open.push(what.split(' ').slice(2).join(' '));
    }
    groups.push(group.sort());
  }
  return groups;
}
