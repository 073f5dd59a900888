import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isObject } from '../../compiler/bundle/follow-schema.ts';
import { listFolder } from '../list-folder.ts';
import { readFileSync } from 'node:fs';
import { isFileError, readDocument } from '../store/local.ts';

/** The file in which Deno keeps what it got from an address. */
export function keptAddress(cache: string, { protocol, hostname, port, pathname, search }: URL): string {
  const host = port === '' ? hostname : `${hostname}_PORT${port}`;
  const name = createHash('sha256').update(`${pathname}${search}`).digest('hex');
  return join(cache, 'remote', protocol.replace(':', ''), host, name);
}

/** Where a path below JSR is, or below the registry that is used in its place. */
export function addressAtJsr({ JSR_URL: given = '' }: Readonly<Record<string, string | undefined>>, path: string): URL {
  return new URL(path, URL.canParse(given) ? given : 'https://jsr.io/');
}

/**
 * The modules that a text imports or that an answer leads to. More may be found than there is, since text within comments counts: that costs
 * nothing, as it is not there.
 */
export function importsIn(text: string): readonly string[] {
  const found = [...text.matchAll(/\b(?:from|import)\s*\(?\s*(["'])([^"'\n]+)\1/g)].map(([, , name = '']) => name);
  const [, location] = /^\/\/ denoCacheMetadata=.*"location":"([^"]+)"/m.exec(text) ?? [];
  return location === undefined ? found : [...found, location];
}

/** What the versions of a package that are here require. @param folder the package's, with a folder for each version */
export function dependenciesOfNpm(folder: string): readonly string[] {
  const names = listFolder(folder).flatMap((version) => {
    const read = readDocument(join(folder, version, 'package.json'));
    const sections = isObject(read)
      ? [read['dependencies'], read['optionalDependencies'], read['peerDependencies']]
      : [];
    return sections.flatMap((section) => (isObject(section) ? Object.keys(section) : []));
  });
  return [...new Set(names)];
}

/** What the versions of a package that are here import from elsewhere. @param place the file in which an address below the package's is kept */
export function dependenciesOfJsr(place: (path: string) => string): readonly string[] {
  const versions = readKept(place('meta.json'))['versions'];
  if (!isObject(versions)) return [];
  return Object.keys(versions).flatMap((version) => {
    const kept = readKept(place(`${version}_meta.json`));
    const graph = kept['moduleGraph2'] ?? kept['moduleGraph1'];
    const found = isObject(graph)
      ? [...JSON.stringify(graph).matchAll(/"specifier":"((?:jsr|npm|https?):[^"]+)"/g)]
      : [];
    return found.map(([, specifier = '']) => specifier);
  });
}

/** A document that Deno keeps with a line of its own behind it. */
function readKept(file: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8').replace(/\n\/\/ denoCacheMetadata=.*$/s, ''));
    return isObject(parsed) ? parsed : {};
  } catch (error) {
    if (error instanceof SyntaxError || isFileError(error)) return {};
    throw error;
  }
}
