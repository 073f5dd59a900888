import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { foldersUp } from '../folders-up.ts';
import { cacheOfDeno } from '../javascript/deno-cache.ts';
import { registryFolders } from '../javascript/lock/kept-packages.ts';
import { markOf } from '../marks.ts';
import type { FileRead } from '../process/protocol.ts';
import { isFileError } from '../store/local.ts';
import { addressAtJsr, dependenciesOfJsr, dependenciesOfNpm, importsIn, keptAddress } from './kept-modules.ts';

/** Where modules are looked for. */
interface Around {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What the engine makes of a name; undefined for one that it does not find. */
  readonly resolve: (specifier: string) => string | undefined;
}

/**
 * What tells which modules imports have found, in which versions: files of Deno's own folder, which are compared as any file that a cell
 * reads. What is imported imports in turn; all of it counts. Their signatures are for whoever is told of them.
 */
export function filesOfModules(specifiers: readonly string[], around: Around): readonly FileRead[] {
  return new Search(around).all(specifiers);
}

class Search {
  readonly #around: Around;
  readonly #cache: string;
  readonly #seen = new Set<string>();
  readonly #files = new Map<string, FileRead>();
  #registries: readonly string[] | undefined;

  constructor(around: Around) {
    this.#around = around;
    this.#cache = cacheOfDeno(around.environment, around.cwd);
  }

  all(specifiers: readonly string[]): readonly FileRead[] {
    const open = [...specifiers];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (this.#seen.has(next)) continue;
      this.#seen.add(next);
      open.push(...this.#look(next));
    }
    return [...this.#files.values()];
  }

  /** Notes what tells of one module, and gives what it imports. */
  #look(specifier: string): readonly string[] {
    const [, kind, name] = /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)/.exec(specifier) ?? [];
    if (name !== undefined) return kind === 'npm' ? this.#npm(name) : this.#jsr(name);
    if (/^https?:/.test(specifier)) return URL.canParse(specifier) ? this.#remote(new URL(specifier)) : [];
    if (specifier.startsWith('file:')) return inFile(specifier);
    if (/^[a-z][\w+.-]*:/i.test(specifier)) return [];
    const resolved = this.#around.resolve(specifier);
    const isInstalled = resolved === undefined || resolved.includes('/node_modules/');
    if (!isInstalled) return [resolved];
    if (!/^\.{0,2}\//.test(specifier)) this.#installed(specifier);
    return [];
  }

  /** Which versions are here, and which the registry is known to have. */
  #npm(name: string): readonly string[] {
    const known = (this.#registries ??= registryFolders(this.#cache));
    const registries = known.length > 0 ? known : [join(this.#cache, 'npm', 'registry.npmjs.org')];
    const folders = registries.map((registry) => join(registry, name));
    for (const folder of folders) {
      this.#note(folder, 'listing');
      this.#note(join(folder, 'registry.json'), 'content');
    }
    return folders.flatMap(dependenciesOfNpm).map((other) => `npm:${other}`);
  }

  #jsr(name: string): readonly string[] {
    const { environment } = this.#around;
    const place = (path: string): string => keptAddress(this.#cache, addressAtJsr(environment, `${name}/${path}`));
    this.#note(place('meta.json'), 'content');
    return dependenciesOfJsr(place);
  }

  #remote(address: URL): readonly string[] {
    const file = keptAddress(this.#cache, address);
    this.#note(file, 'content');
    return importsIn(readText(file)).flatMap((name) => absolute(name, address));
  }

  #installed(specifier: string): void {
    const [bare] = /^(?:@[^/]+\/)?[^/]+/.exec(specifier) ?? [specifier];
    // The first that is found counts, and so does that there is none before it.
    const places = foldersUp(this.#around.cwd).map((folder) => join(folder, 'node_modules', bare, 'package.json'));
    const found = places.findIndex((place) => markOf(place, 'content') !== 'missing');
    for (const place of places.slice(0, found < 0 ? 0 : found + 1)) this.#note(place, 'content');
  }

  #note(path: string, kind: FileRead['kind']): void {
    const key = `${kind} ${path}`;
    if (!this.#files.has(key)) this.#files.set(key, { path, kind, signature: '' });
  }
}

/** A module of the notebook's own: that it is read is seen elsewhere, what it imports is not. */
function inFile(address: string): readonly string[] {
  const file = fileURLToPath(address);
  return /\.(?:[cm]?[jt]sx?)$/.test(file)
    ? importsIn(readText(file)).flatMap((name) => absolute(name, new URL(address)))
    : [];
}

/** A relative name as an address; a name alone stays one. */
function absolute(name: string, base: URL): readonly string[] {
  if (!/^\.{0,2}\//.test(name)) return [name];
  return URL.canParse(name, base.href) ? [new URL(name, base).href] : [];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isFileError(error)) return '';
    throw error;
  }
}
