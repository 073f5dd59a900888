import type { Summary } from '../2-analyze/effects.ts';
import type { CallSite, Value } from '../2-analyze/steps.ts';
import type { Entry, Gives } from '../knowledge/entry.ts';
import { anything, isFixed, isMutable, joinThings, type Root, type Thing, type What, type Whats } from './things.ts';

/** What is around an expression: the variables as they are, and what the calls in it gave. */
export interface Surroundings {
  readonly whats: Whats;
  variable(name: string, local: boolean): Thing;
  result(call: CallSite): Thing;
  definition(summary: Summary): What;
}

/** What an expression gives, as far as the text and the tables say. */
export function evaluate(value: Value, around: Surroundings): Thing {
  switch (value.kind) {
    case 'unknown':
      return anything;
    case 'variable':
      return around.variable(value.name, value.local);
    case 'constant': {
      const text = value.text === undefined ? {} : { text: value.text };
      return { what: around.whats.objects([value.type]), roots: [], ...text };
    }
    case 'tuple':
      return {
        what: around.whats.objects(['tuple']),
        roots: [],
        parts: value.of.map((part) => shallow(evaluate(part, around), 2)),
      };
    case 'attribute':
      return attributeOf(evaluate(value.of, around), value.name, around.whats);
    case 'item':
      return itemOf(evaluate(value.of, around), keyKind(value.key, around), around.whats);
    case 'element':
      return elementOf(evaluate(value.of, around), around.whats);
    case 'part': {
      const whole = evaluate(value.of, around);
      return whole.parts?.[value.position] ?? elementOf(whole, around.whats);
    }
    case 'result':
      return around.result(value.call);
    case 'either':
      return value.of.map((one) => evaluate(one, around)).reduce(joinThings, anything);
    case 'arithmetic':
      return arithmetic(value.of.map((one) => evaluate(one, around)));
    case 'typed': {
      const thing = evaluate(value.of, around);
      if (thing.what.length > 0) return thing;
      const typed = { ...thing, what: around.whats.objects(value.types) };
      return isFixed(typed) ? { ...typed, roots: [] } : typed;
    }
    case 'augmented': {
      const before = evaluate(value.of, around);
      return isMutable(before) ? before : arithmetic([before, evaluate(value.by, around)]);
    }
    case 'import':
      return pathThing(value.path, around.whats);
    case 'definition':
      return { what: [around.definition(value.summary)], roots: [] };
  }
}

/** What is deep inside is not followed: it could be as large as a number that doubles in every cell. */
function shallow(thing: Thing, depth: number): Thing {
  const { parts, element, ...plain } = thing;
  if (depth === 0) return plain;
  return {
    ...plain,
    ...(parts === undefined ? {} : { parts: parts.map((part) => shallow(part, depth - 1)) }),
    ...(element === undefined ? {} : { element: shallow(element, depth - 1) }),
  };
}

/** A module, a member of one, or what the tables say that a value of a module is. */
function pathThing(path: string, whats: Whats): Thing {
  const known = whats.knowledge.valueOfModule(path);
  return { what: known === undefined ? [whats.path(path)] : whats.objects(known.gives.types), roots: [] };
}

function attributeOf(base: Thing, name: string, whats: Whats): Thing {
  let found: Thing | undefined;
  const add = (thing: Thing): void => {
    found = found === undefined ? thing : joinThings(found, thing);
  };
  for (const what of base.what) {
    if (what.kind === 'path') add(pathThing(`${what.path}.${name}`, whats));
    else if (what.kind === 'object') {
      const entry = what.type.attributes.get(name);
      if (entry !== undefined) add(given(entry.gives, base, whats));
      else if (what.type.methods.has(name)) add({ what: [], roots: [] });
      else add(given({ types: what.type.otherwise }, base, whats));
    }
  }
  return found ?? { what: [], roots: base.roots };
}

/** What an attribute or an item gives: a part, unless it is said to be an object of its own. */
function given(gives: Gives, base: Thing, whats: Whats): Thing {
  const thing: Thing = { what: whats.objects(gives.types), roots: base.roots };
  return gives.sharing === 'fresh' || isFixed(thing) ? { ...thing, roots: [] } : thing;
}

function keyKind(key: Value, around: Surroundings): string {
  const thing = evaluate(key, around);
  const [what] = thing.what;
  if (what?.kind !== 'object') return 'other';
  const { name } = what.type;
  if (name === 'str') return 'text';
  if (name === 'slice' || name === 'tuple') return name;
  return ['list', 'ndarray', 'Series', 'Index', 'DataFrame'].includes(name) ? 'list' : 'other';
}

function itemOf(base: Thing, kind: string, whats: Whats): Thing {
  const entries = base.what.flatMap((what): readonly Entry[] => {
    if (what.kind !== 'object') return [];
    const entry = what.type.items.get(kind) ?? what.type.items.get('other');
    return entry === undefined ? [] : [entry];
  });
  const [first, ...rest] = entries.map((entry) => given(entry.gives, base, whats));
  return first === undefined ? { what: [], roots: base.roots } : rest.reduce(joinThings, first);
}

/** What iterating over a value gives: a part of it. */
function elementOf(base: Thing, whats: Whats): Thing {
  if (base.element !== undefined) return base.element;
  const [first, ...rest] = base.parts ?? [];
  if (first !== undefined) return rest.reduce(joinThings, first);
  const names = base.what.flatMap((what) => (what.kind === 'object' ? what.type.elements : []));
  return given({ types: names }, base, whats);
}

/** The operand with the highest rank decides; ranks below ten only when all operands are known. */
function arithmetic(operands: readonly Thing[]): Thing {
  let best: { readonly what: What; readonly rank: number } | undefined;
  let known = true;
  for (const operand of operands) {
    known &&= operand.what.length > 0;
    for (const what of operand.what) {
      const rank = what.kind === 'object' ? what.type.arithmetic : undefined;
      if (rank === undefined) known = false;
      else if (best === undefined || rank > best.rank) best = { what, rank };
    }
  }
  return best !== undefined && (known || best.rank >= 10) ? { what: [best.what], roots: [] } : anything;
}

/** What a call gives, by its entry. */
export function resultOf(
  gives: Gives,
  site: { readonly receiver: Thing | undefined; readonly positional: readonly Thing[]; readonly made: string },
  whats: Whats,
): Thing {
  const { receiver, positional, made } = site;
  const [first] = positional;
  const copy = (thing: Thing | undefined): Thing => ({ what: thing?.what ?? [], roots: [] });
  const element = (thing: Thing): Thing => shallow(elementOf(thing, whats), 2);
  const iterator = whats.objects(['iterator']);
  switch (gives.special) {
    case 'receiver':
      return receiver ?? anything;
    case 'copy':
      return copy(first);
    case 'halves':
      return { what: whats.objects(['list']), roots: [], parts: positional.flatMap((one) => [copy(one), copy(one)]) };
    case 'elements':
      return { what: iterator, roots: [], element: first === undefined ? anything : element(first) };
    case 'numbered': {
      const number: Thing = { what: whats.objects(['int']), roots: [] };
      const parts = [number, first === undefined ? anything : element(first)];
      return { what: iterator, roots: [], element: { what: whats.objects(['tuple']), roots: [], parts } };
    }
    case 'paired': {
      const parts = positional.map(element);
      return { what: iterator, roots: [], element: { what: whats.objects(['tuple']), roots: [], parts } };
    }
    case undefined:
      break;
  }
  if (gives.tuple !== undefined) {
    const roots = gives.joined === true ? [whats.group()] : [];
    const parts = gives.tuple.map((types): Thing => ({ what: whats.objects(types), roots }));
    return { what: whats.objects(['tuple']), roots: [], parts };
  }
  const what = whats.objects(gives.types, made);
  return { what, roots: gives.sharing === 'part' ? partRoots(receiver, what) : [], ...textOf(gives, first) };
}

function partRoots(receiver: Thing | undefined, what: readonly What[]): readonly Root[] {
  return receiver === undefined || isFixed({ what, roots: [] }) ? [] : receiver.roots;
}

/** A path made from a literal text keeps it. */
function textOf(gives: Gives, first: Thing | undefined): { readonly text?: string } {
  return gives.types[0] === 'Path' && first?.text !== undefined ? { text: first.text } : {};
}
