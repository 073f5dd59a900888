import type { StateName } from '../bundle/format.ts';
import type { Entry, Rows, Tables } from './entry.ts';
import { parseEffects, parseGives } from './grammar.ts';
import { javascriptTables } from './tables-javascript.ts';
import { pythonTables } from './tables-python.ts';

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

/** What is known of the libraries of one language, ready to be asked. */
export interface Knowledge {
  /** True when something is known of what a module has: `Math`, which is no function itself. */
  isModule(path: string): boolean;
  /** What is known of a function or a class of a module: `pandas.read_csv`. */
  memberOf(path: string): Entry | undefined;
  /** What a value of a module is: `os.environ`. */
  valueOfModule(path: string): Entry | undefined;
  /** What is known of a type of the tables: `DataFrame`. */
  typeOf(name: string): KnownType | undefined;
  /** What methods of a name do, over all types that have one. */
  methodsNamed(name: string): readonly Entry[];
  /** True when a function or method of that name reads variables that only a text names, in some library. */
  readsNamesInText(name: string): boolean;
  /** Keywords with which a call draws no random numbers that others draw too. */
  readonly seedKeywords: readonly string[];
  /** What is known of a magic. */
  readonly magics: ReadonlyMap<string, Entry>;
  /** Names that are there without an import, for variables that hide one. */
  readonly builtinNames: ReadonlySet<string>;
  /** Magics that are run without their sign when they are the first word of a cell of one line. */
  readonly automagics: ReadonlySet<string>;
  /** What a function gives that gives nothing: the name of its type. */
  readonly nothing: string;
}

/** Rows of all languages use the same words. */
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

function membersOf(tables: Tables, kind: 'modules' | 'values'): ReadonlyMap<string, Entry> {
  const found = new Map<string, Entry>();
  for (const [module, rows] of Object.entries(tables[kind]))
    for (const [name, entry] of addRows(rows, new Map())) found.set(`${module}.${name}`, entry);
  for (const [alias, names] of Object.entries(tables.aliases))
    for (const module of names.split(' '))
      for (const [name, entry] of addRows(tables[kind][module], new Map()))
        if (!found.has(`${alias}.${name}`)) found.set(`${alias}.${name}`, entry);
  return found;
}

function typesOf(tables: Tables): ReadonlyMap<string, KnownType> {
  const types = new Map<string, KnownType>();
  const loadType = (name: string): KnownType | undefined => {
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
  };
  for (const name of Object.keys(tables.types)) loadType(name);
  return types;
}

function methodsByName(types: ReadonlyMap<string, KnownType>): ReadonlyMap<string, readonly Entry[]> {
  const found = new Map<string, Entry[]>();
  for (const { methods } of types.values())
    for (const [method, entry] of methods) {
      const list = found.get(method);
      if (list === undefined) found.set(method, [entry]);
      else if (!list.includes(entry)) list.push(entry);
    }
  return found;
}

/** Names of functions and methods, each without what it belongs to, that read variables which only a text names. */
function textReadersOf(
  members: ReadonlyMap<string, Entry>,
  methods: ReadonlyMap<string, readonly Entry[]>,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [path, entries] of [...members, ...methods])
    if ([entries].flat().some(({ effects }) => effects.some(({ kind }) => kind === 'names-in-text')))
      found.add(path.slice(path.lastIndexOf('.') + 1));
  return found;
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text === '' ? [] : text.split(' '));
}

/** `a`, `a.b` and `a.b.c` of the last. */
function pathsTo(path: string): readonly string[] {
  const parts = path.split('.');
  return parts.map((_, length) => parts.slice(0, length + 1).join('.'));
}

/** Reads the tables of a language once. */
export function loadKnowledge(tables: Tables): Knowledge {
  const members = membersOf(tables, 'modules');
  const values = membersOf(tables, 'values');
  const types = typesOf(tables);
  const methods = methodsByName(types);
  const textReaders = textReadersOf(members, methods);
  const everything = [...members.values(), ...[...methods.values()].flat()];
  const unless = everything.flatMap(({ effects }) =>
    effects.flatMap((effect) => (effect.kind === 'state' ? (effect.unless ?? []) : [])),
  );
  const modules = new Set(Object.keys({ ...tables.modules, ...tables.values }).flatMap(pathsTo));
  return {
    isModule: (path) => modules.has(path),
    memberOf: (path) => members.get(path),
    valueOfModule: (path) => values.get(path),
    typeOf: (name) => types.get(name),
    methodsNamed: (name) => methods.get(name) ?? [],
    readsNamesInText: (name) => textReaders.has(name),
    seedKeywords: [...new Set(unless)],
    magics: addRows(tables.magics, new Map()),
    builtinNames: wordsOf(tables.builtinNames),
    automagics: wordsOf(tables.automagics),
    nothing: tables.nothing,
  };
}

/** What Python's libraries do. */
export const pythonKnowledge: Knowledge = loadKnowledge(pythonTables);

/** What the libraries of JavaScript do, and what is there without one. */
export const javascriptKnowledge: Knowledge = loadKnowledge(javascriptTables);
