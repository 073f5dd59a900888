import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import type { Diagnostic, Result } from '../../../compiler/bundle/diagnostic.ts';
import { isObject } from '../../../compiler/bundle/follow-schema.ts';
import { foldersUp } from '../../folders-up.ts';
import type {
  ComparedLock,
  LockedModule,
  ModuleDifference,
  ModuleLocks,
  NamedImport,
} from '../../languages/module-locks.ts';
import { readDocument } from '../../store/local.ts';
import { parseJson } from './parse-json.ts';

const lockName = 'package-lock.json';

/** Locks of npm, for engines that find packages in `node_modules`. npm writes them; here they are compared with what is installed. */
export const packageLocks: ModuleLocks = {
  places: ({ folder }) => foldersUp(folder).map((one) => join(one, lockName)),
  usual: (folder) => join(folder, lockName),
  misnamed: (name) => (name === lockName || name === 'npm-shrinkwrap.json' ? undefined : lockName),
  make: async ({ imports }) => {
    await Promise.resolve();
    const names = importedNames(imports);
    const help =
      names.length === 0
        ? 'The cells import no package.'
        : `Write it with npm install --save-exact ${names.join(' ')}, and compare it with cellwright lock --check.`;
    const message = `${lockName} is written by npm, which installs the packages that the cells of this kernel find.`;
    return { ok: false, error: [{ code: 'CW702', severity: 'error', message, help, related: [] }] };
  },
  resolve: async ({ imports, cwd }) => {
    await Promise.resolve();
    return { ok: true, value: installedModules(importedNames(imports), cwd) };
  },
  found: async ({ imports, cwd }, imported) => {
    await Promise.resolve();
    const seen = imported.flat().flatMap((specifier) => packageIn(specifier) ?? []);
    return installedModules([...new Set([...importedNames(imports), ...seen])].sort(), cwd);
  },
  moduleOf: (specifier) => {
    const name = packageIn(specifier);
    return name === undefined ? undefined : `npm:${name}`;
  },
  // What is installed was compared with the lock, and the kernel finds nothing else.
  holdKernel: async () => {
    await Promise.resolve();
    return { ok: true, value: {} };
  },
  compare: async ({ imports }, lock) => {
    await Promise.resolve();
    const packages = readPackages(lock.text, lock.shown);
    if (!packages.ok) return packages;
    return { ok: true, value: compareInstalled(packages.value, imports, lock) };
  },
};

/** A package as `package-lock.json` has it, by its folder. */
type Packages = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

function readPackages(text: string, shown: string): Result<Packages> {
  const parsed = parseJson(text);
  const packages = isObject(parsed) ? parsed['packages'] : undefined;
  if (!isObject(packages)) {
    const message = `${shown} is no lock that npm 7 or later has written.`;
    const help = 'Write it anew with npm install.';
    return { ok: false, error: [{ code: 'CW702', severity: 'error', message, help, related: [] }] };
  }
  const entries = Object.entries(packages).flatMap(([folder, entry]) =>
    isObject(entry) ? [[folder, entry] as const] : [],
  );
  return { ok: true, value: new Map(entries) };
}

/** Every package of a `package-lock.json`; none when it cannot be read. */
export function packagesIn(text: string): readonly LockedModule[] {
  const read = readPackages(text, '');
  const all = read.ok ? [...read.value] : [];
  return all.flatMap(([folder, entry]) => {
    const [, name] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(folder) ?? [];
    const version = textIn(entry, 'version');
    return name === undefined ? [] : [{ name: `npm:${name}`, version, integrity: textIn(entry, 'integrity') }];
  });
}

/** The package that an import is from; undefined for files and for what the engine has itself. */
function packageIn(specifier: string): string | undefined {
  if (/^(?:[a-z][\w+.-]*:|\.{0,2}\/)/i.test(specifier) || isBuiltin(specifier)) return undefined;
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}

function importedNames(imports: readonly NamedImport[]): readonly string[] {
  return [...new Set(imports.flatMap(({ specifier }) => packageIn(specifier) ?? []))].sort();
}

/** Goes from what the cells import to what that requires, as Node would find it. */
function compareInstalled(
  packages: Packages,
  imports: readonly NamedImport[],
  { file, shown }: { readonly file: string; readonly shown: string },
): ComparedLock {
  const base = dirname(file);
  const modules: LockedModule[] = [];
  const differences: ModuleDifference[] = [];
  const seen = new Set<string>();
  const open = importedNames(imports).map((name) => ({ name, from: '', isOptional: false }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { name, from, isOptional } = next;
    const folder = folderOf(packages, name, from);
    if (folder === undefined || seen.has(folder)) {
      const place = imports.find(({ specifier }) => packageIn(specifier) === name);
      const here = installedVersion(join(base, 'node_modules', name));
      if (folder === undefined && !isOptional) differences.push(absentFrom({ name, here, place }, shown));
      continue;
    }
    seen.add(folder);
    const entry = packages.get(folder) ?? {};
    const version = textIn(entry, 'version');
    modules.push({ name: `npm:${name}`, version, integrity: textIn(entry, 'integrity') });
    const here = installedVersion(join(base, folder));
    const mayLack = isOptional || entry['optional'] === true;
    if (here !== version && !(here === undefined && mayLack))
      differences.push(otherThan({ name, version, here }, shown));
    for (const [section, isSpare] of sections)
      for (const required of Object.keys(objectIn(entry, section)))
        open.push({ name: required, from: folder, isOptional: isSpare || isSparePeer(entry, section, required) });
  }
  return { modules, imported: importedNames(imports).map((name) => `npm:${name}`), differences };
}

const sections = [
  ['dependencies', false],
  ['optionalDependencies', true],
  ['peerDependencies', false],
] as const;

function isSparePeer(entry: Readonly<Record<string, unknown>>, section: string, name: string): boolean {
  const said = objectIn(entry, 'peerDependenciesMeta')[name];
  return section === 'peerDependencies' && isObject(said) && said['optional'] === true;
}

/** The nearest folder of that name from the one of who asks upwards. */
function folderOf(packages: Packages, name: string, from: string): string | undefined {
  for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf('node_modules/') - 1))) {
    const folder = `${place === '' ? '' : `${place}/`}node_modules/${name}`;
    if (packages.has(folder)) return folder;
    if (place === '') return undefined;
  }
}

/** What is installed of these packages and of what they require, as Node finds it. @param folder of who imports them */
function installedModules(names: readonly string[], folder: string): readonly LockedModule[] {
  const found = new Map<string, LockedModule>();
  const open = names.map((name) => ({ name, from: folder }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { name, from } = next;
    const places = foldersUp(from).map((one) => join(one, 'node_modules', name));
    const place = places.find((one) => installedVersion(one) !== undefined);
    if (place === undefined || found.has(place)) continue;
    const version = installedVersion(place) ?? '';
    found.set(place, { name: `npm:${name}`, version, integrity: digestByNpm(place, version) });
    const read = readDocument(join(place, 'package.json'));
    for (const required of isObject(read) ? Object.keys(objectIn(read, 'dependencies')) : [])
      open.push({ name: required, from: place });
  }
  return [...found.values()];
}

/** The digest that npm noted when it installed a package; empty where another program did. @param place its folder */
function digestByNpm(place: string, version: string): string {
  const cut = place.lastIndexOf('/node_modules/');
  for (let base = place.slice(0, cut); ; base = base.slice(0, base.lastIndexOf('/node_modules/'))) {
    const read = readDocument(join(base, 'node_modules', '.package-lock.json'));
    const packages = isObject(read) ? objectIn(read, 'packages') : {};
    const entry = packages[place.slice(base.length + 1)];
    if (isObject(entry)) return textIn(entry, 'version') === version ? textIn(entry, 'integrity') : '';
    if (!base.includes('/node_modules/')) return '';
  }
}

function installedVersion(folder: string): string | undefined {
  const read = readDocument(join(folder, 'package.json'));
  return isObject(read) ? textIn(read, 'version') : undefined;
}

interface Absent {
  readonly name: string;
  readonly here: string | undefined;
  readonly place: NamedImport | undefined;
}

function absentFrom({ name, here = '', place }: Absent, shown: string): ModuleDifference {
  const diagnostic: Diagnostic = {
    code: 'CW708',
    severity: 'error',
    message: `${name} is imported, and ${shown} does not hold it.`,
    help: `Add it with npm install --save-exact ${name}.`,
    ...(place === undefined ? {} : { location: { cell: place.cell, index: place.index, range: place.range } }),
    related: [],
  };
  return { name: `npm:${name}`, locked: null, here, diagnostic };
}

function otherThan(
  { name, version, here }: { readonly name: string; readonly version: string; readonly here: string | undefined },
  shown: string,
): ModuleDifference {
  const there = here === undefined ? 'it is not installed' : `${here} is installed`;
  const diagnostic: Diagnostic = {
    code: 'CW706',
    severity: 'error',
    message: `${shown} has ${name} ${version}, and ${there}.`,
    help: 'npm ci installs what the lock has.',
    related: [],
  };
  return { name: `npm:${name}`, locked: version, here: here ?? null, diagnostic };
}

function textIn(entry: Readonly<Record<string, unknown>>, name: string): string {
  const found = entry[name];
  return typeof found === 'string' ? found : '';
}

function objectIn(entry: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const found = entry[name];
  return isObject(found) ? found : {};
}
