import type { Result } from '../../../compiler/bundle/diagnostic.ts';
import { isObject } from '../../../compiler/bundle/follow-schema.ts';
import type { LockedModule } from '../../languages/module-locks.ts';
import { parseJson } from './parse-json.ts';

/** A `deno.lock`, as far as it says which modules are imported. */
export interface DenoLock {
  /** By what is asked for, such as `npm:ms@^2`, the version that is meant. */
  readonly specifiers: ReadonlyMap<string, string>;
  readonly modules: readonly LockedModule[];
  /** Addresses that lead to others. */
  readonly redirects: ReadonlySet<string>;
}

/** Versions of the format that are understood: Deno 2 writes them. */
const versions = ['4', '5'];

/** Reads a `deno.lock`. Never throws on any input. @param shown how it is called in messages */
export function readDenoLock(text: string, shown: string): Result<DenoLock> {
  const parsed = parseJson(text);
  if (!isObject(parsed)) return refuse(`${shown} is not valid JSON.`);
  const { version } = parsed;
  if (typeof version !== 'string' || !versions.includes(version))
    return refuse(`${shown} is no deno.lock of version ${versions.join(' or ')}.`);
  const sections = ['specifiers', 'npm', 'jsr', 'remote', 'redirects'].map((name) => parsed[name] ?? {});
  if (!sections.every(isObject)) return refuse(`${shown} is damaged.`);
  const [specifiers = {}, npm = {}, jsr = {}, remote = {}, redirects = {}] = sections;
  const modules = [
    ...Object.entries(npm).map(([key, entry]) => packageOf('npm', key, entry)),
    ...Object.entries(jsr).map(([key, entry]) => packageOf('jsr', key, entry)),
    ...Object.entries(remote).map(([address, digest]) => ({ name: address, version: '', integrity: String(digest) })),
  ];
  return {
    ok: true,
    value: {
      specifiers: new Map(Object.entries(specifiers).map(([name, found]) => [name, String(found)])),
      modules,
      redirects: new Set(Object.keys(redirects)),
    },
  };
}

/** `@scope/name@1.2.0_peer@2.0.0` is the package in that version. */
function packageOf(kind: 'npm' | 'jsr', key: string, entry: unknown): LockedModule {
  const cut = key.indexOf('@', 1);
  const version = cut < 0 ? '' : (key.slice(cut + 1).split('_')[0] ?? '');
  const integrity = isObject(entry) ? entry['integrity'] : undefined;
  return {
    name: `${kind}:${cut < 0 ? key : key.slice(0, cut)}`,
    version,
    integrity: typeof integrity === 'string' ? integrity : '',
  };
}

function refuse(message: string): Result<never> {
  const help = 'Write it anew with cellwright lock NB, or name another file.';
  return { ok: false, error: [{ code: 'CW702', severity: 'error', message, help, related: [] }] };
}

/** What a specifier asks for, as a lock has it: `npm:/ms@2/index.js` is `npm:ms@2`. Undefined for what no lock has. */
export function askedBy(specifier: string): string | undefined {
  const [, kind, name, range = ''] = /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)(?:@([^/]*))?/.exec(specifier) ?? [];
  if (kind !== undefined && name !== undefined) return `${kind}:${name}@${range === '' ? '*' : range}`;
  return /^https?:/.test(specifier) ? specifier : undefined;
}

/** Whether a lock holds what a specifier asks for; true for what no lock has. */
export function holds({ specifiers, redirects, modules }: DenoLock, specifier: string): boolean {
  const asked = askedBy(specifier);
  if (asked === undefined || specifiers.has(asked) || redirects.has(asked)) return true;
  return modules.some(({ name }) => name === asked);
}

/** Whether a lock has a specifier in just these words; a range of versions may have others there. */
export function isKeptAsWritten(specifier: string): boolean {
  const asked = askedBy(specifier);
  return asked !== undefined && (/^https?:/.test(asked) || /@(?:\*|\d+\.\d+\.\d+)$/.test(asked));
}

/** The module that a specifier leads to, as far as the text of the lock says it. */
export function nameOf(specifier: string): string | undefined {
  const asked = askedBy(specifier);
  return asked?.replace(/^((?:npm|jsr):@?[^@]+)@.*$/, '$1');
}

/**
 * The text without the addresses of mirrors: a package is found by name, version and digest through the registry that Deno is set up with,
 * so a lock that was made behind one registry works behind another.
 */
export function withoutMirrors(text: string): string {
  const lock = JSON.parse(text) as { npm?: Record<string, { tarball?: string }> };
  for (const [key, entry] of Object.entries(lock.npm ?? {})) {
    if (entry.tarball === undefined) continue;
    const { name, version } = packageOf('npm', key, entry);
    const plain = name.slice('npm:'.length);
    const usual = `/${plain}/-/${plain.replace(/^@[^/]+\//, '')}-${version}.tgz`;
    if (entry.tarball.endsWith(usual)) delete entry.tarball;
    else entry.tarball = withoutCredentials(entry.tarball);
  }
  return `${JSON.stringify(lock, null, 2)}\n`;
}

function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.username = '';
  url.password = '';
  url.search = '';
  return url.href;
}
