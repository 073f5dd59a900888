import type { Result } from '../bundle/diagnostic.ts';
import type { Lock, LockedFile, LockedPackage, LockedRevision, OwnPart } from './lock.ts';
import { isTable, isTexts, readToml, type TomlTable } from './toml.ts';

/** Reads a `pylock.toml`, whoever wrote it. @param shown the file's name for messages */
export function readLock(text: string, shown: string): Result<Lock> {
  const read = readToml(text);
  if (!read.ok) return refuse(`${shown} is not TOML: line ${read.line}: ${read.reason}.`, again);
  try {
    return { ok: true, value: lockOf(read.value) };
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    return refuse(`${shown} is no lock file: ${error.message}.`, error.help);
  }
}

const again = 'Write it anew with cellwright lock.';

/** What does not follow the specification. */
class Mismatch extends Error {
  readonly help: string;

  constructor(message: string, help: string = again) {
    super(message);
    this.help = help;
  }
}

function refuse(message: string, help: string): Result<never> {
  return { ok: false, error: [{ code: 'CW702', severity: 'error', message, help, related: [] }] };
}

function lockOf(table: TomlTable): Lock {
  const version = textOf(table, 'lock-version', 'lock-version');
  if (!/^1\.\d+$/.test(version)) {
    throw new Mismatch(`its lock-version is ${version}, and 1.0 is read here`, 'Write it with a tool that writes 1.0.');
  }
  const packages = table['packages'];
  if (!Array.isArray(packages)) throw new Mismatch('packages is missing');
  for (const kind of ['extras', 'dependency-groups', 'default-groups']) {
    if (isTexts(table[kind]) && table[kind].length > 0) {
      throw new Mismatch(`it has ${kind}, and nobody says which of them a notebook wants`, again);
    }
  }
  const requiresPython = optionalText(table, 'requires-python', 'requires-python');
  return {
    environments: listOf(table, 'environments', 'environments'),
    ...(requiresPython === undefined ? {} : { requiresPython }),
    createdBy: textOf(table, 'created-by', 'created-by'),
    packages: packages.map((item, place) => packageOf(item, `packages[${place}]`)),
    ...ownPartOf(table),
  };
}

function packageOf(value: unknown, place: string): LockedPackage {
  const table = tableOf(value, place);
  const name = textOf(table, 'name', `${place}.name`);
  if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name)) throw new Mismatch(`${place}.name is no name of a package`);
  const version = optionalText(table, 'version', `${place}.version`);
  const marker = optionalText(table, 'marker', `${place}.marker`);
  const requiresPython = optionalText(table, 'requires-python', `${place}.requires-python`);
  // Each becomes a line of its own for the installer.
  if (version !== undefined && !/^[A-Za-z0-9.!+_-]+$/.test(version))
    throw new Mismatch(`${place}.version is no version`);
  if (marker !== undefined && /[\r\n]/.test(marker)) throw new Mismatch(`${place}.marker is more than one line`);
  const needs = table['dependencies'];
  const wheels = table['wheels'];
  const found: LockedPackage = {
    name,
    ...(version === undefined ? {} : { version }),
    ...(marker === undefined ? {} : { marker }),
    ...(requiresPython === undefined ? {} : { requiresPython }),
    needs: Array.isArray(needs) ? needs.flatMap((one) => (isTable(one) ? [String(one['name'])] : [])) : [],
    ...sourceOf(table, name),
    wheels: Array.isArray(wheels) ? wheels.map((one) => fileOf(one, `a wheel of ${name}`)) : [],
  };
  const isFromIndex = found.sdist !== undefined || found.wheels.length > 0;
  const sources = [found.directory, found.vcs, found.archive, isFromIndex ? true : undefined];
  if (sources.filter((source) => source !== undefined).length !== 1) {
    throw new Mismatch(`${name} has not exactly one kind of source`);
  }
  if (isFromIndex && found.version === undefined) throw new Mismatch(`${name} has no version`);
  return found;
}

function sourceOf(table: TomlTable, name: string): Pick<LockedPackage, 'directory' | 'vcs' | 'archive' | 'sdist'> {
  const { directory, vcs, archive, sdist } = table;
  return {
    ...(directory === undefined ? {} : { directory: directoryOf(directory, `directory of ${name}`) }),
    ...(vcs === undefined ? {} : { vcs: revisionOf(vcs, `vcs of ${name}`) }),
    ...(archive === undefined ? {} : { archive: fileOf(archive, `archive of ${name}`) }),
    ...(sdist === undefined ? {} : { sdist: fileOf(sdist, `sdist of ${name}`) }),
  };
}

function directoryOf(value: unknown, place: string): { readonly path: string; readonly editable: boolean } {
  const table = tableOf(value, place);
  const path = textOf(table, 'path', place);
  if (/[\r\n]/.test(path)) throw new Mismatch(`${place} has a path that is more than one line`);
  return { path, editable: table['editable'] === true };
}

function revisionOf(value: unknown, place: string): LockedRevision {
  const table = tableOf(value, place);
  const requestedRevision = optionalText(table, 'requested-revision', place);
  const subdirectory = optionalText(table, 'subdirectory', place);
  const type = textOf(table, 'type', place);
  const url = textOf(table, 'url', place);
  if (!/^(?:git|hg|svn|bzr)$/.test(type)) throw new Mismatch(`${place} is of no known kind`);
  if (!/^(?:https?|ssh|git|file):\/\/\S+$/.test(url)) throw new Mismatch(`${place} has an address that cannot be used`);
  return {
    type,
    url,
    ...(requestedRevision === undefined ? {} : { requestedRevision }),
    commit: commitOf(table, place),
    ...(subdirectory === undefined ? {} : { subdirectory }),
  };
}

function commitOf(table: TomlTable, place: string): string {
  const commit = textOf(table, 'commit-id', place);
  if (!/^[\w.-]+$/.test(commit)) throw new Mismatch(`${place} has a commit-id that is none`);
  return commit;
}

function fileOf(value: unknown, place: string): LockedFile {
  const table = tableOf(value, place);
  const url = optionalText(table, 'url', place);
  const path = optionalText(table, 'path', place);
  const size = table['size'];
  if (url !== undefined && !/^(?:https?|file):\/\/\S+$/.test(url))
    throw new Mismatch(`${place} has a url that is no address`);
  if (path !== undefined && /[\r\n]/.test(path)) throw new Mismatch(`${place} has a path that is more than one line`);
  const hashes = tableOf(table['hashes'], `hashes of ${place}`);
  const pairs = Object.entries(hashes);
  if (url === undefined && path === undefined) throw new Mismatch(`${place} has no url and no path`);
  if (pairs.length === 0 || !pairs.every(([, hash]) => typeof hash === 'string' && /^[0-9a-f]+$/i.test(hash))) {
    throw new Mismatch(`${place} has no hash`);
  }
  return {
    ...(url === undefined ? {} : { url }),
    ...(path === undefined ? {} : { path }),
    ...(typeof size === 'number' ? { size } : {}),
    hashes: hashes as Readonly<Record<string, string>>,
  };
}

function ownPartOf(table: TomlTable): { readonly own?: OwnPart } {
  const tool = table['tool'];
  const own = isTable(tool) ? tool['cellwright'] : undefined;
  if (!isTable(own)) return {};
  return {
    own: {
      notebook: textOf(own, 'notebook', 'tool.cellwright.notebook'),
      python: textOf(own, 'python', 'tool.cellwright.python'),
      asked: listOf(own, 'asked', 'tool.cellwright.asked'),
      imported: listOf(own, 'imported', 'tool.cellwright.imported'),
    },
  };
}

function tableOf(value: unknown, place: string): TomlTable {
  if (!isTable(value)) throw new Mismatch(`${place} is no table`);
  return value;
}

function optionalText(table: TomlTable, key: string, place: string): string | undefined {
  const value = table[key];
  if (value !== undefined && typeof value !== 'string') throw new Mismatch(`${place} has a ${key} that is no text`);
  return value;
}

function textOf(table: TomlTable, key: string, place: string): string {
  const value = optionalText(table, key, place);
  if (value === undefined) throw new Mismatch(place === key ? `${key} is missing` : `${place} has no ${key}`);
  return value;
}

function listOf(table: TomlTable, key: string, place: string): readonly string[] {
  const value = table[key] ?? [];
  if (!isTexts(value)) throw new Mismatch(`${place} is no list of texts`);
  return value;
}
