import type { StateName } from '../bundle/format.ts';
import type { Entry, Rows } from './entry.ts';
import { parseEffects, parseGives } from './grammar.ts';
import { tables } from './tables.ts';

/** What is known of the objects of a type, its own and what it has from the type it is like. */
export interface KnownType {
  readonly name: string;
  readonly immutable: boolean;
  readonly state: StateName | undefined;
  readonly arithmetic: number | undefined;
  readonly elements: readonly string[];
  readonly otherwise: readonly string[];
  readonly methods: ReadonlyMap<string, Entry>;
  readonly attributes: ReadonlyMap<string, Entry>;
  readonly items: ReadonlyMap<string, Entry>;
}

const parsed = new Map<string, Entry>();

function entryOf(row: string): Entry {
  const known = parsed.get(row);
  if (known !== undefined) return known;
  const [does = '', gives = ''] = row.split(' -> ');
  const effects = parseEffects(does);
  if (effects === undefined) throw new Error(`the tables hold "${row}", which says nothing`);
  const entry: Entry = { effects, gives: parseGives(gives) };
  parsed.set(row, entry);
  return entry;
}

function addRows(rows: Rows | undefined, into: Map<string, Entry>): Map<string, Entry> {
  for (const [row, names] of Object.entries(rows ?? {})) {
    const entry = entryOf(row);
    for (const name of names.split(' ')) into.set(name, entry);
  }
  return into;
}

const members = new Map<string, Entry>();
const values = new Map<string, Entry>();
for (const [module, rows] of Object.entries(tables.modules)) {
  for (const [name, entry] of addRows(rows, new Map())) members.set(`${module}.${name}`, entry);
}
for (const [module, rows] of Object.entries(tables.values))
  for (const [name, entry] of addRows(rows, new Map())) values.set(`${module}.${name}`, entry);
for (const [alias, names] of Object.entries(tables.aliases))
  for (const module of names.split(' '))
    for (const [kind, table] of [
      [tables.modules, members],
      [tables.values, values],
    ] as const)
      for (const [name, entry] of addRows(kind[module], new Map()))
        if (!table.has(`${alias}.${name}`)) table.set(`${alias}.${name}`, entry);

const types = new Map<string, KnownType>();
function loadType(name: string): KnownType | undefined {
  const known = types.get(name);
  const table = tables.types[name];
  if (known !== undefined || table === undefined) return known;
  const above = table.like === undefined ? undefined : loadType(table.like);
  const without = new Set((table.without ?? '').split(' '));
  const join = (kind: 'methods' | 'attributes' | 'items'): Map<string, Entry> =>
    addRows(table[kind], new Map([...(above?.[kind] ?? [])].filter(([entry]) => !without.has(entry))));
  const type: KnownType = {
    name,
    immutable: table.immutable ?? above?.immutable ?? false,
    state: table.state ?? above?.state,
    arithmetic: table.arithmetic ?? above?.arithmetic,
    elements: table.elements?.split(' | ') ?? above?.elements ?? [],
    otherwise: table.otherwise?.split(' | ') ?? above?.otherwise ?? [],
    methods: join('methods'),
    attributes: join('attributes'),
    items: join('items'),
  };
  types.set(name, type);
  return type;
}

const methodsByName = new Map<string, Entry[]>();
for (const name of Object.keys(tables.types)) {
  for (const [method, entry] of loadType(name)?.methods ?? []) {
    const list = methodsByName.get(method);
    if (list === undefined) methodsByName.set(method, [entry]);
    else if (!list.includes(entry)) list.push(entry);
  }
}

/** What is known of a function or a class of a module: `pandas.read_csv`. */
export function memberOf(path: string): Entry | undefined {
  return members.get(path);
}

/** What a value of a module is: `os.environ`. */
export function valueOfModule(path: string): Entry | undefined {
  return values.get(path);
}

/** What is known of a type of the tables: `DataFrame`. */
export function typeOf(name: string): KnownType | undefined {
  return types.get(name);
}

/** What methods of a name do, over all types that have one. */
export function methodsNamed(name: string): readonly Entry[] {
  return methodsByName.get(name) ?? [];
}

const textReaders = new Set<string>();
for (const [path, { effects }] of [...members, ...methodsByName].flatMap(([name, entries]) =>
  [entries].flat().map((entry) => [name, entry] as const),
))
  if (effects.some(({ kind }) => kind === 'names-in-text')) textReaders.add(path.slice(path.lastIndexOf('.') + 1));

/** True when a function or method of that name reads variables that only a text names, in some library. */
export function readsNamesInText(name: string): boolean {
  return textReaders.has(name);
}

/** Keywords with which a call draws no random numbers that others draw too. */
export const seedKeywords: readonly string[] = [
  ...new Set(
    [...parsed.values()].flatMap(({ effects }) =>
      effects.flatMap((effect) => (effect.kind === 'state' ? (effect.unless ?? []) : [])),
    ),
  ),
];

/** What is known of a magic of IPython. */
export const magics: ReadonlyMap<string, Entry> = addRows(tables.magics, new Map());

/** Names of Python's builtins, for variables that hide one. */
export const builtinNames: ReadonlySet<string> = new Set(tables.builtinNames.split(' '));

/** Line magics and aliases that IPython runs without `%` when they are the first word of a cell of one line. */
export const automagics: ReadonlySet<string> = new Set(tables.automagics.split(' '));
