/**
 * Reads the tables of library knowledge, `compiler/knowledge/LANGUAGE/*.yaml`, and checks them against their schema.
 *
 *   node build/knowledge.mjs [FOLDER]     (default: that of Python) prints every entry as JSON, with the calls that its test makes
 *
 * `npm run docs` writes what the compiler needs of them to `compiler/knowledge/tables-LANGUAGE.ts`.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';
import { load } from 'js-yaml';

import { root } from './command.mjs';

const folder = path.join(root, 'compiler', 'knowledge');

/** A mistake in a table: where, and what. */
export class TableError extends Error {}

function fail(where, message) {
  throw new TableError(`${where}: ${message}`);
}

/** The compiler's own reading of the tables' words. */
const { outputFiles } = await build({
  entryPoints: [path.join(folder, 'grammar.ts')],
  bundle: true,
  write: false,
  format: 'esm',
});
const [{ text: code }] = outputFiles;
const { parseEffects, parseGives, parseState } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

function readEffects(where, does) {
  const list = Array.isArray(does) ? does : [does];
  if (list.length === 0 || list.some((text) => typeof text !== 'string')) fail(where, '"does" is a text or some texts');
  if (list.length > 1 && list.includes('nothing')) fail(where, '"nothing" stands alone');
  for (const text of list) if (parseEffects(text) === undefined) fail(where, `nobody knows what "${text}" means`);
  return list.join(', ');
}

function readGives(where, entry, types) {
  const { gives = '' } = entry;
  const words = ['part', 'fresh', 'joined'].filter((word) => entry[word] === true);
  if (words.length > 1) fail(where, `it is not ${words.join(' and ')}`);
  const plain = Array.isArray(gives) ? `[${gives.join(', ')}]` : String(gives);
  const text = [...words, plain].join(' ').trim();
  const { types: one, tuple = [] } = parseGives(text);
  for (const name of [...one, ...tuple.flat()]) if (!types.has(name)) fail(where, `there is no type ${name}`);
  return text;
}

const keys = {
  file: ['library', 'optional', 'needs', 'setup', 'modules', 'types', 'aliases', 'magics', 'names', 'automagics'],
  type: [
    'class',
    'make',
    'like',
    'without',
    'immutable',
    'state',
    'arithmetic',
    'elements',
    'otherwise',
    'attributes',
    'items',
    'methods',
  ],
  entry: ['does', 'gives', 'part', 'fresh', 'joined', 'example', 'examples', 'on', 'needs'],
  value: ['is'],
};

function checkKeys(where, value, allowed) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(where, 'this is no mapping');
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) fail(where, `there is no key "${key}"; the keys are ${allowed.join(', ')}`);
  }
}

/** Languages with tables, each with the type of what a function gives that gives nothing. */
export const languages = { python: 'NoneType', javascript: 'undefined' };

/** Where the tables of a language are. */
export function folderOf(language) {
  return path.join(folder, language);
}

/** Parses and checks all files of a folder; throws a TableError that names the entry. */
export function readTables(from = folderOf('python')) {
  const files = readdirSync(from)
    .filter((name) => name.endsWith('.yaml'))
    .sort();
  const documents = files.map((name) => {
    let document;
    try {
      document = load(readFileSync(path.join(from, name), 'utf8'));
    } catch (error) {
      fail(name, error.message);
    }
    checkKeys(name, document, keys.file);
    if (document.library !== name.replace(/\.yaml$/, '')) fail(name, 'the key "library" is the name of the file');
    return document;
  });
  const types = new Map();
  for (const { library, types: own = {} } of documents) {
    for (const [name, type] of Object.entries(own)) {
      const where = `${library}.yaml, type ${name}`;
      checkKeys(where, type, keys.type);
      if (types.has(name)) fail(where, 'another file has a type of that name');
      if (type.class === undefined && type.make !== undefined) fail(where, 'a type that is made has a class');
      types.set(name, type);
    }
  }
  for (const [name, { like }] of types)
    if (like !== undefined && !types.has(like)) fail(name, `there is no type ${like}`);
  return { libraries: documents.map((document) => readLibrary(document, types)), documents, types };
}

function readEntry(where, entry, types, attribute) {
  checkKeys(where, entry, keys.entry);
  const does = attribute ? (entry.does ?? 'nothing') : entry.does;
  if (does === undefined) fail(where, 'say what it "does", if only "nothing"');
  const examples = entry.examples ?? (entry.example === undefined ? [] : [entry.example]);
  const { on, needs } = entry;
  return { does: readEffects(where, does), gives: readGives(where, entry, types), examples, on, needs };
}

function readLibrary(document, types) {
  const { library, modules = {}, types: own = {}, magics = {} } = document;
  const found = { library, members: [], values: [], types: [], magics: [] };
  for (const [module, members] of Object.entries(modules)) {
    for (const [name, entry] of Object.entries(members ?? {})) {
      const where = `${library}.yaml, ${module}.${name}`;
      if (entry !== null && typeof entry === 'object' && 'is' in entry) {
        checkKeys(where, entry, keys.value);
        const gives = readGives(where, { gives: entry.is }, types);
        found.values.push({ module, name, does: 'nothing', gives, examples: [`${module}.${name}`] });
      } else found.members.push({ module, name, ...readEntry(where, entry, types, false) });
    }
  }
  for (const [name, type] of Object.entries(own)) {
    const where = `${library}.yaml, type ${name}`;
    const read = (kind, attribute) =>
      Object.entries(type[kind] ?? {}).map(([key, entry]) => {
        const full = typeof entry === 'string' && attribute ? { gives: entry } : entry;
        const made = readEntry(`${where}, ${key}`, full, types, attribute);
        if (kind === 'attributes' && made.examples.length === 0) made.examples.push(`x.${key}`);
        return { name: key, ...made };
      });
    if (type.state !== undefined && parseState(type.state) === undefined)
      fail(where, `there is no state ${type.state}`);
    for (const list of ['elements', 'otherwise']) if (type[list]) readGives(where, { gives: type[list] }, types);
    found.types.push({
      name,
      type,
      methods: read('methods', false),
      attributes: read('attributes', true),
      items: read('items', true),
    });
    const classes = (type.class ?? '').split(' | ');
    const [made] = classes;
    if (type.make !== undefined && String(type.make).startsWith(`${made}(`)) {
      const at = made.lastIndexOf('.');
      const member = { module: made.slice(0, at), name: made.slice(at + 1), does: 'nothing', examples: [type.make] };
      const taken = found.members.some((other) => other.module === member.module && other.name === member.name);
      if (!taken) found.members.push({ ...member, gives: name });
    }
  }
  for (const [name, entry] of Object.entries(magics))
    found.magics.push({ name, ...readEntry(`${library}.yaml, magic ${name}`, entry, types, false) });
  return found;
}

/** Entries that are alike in one row, by what they do and give. */
function rows(entries) {
  const found = {};
  for (const { name, does, gives } of entries) {
    const key = gives === '' ? does : `${does} -> ${gives}`;
    found[key] = found[key] === undefined ? name : `${found[key]} ${name}`;
  }
  return found;
}

function byModule(entries) {
  const found = {};
  for (const entry of entries) (found[entry.module] ??= []).push(entry);
  return Object.entries(found).map(([module, list]) => [module, rows(list)]);
}

/** The TypeScript file with what the compiler needs, without the examples: a module or a type a line. */
export function printTables({ libraries, documents }, language) {
  const print = (name, entries) => [
    `  ${name}: {`,
    ...entries.map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)},`),
    '  },',
  ];
  const all = (kind) => libraries.flatMap((library) => library[kind]);
  const types = all('types').map(({ name, type, methods, attributes, items }) => {
    const { like, without, immutable, state, arithmetic, elements, otherwise } = type;
    const lists = Object.entries({ methods, attributes, items }).filter(([, list]) => list.length > 0);
    return [
      name,
      {
        ...{ like, without: without?.join(' '), immutable, state, arithmetic, elements, otherwise },
        ...Object.fromEntries(lists.map(([kind, list]) => [kind, rows(list)])),
      },
    ];
  });
  const text = (key) =>
    documents
      .map((document) => document[key] ?? '')
      .join(' ')
      .trim()
      .replace(/\s+/g, ' ');
  return [
    `/** Written from the YAML files of the folder \`${language}\` by \`npm run docs\`; change those. */`,
    "import type { Tables } from './entry.ts';",
    '',
    '/** What the libraries do, as their tables say. */',
    `export const ${language}Tables: Tables = {`,
    ...print('modules', byModule(all('members'))),
    ...print('values', byModule(all('values'))),
    ...print(
      'aliases',
      documents.flatMap((document) => Object.entries(document.aliases ?? {})),
    ),
    ...print('types', types),
    ...print('magics', Object.entries(rows(all('magics')))),
    `  builtinNames: ${JSON.stringify(text('names'))},`,
    `  automagics: ${JSON.stringify(text('automagics'))},`,
    `  nothing: ${JSON.stringify(languages[language])},`,
    '};',
    '',
  ].join('\n');
}

/** Every name under which a member is also found, with the member. */
function aliasesOf(aliases, libraries) {
  const members = libraries.flatMap((library) => [...library.members, ...library.values]);
  return Object.entries(aliases).flatMap(([alias, modules]) =>
    modules.split(' ').flatMap((module) => {
      const own = members.filter((member) => member.module === module);
      if (own.length === 0) fail(alias, `there is no module ${module}`);
      return own.map(({ name }) => ({ alias, module, name }));
    }),
  );
}

/** What the test needs: every entry with its receiver and its calls, inherited ones with the receiver of each heir. */
export function listEntries({ libraries, documents, types }) {
  const classesOf = (names) => names.flatMap((name) => (types.get(name)?.class ?? '').split(' | ').filter(Boolean));
  const inherited = (name, kind) => {
    const { type, [kind]: own } = libraries.flatMap((library) => library.types).find((found) => found.name === name);
    const names = new Set(own.map((entry) => entry.name));
    const above = type.like === undefined ? [] : inherited(type.like, kind);
    return [...own, ...above.filter((entry) => !names.has(entry.name) && !(type.without ?? []).includes(entry.name))];
  };
  return libraries.map((library, place) => {
    const { optional = false, needs = [], setup = '', modules = {} } = documents[place];
    const entries = [...library.members, ...library.values].map((entry) => ({
      id: `${entry.module}.${entry.name}`,
      kind: 'member',
      ...entry,
    }));
    for (const { name, type } of library.types) {
      if (type.make === undefined) continue;
      for (const kind of ['methods', 'attributes', 'items']) {
        for (const entry of inherited(name, kind))
          entries.push({ id: `${name}, ${kind}: ${entry.name}`, kind, make: String(type.make), ...entry });
      }
    }
    for (const entry of library.magics) entries.push({ id: `%${entry.name}`, kind: 'magic', ...entry });
    return {
      library: library.library,
      optional,
      needs,
      setup,
      modules: Object.keys(modules).filter((module) => !/^builtins\b/.test(module)),
      aliases: aliasesOf(documents[place].aliases ?? {}, libraries),
      entries: entries.map((entry) => {
        const effects = parseEffects(entry.does);
        const gives = parseGives(entry.gives);
        return {
          ...entry,
          effects,
          gives,
          classes: { types: classesOf(gives.types), tuple: (gives.tuple ?? []).map(classesOf) },
          names: effects.some(({ kind, expression }) => kind === 'names-in-text' || expression === true),
          switches: effects.flatMap(({ onlyIf }) => onlyIf ?? []),
          seeds: [...new Set(effects.flatMap(({ unless }) => unless ?? []))],
          reads: effects.flatMap(({ kind, access, state }) => (kind === 'state' && access === 'read' ? state : [])),
        };
      }),
    };
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    process.stdout.write(`${JSON.stringify(listEntries(readTables(process.argv[2])))}\n`);
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    process.stderr.write(`knowledge: ${error.message}\n`);
    process.exitCode = 1;
  }
}
