import { join } from 'node:path';
import { listFolder } from '../list-folder.ts';
import { readOrNothing, type LocalStore } from '../store/local.ts';
import { markOf } from './path-mark.ts';

/** An installed distribution that lists its files. */
export interface InstalledDistribution {
  /** As PEP 503 compares it. */
  readonly name: string;
  readonly version: string;
  /** Its `*.dist-info`, with what tells whether it was installed again. */
  readonly identity: string;
  /** What it has in its folder of packages, by the first part of each path. */
  readonly entries: readonly string[];
  /** Names of the distributions that it requires in any case. */
  readonly needs: readonly string[];
  /** Groups of its entry points. */
  readonly groups: readonly string[];
}

/** What is in a folder of packages. */
export interface PackageFolder {
  readonly path: string;
  readonly names: readonly string[];
  readonly distributions: readonly InstalledDistribution[];
  /** What counts for everybody: it changes the search path, or does not list its files. */
  readonly common: readonly string[];
}

const document = 'distributions.json';
const version = 1;

interface Known {
  readonly version: number;
  /** By path of the `*.dist-info`. */
  readonly distributions: Readonly<Record<string, InstalledDistribution>>;
}

/** Reads what is installed in folders. What a distribution lists is read once, and kept until it is installed again. */
export function readPackageFolders(store: LocalStore, folders: readonly string[]): readonly PackageFolder[] {
  const kept = store.readDocument(document);
  const known = isKnown(kept) ? kept.distributions : {};
  const found: Record<string, InstalledDistribution> = {};
  const read = folders.map((path) => readFolder(path, known, found));
  const isSame = Object.entries(found).every(([path, one]) => known[path]?.identity === one.identity);
  if (!isSame || Object.keys(known).length !== Object.keys(found).length) {
    store.writeDocument(document, { version, distributions: found } satisfies Known);
  }
  return read;
}

function isKnown(value: unknown): value is Known {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === version;
}

function readFolder(
  path: string,
  known: Known['distributions'],
  found: Record<string, InstalledDistribution>,
): PackageFolder {
  const names = [...listFolder(path)].sort();
  const distributions: InstalledDistribution[] = [];
  const common: string[] = [];
  for (const name of names) {
    if (!/\.(?:dist-info|egg-info|pth|egg-link)$/.test(name)) continue;
    const place = join(path, name);
    const identity = `${name} ${markOf(place)}`;
    const kept = known[place];
    const one = kept?.identity === identity ? kept : readDistribution(place, name, identity);
    if (one === undefined) {
      common.push(identity);
      continue;
    }
    found[place] = one;
    distributions.push(one);
  }
  return { path, names, distributions, common };
}

/** Undefined when it does not say which files it has. */
function readDistribution(place: string, name: string, identity: string): InstalledDistribution | undefined {
  const [, base = '', release = ''] = /^(.+?)-([^-]+)\.dist-info$/.exec(name) ?? [];
  const record = base === '' ? undefined : readOrNothing(join(place, 'RECORD'));
  const metadata = readOrNothing(join(place, 'METADATA'));
  if (record === undefined || metadata === undefined) return undefined;
  const entries = new Set<string>();
  for (const line of record.split('\n')) {
    const path = line.startsWith('"') ? (/^"((?:[^"]|"")*)"/.exec(line)?.[1] ?? '') : (line.split(',')[0] ?? '');
    // Programs and data outside of the folder are compared as any file.
    const [first = ''] = path.split('/');
    if (!['', '..', '__pycache__', name].includes(first)) entries.add(first);
  }
  return {
    name: canonicalName(base),
    version: release,
    identity,
    entries: [...entries].sort(),
    needs: needsOf(metadata),
    groups: groupsOf(readOrNothing(join(place, 'entry_points.txt')) ?? ''),
  };
}

/** The name of a distribution as PEP 503 compares it. */
function canonicalName(name: string): string {
  return name.replaceAll(/[-_.]+/g, '-').toLowerCase();
}

function needsOf(metadata: string): readonly string[] {
  const [head = ''] = metadata.split(/\r?\n\r?\n/);
  const needs = [...head.matchAll(/^Requires-Dist:\s*([A-Za-z0-9][A-Za-z0-9._-]*)(.*)$/gm)];
  const always = needs.filter(([, , rest = '']) => !/\bextra\s*==/.test(rest));
  return [...new Set(always.map(([, name = '']) => canonicalName(name)))].sort();
}

function groupsOf(entryPoints: string): readonly string[] {
  return [...entryPoints.matchAll(/^\s*\[(.+?)\]/gm)].map(([, group = '']) => group.trim()).sort();
}
