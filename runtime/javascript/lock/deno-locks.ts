import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic, Result } from '../../../compiler/bundle/diagnostic.ts';
import { foldersUp } from '../../folders-up.ts';
import type {
  ComparedLock,
  LockedModule,
  LockQuestion,
  LockText,
  MadeLock,
  ModuleDifference,
  ModuleLocks,
  NamedImport,
} from '../../languages/module-locks.ts';
import type { Variables } from '../../variables.ts';
import { callProgram } from '../../process/call-program.ts';
import { readOrNothing } from '../../store/local.ts';
import { cacheOfDeno } from '../deno-cache.ts';
import { askedBy, holds, isKeptAsWritten, nameOf, readDenoLock, withoutMirrors, type DenoLock } from './deno-lock.ts';
import { makeLockedCache } from './locked-cache.ts';
import { keptOtherwise } from './kept-packages.ts';

const writing = ['cache', '--frozen=false'];
const comparing = ['cache', '--frozen=true'];
/** Of no configuration it installs what that names: it is told of the entry alone. */
const looking = ['install', '--entrypoint', '--cached-only', '--frozen=false'];

const empty = { version: '5', specifiers: {} };

/** Locks in the format of Deno, written and read by Deno itself. */
export const denoLocks: ModuleLocks = {
  places: ({ folder, stem }) => {
    const own = /^[^.\s/]+$/.test(stem) ? [join(folder, `deno.${stem}.lock`)] : [];
    return [...own, join(folder, 'deno.lock')];
  },
  usual: (folder) => join(folder, 'deno.lock'),
  misnamed: (name) => (/^deno\.(?:[^.]+\.)?lock$/.test(name) ? undefined : 'deno.lock or deno.NAME.lock'),
  entryOf,
  make,
  resolve,
  found,
  moduleOf: nameOf,
  holdKernel,
  compare,
};

async function make(question: LockQuestion, before: LockText | undefined): Promise<Result<MadeLock>> {
  const known = before === undefined ? undefined : readDenoLock(before.text, before.shown);
  if (known?.ok === false) return known;
  const written = await askDeno(question, before?.text, writing);
  if ('reason' in written) return refuse(`Deno could not find what the cells import: ${written.reason}.`, lockHelp);
  const text = withoutMirrors(written.lock);
  const read = readDenoLock(text, 'the lock that Deno wrote');
  if (!read.ok) return read;
  const { modules } = read.value;
  return { ok: true, value: { text, modules, imported: importedOf(question), diagnostics: unlockable(question) } };
}

async function resolve(question: LockQuestion): Promise<Result<readonly LockedModule[]>> {
  if (importsOf(question) === '') return { ok: true, value: [] };
  const made = await make(question, undefined);
  return made.ok ? { ok: true, value: made.value.modules } : made;
}

/** Deno takes one version for two ranges where one serves both, so what two processes have imported must not be asked for together. */
async function found(
  question: LockQuestion,
  imported: readonly (readonly string[])[],
): Promise<readonly LockedModule[] | undefined> {
  const all = new Map<string, LockedModule>();
  const sets = new Map(imported.map((names) => [JSON.stringify([...names].sort()), names]));
  for (const names of sets.values()) {
    const asked = { ...question, imports: names.map((specifier) => ({ specifier, ...nowhere })) };
    if (importsOf(asked) === '') continue;
    const told = await askDeno(asked, lockThatDenoFinds(asked), looking);
    const read = 'reason' in told ? undefined : readDenoLock(told.lock, 'the lock that Deno wrote');
    if (read?.ok !== true) return undefined;
    for (const module of read.value.modules) all.set(keyOf(module), module);
  }
  return [...all.values()];
}

const nowhere = { cell: '', index: 0, range: { start: { line: 0, column: 0 }, end: { line: 0, column: 0 } } };

function keyOf({ name, version, integrity }: LockedModule): string {
  return `${name} ${version} ${integrity}`;
}

async function holdKernel(question: LockQuestion, lock: LockText, folder: string): Promise<Result<Variables>> {
  const read = readDenoLock(lock.text, lock.shown);
  if (!read.ok) return read;
  const { cwd, variables } = question;
  const { modules } = read.value;
  const cache = join(folder, 'deno');
  makeLockedCache(cacheOfDeno(variables, cwd), cache, { modules, variables });
  const value = { DENO_DIR: cache };
  const imported = question.imports.map(({ specifier }) => [specifier]);
  const got = await found({ ...question, variables: { ...variables, ...value } }, imported);
  const locked = new Set(modules.map(keyOf));
  const other = got?.find((module) => !locked.has(keyOf(module)));
  if (got !== undefined && other === undefined) return { ok: true, value };
  const what = other === undefined ? 'modules from elsewhere' : `${other.name} ${other.version}`.trim();
  return refuse(
    `The real kernel takes no lock, and would import ${what}, which is not what ${lock.shown} has.`,
    'Compare without --env, or name versions in the imports of the cells as the lock has them.',
  );
}

/** Beside a configuration Deno keeps to a lock of its own accord. */
function lockThatDenoFinds(question: LockQuestion): string | undefined {
  const configuration = configurationOf(question);
  const text = configuration === undefined ? undefined : readOrNothing(join(dirname(configuration), 'deno.lock'));
  return text !== undefined && readDenoLock(text, '').ok ? text : undefined;
}

const lockHelp =
  'Mend what Deno says: the name of a module, its version, or how its registry is reached. Nothing was written.';

async function compare(question: LockQuestion, lock: LockText, fetches: boolean): Promise<Result<ComparedLock>> {
  const read = readDenoLock(lock.text, lock.shown);
  if (!read.ok) return read;
  const { modules } = read.value;
  const value = { modules, imported: importedOf(question) };
  const absent = question.imports.filter(({ specifier }) => !holds(read.value, specifier));
  const surely = absent.filter(({ specifier }) => isKeptAsWritten(specifier));
  const changed = changedHere(question, read.value, lock.shown);
  if (changed.length > 0 || surely.length > 0 || !fetches || question.interpreter === undefined) {
    const differences = [...surely.map((one) => absentFrom(one, lock.shown)), ...changed];
    return { ok: true, value: { ...value, differences } };
  }
  const checked = await askDeno(question, lock.text, comparing);
  if (!('reason' in checked)) {
    // What was fetched just now may be something else as well.
    return { ok: true, value: { ...value, differences: changedHere(question, read.value, lock.shown) } };
  }
  if (absent.length > 0)
    return { ok: true, value: { ...value, differences: absent.map((one) => absentFrom(one, lock.shown)) } };
  const help = 'Nothing was run. Mend what Deno says, or write the lock anew with cellwright lock.';
  return refuse(`The modules of ${lock.shown} cannot be had: ${checked.reason}.`, help);
}

function refuse(message: string, help: string): Result<never> {
  return { ok: false, error: [{ code: 'CW706', severity: 'error', message, help, related: [] }] };
}

function importedOf({ imports }: LockQuestion): readonly string[] {
  return [...new Set(imports.flatMap(({ specifier }) => nameOf(specifier) ?? []))].sort();
}

function absentFrom({ specifier, cell, index, range }: NamedImport, shown: string): ModuleDifference {
  const diagnostic: Diagnostic = {
    code: 'CW708',
    severity: 'error',
    message: `${specifier} is imported, and ${shown} does not hold it.`,
    help: 'Add it with cellwright lock, or import what the lock has.',
    location: { cell, index, range },
    related: [],
  };
  const here = askedBy(specifier)?.replace(/^(?:npm|jsr):@?[^@]+@/, '') ?? '';
  return { name: nameOf(specifier) ?? specifier, locked: null, here, diagnostic };
}

function changedHere(
  { variables, cwd }: LockQuestion,
  { modules }: DenoLock,
  shown: string,
): readonly ModuleDifference[] {
  return keptOtherwise(cacheOfDeno(variables, cwd), modules).map(({ name, version, integrity, kept }) => ({
    name,
    locked: integrity,
    here: kept,
    diagnostic: {
      code: 'CW706',
      severity: 'error',
      message: `${name} ${version} is not what ${shown} has: its digest there is ${integrity}, and here ${kept}.`,
      help: `Find out who changed which. If it is the lock, take it from version control; if it is Deno's folder, fetch the package again with deno cache --reload=${name}.`,
      related: [],
    },
  }));
}

/** Imports by a name alone that no configuration of Deno explains: they come from a package.json, whose own lock counts. */
function unlockable(question: LockQuestion): readonly Diagnostic[] {
  if (configurationOf(question) !== undefined) return [];
  return question.imports
    .filter(({ specifier }) => isBare(specifier))
    .map(({ specifier, cell, index, range }) => ({
      code: 'CW703',
      severity: 'warning',
      message: `${specifier} is imported by its name alone, so it is not in the lock.`,
      help: `Write npm:${specifier}, or name it in the imports of a deno.json beside the notebook.`,
      location: { cell, index, range },
      related: [],
    }));
}

function isBare(specifier: string): boolean {
  return !/^(?:[a-z][\w+.-]*:|\.{0,2}\/)/i.test(specifier) && !isBuiltin(specifier);
}

function configurationOf({ cwd }: LockQuestion): string | undefined {
  const places = foldersUp(cwd).flatMap((folder) => [join(folder, 'deno.json'), join(folder, 'deno.jsonc')]);
  return places.find((place) => existsSync(place));
}

/**
 * Lets Deno put together what the cells import, without running any of it, and write or check a lock of that. It keeps in its own folder
 * what it has fetched for it.
 */
async function askDeno(
  question: LockQuestion,
  before: string | undefined,
  how: readonly string[],
): Promise<{ readonly lock: string } | { readonly reason: string }> {
  const { interpreter, cwd, variables, signal } = question;
  if (interpreter === undefined) return { reason: 'no Deno was found' };
  const folder = mkdtempSync(join(tmpdir(), 'cellwright-lock-'));
  try {
    const [entry, lock] = [join(folder, 'imports.ts'), join(folder, 'deno.lock')];
    writeFileSync(entry, importsOf(question));
    writeFileSync(lock, before ?? JSON.stringify(empty));
    const configuration = configurationOf(question);
    const words = [
      ...[...how, '--quiet', '--allow-import', `--lock=${lock}`],
      ...(configuration === undefined ? [] : ['--config', configuration]),
      entry,
    ];
    const environment = { ...variables, ...interpreter.environment, NO_COLOR: '1' };
    const { code, said } = await callProgram(interpreter.executable, words, { cwd, environment, signal });
    return code === 0 ? { lock: readFileSync(lock, 'utf8') } : { reason: reasonOf(said, question) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Imports as a module of its own. A file beside the notebook that is not there yet is one that a cell writes. */
function importsOf(question: LockQuestion): string {
  const hasNames = configurationOf(question) !== undefined;
  const wanted = new Set<string>();
  for (const { specifier } of question.imports) {
    if (/^\.{0,2}\//.test(specifier)) {
      const file = resolvePath(question.cwd, specifier);
      if (existsSync(file)) wanted.add(pathToFileURL(file).href);
    } else if (isBare(specifier) ? hasNames : !isBuiltin(specifier)) wanted.add(specifier);
  }
  return importing([...wanted]);
}

function importing(names: readonly string[]): string {
  return [...new Set(names)]
    .map((name) => `import ${JSON.stringify(name)}${isJson(name) ? ' with { type: "json" }' : ''};\n`)
    .join('');
}

/** Local modules are the notebook's own files; what they import from npm, or by an address, is in the lock. */
function entryOf(imports: readonly NamedImport[], lock: LockText): Result<string> {
  const read = readDenoLock(lock.text, lock.shown);
  if (!read.ok) return read;
  const bare = imports.find(({ specifier }) => isBare(specifier));
  if (bare !== undefined) {
    const { specifier, cell, index, range } = bare;
    const message = `${specifier} is imported by its name alone, which only a file beside the notebook explains: an image does not have it.`;
    const help = `Write npm:${specifier}, or what the file has for it, and lock the notebook again.`;
    const location = { cell, index, range };
    return { ok: false, error: [{ code: 'CW708', severity: 'error', message, help, location, related: [] }] };
  }
  const { specifiers, redirects, modules } = read.value;
  const inLock = [...specifiers.keys()].filter((name) => name.startsWith('npm:'));
  const addresses = [...redirects, ...modules.map(({ name }) => name)].filter((name) => /^https?:/.test(name));
  const written = imports.map(({ specifier }) => specifier).filter((name) => askedBy(name) !== undefined);
  return { ok: true, value: importing([...inLock, ...addresses, ...written].sort()) };
}

function isJson(name: string): boolean {
  return /\.json(?:[?#]|$)/.test(name);
}

/** What Deno says, in one line, with no address that the notebook does not name. */
function reasonOf(said: string, { imports }: LockQuestion): string {
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:Download|Stack backtrace|\d+: <unknown>|Warning|at file:)/.test(line));
  const named = (address: string): string =>
    imports.some(({ specifier }) => specifier.startsWith(new URL(address).origin)) ? address : 'the registry';
  return lines
    .slice(0, 6)
    .join(' ')
    .replace(/^error: /, '')
    .replaceAll(/https?:\/\/[^\s`'")]+/g, (address) => (URL.canParse(address) ? named(address) : 'the registry'))
    .replace(/[.:]$/, '');
}
