import type { Facts, RecordedCell, RecordedFile } from './format.ts';
import type { Pair } from './pairs.ts';

/** A fact that is another one now. */
export interface FactDifference {
  readonly kind: 'code' | 'file' | 'package' | 'variable' | 'interpreter' | 'platform';
  /** The cell, path, distribution or variable. */
  readonly name: string;
  /** What is different, in words: never what a variable holds. */
  readonly what: string;
}

type ComparedFacts = Pick<Facts, 'files' | 'environment'>;
type ComparedCell = Pick<RecordedCell, 'name' | 'number' | 'code' | 'source'>;

/** Every recorded fact that differs, without the outputs. @param called what holds the facts of before, in words */
export function findDifferences(
  before: ComparedFacts,
  now: ComparedFacts,
  { pairs, called }: { readonly pairs: readonly Pair<ComparedCell>[]; readonly called: string },
): readonly FactDifference[] {
  return [
    ...pairs.flatMap((pair) => differenceOfCode(pair, called) ?? []),
    ...differencesOfFiles(before.files, now.files, called),
    ...differencesOfPackages(before, now, called),
    ...differencesOfVariables(before, now),
    ...differencesOfPlatform(before, now, called),
  ];
}

/** What became of a cell's code. */
export function differenceOfCode({ before, now }: Pair<ComparedCell>, called: string): FactDifference | undefined {
  const cell = now ?? before;
  if (cell === undefined) return undefined;
  const say = (what: string): FactDifference => ({ kind: 'code', name: cell.name, what });
  const shown = `[${cell.number}] ${cell.name}`;
  if (before === undefined) return say(`${shown} is not in ${called}`);
  if (now === undefined) return say(`${shown} is not in the notebook any more`);
  if (before.code !== now.code) return say(`the code of ${shown} is another one`);
  return before.source === now.source ? undefined : say(`comments or layout of ${shown} are other ones`);
}

function differencesOfFiles(before: Facts['files'], now: Facts['files'], called: string): readonly FactDifference[] {
  const say = (name: string, what: string): FactDifference => ({ kind: 'file', name, what: `${name} ${what}` });
  const paths = [...new Set([...before, ...now].map(({ path }) => path))].sort();
  return paths.flatMap((path) => {
    // Files elsewhere may have one name.
    const [old, fresh] = [before, now].map((files) => files.filter((file) => file.path === path));
    if (old === undefined || old.length === 0) return say(path, 'is read here and was not');
    if (fresh === undefined || fresh.length === 0) return say(path, 'is missing here, or was not read');
    const what = compareFiles(old, fresh, called);
    return what === '' ? [] : say(path, what);
  });
}

function compareFiles(before: readonly RecordedFile[], now: readonly RecordedFile[], called: string): string {
  const all = (files: readonly RecordedFile[], field: 'sha256' | 'names'): string =>
    files
      .map((file) => file[field] ?? '')
      .sort()
      .join(' ');
  if (all(before, 'sha256') !== all(now, 'sha256')) {
    const [old, fresh] = [before[0]?.size, now[0]?.size];
    return `has another content${old === fresh ? '' : ` (${old ?? 0} bytes in ${called}, ${fresh ?? 0} here)`}`;
  }
  return all(before, 'names') === all(now, 'names') ? '' : 'has other files in it';
}

/** Those that a cell imports first. */
function differencesOfPackages(before: ComparedFacts, now: ComparedFacts, called: string): readonly FactDifference[] {
  const [old, fresh] = [before, now].map(({ environment }) => versionsOf(environment.packages));
  const all = [...before.environment.packages, ...now.environment.packages];
  const used = all.filter(({ imported }) => imported).map(({ name }) => name);
  const names = new Set([...used.sort(), ...all.map(({ name }) => name).sort()]);
  return [...names].flatMap((name): FactDifference[] => {
    const [was, is] = [old?.get(name), fresh?.get(name)];
    if (was?.version !== is?.version) {
      const shown = (found: Versions | undefined): string => found?.version ?? absentWord(name);
      return [{ kind: 'package', name, what: `${name} is ${shown(is)} here, ${shown(was)} in ${called}` }];
    }
    // Where one of both is not known, nothing is.
    const isSame = was?.integrity === is?.integrity || was?.integrity === '' || is?.integrity === '';
    const what = `${name} ${is?.version ?? ''} has other files here than in ${called}`;
    return isSame ? [] : [{ kind: 'package', name, what }];
  });
}

interface Versions {
  readonly version: string;
  readonly integrity: string;
}

/** Modules may be there in several versions. */
function versionsOf(packages: Facts['environment']['packages']): ReadonlyMap<string, Versions> {
  const found = new Map<string, Versions>();
  for (const { name, version, integrity = '' } of packages) {
    const before = found.get(name);
    const both = (left: string | undefined, right: string): string =>
      left === undefined ? right : left === '' || right === '' ? '' : `${left} and ${right}`;
    found.set(name, { version: both(before?.version, version), integrity: both(before?.integrity, integrity) });
  }
  return found;
}

/** A module has where it comes from in its name. */
function absentWord(name: string): string {
  return name.includes(':') ? 'not imported' : 'not installed';
}

function differencesOfVariables(before: ComparedFacts, now: ComparedFacts): readonly FactDifference[] {
  const digests = (facts: ComparedFacts): ReadonlyMap<string, string> =>
    new Map(facts.environment.variables.map(({ name, digest }) => [name, digest]));
  const [old, fresh] = [digests(before), digests(now)];
  return [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((name): FactDifference[] => {
    if (old.get(name) === fresh.get(name)) return [];
    const what = !old.has(name)
      ? 'is set and read here, and was not'
      : !fresh.has(name)
        ? 'is not set here, or was not read'
        : 'has another value';
    return [{ kind: 'variable', name, what: `the variable ${name} ${what}` }];
  });
}

function differencesOfPlatform(before: ComparedFacts, now: ComparedFacts, called: string): readonly FactDifference[] {
  const [old, fresh] = [before.environment, now.environment];
  const interpreter = ({ python }: Facts['environment']): string => `${python.implementation} ${python.version}`;
  const platform = ({ platform: { system, machine, libc } }: Facts['environment']): string =>
    [system, machine, libc].filter(Boolean).join(' ');
  const found: FactDifference[] = [];
  const say = (kind: 'interpreter' | 'platform', was: string, is: string): void => {
    if (was !== is) found.push({ kind, name: kind, what: `the ${kind} is ${is} here, ${was} in ${called}` });
  };
  say('interpreter', interpreter(old), interpreter(fresh));
  say('platform', platform(old), platform(fresh));
  return found;
}
