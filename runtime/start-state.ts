import { createHash } from 'node:crypto';
import { describePackages, type PackageQuestion } from './process/search-path.ts';
import { PackageAnswers } from './process/reached-packages.ts';
import { realPath, type LocalStore } from './store/local.ts';
import { ofTerminal, type Variables } from './variables.ts';

/** Read by the interpreter before anybody can watch, or by native code. The hash seed is the same in every run. */
const readUnseen =
  /^(?:TZ|LANG|LANGUAGE|LC_[A-Z]+|PYTHON(?!HASHSEED$)[A-Z]+|LD_[A-Z_]+|(?:OMP|MKL|OPENBLAS|BLIS|VECLIB|NUMEXPR)_[A-Z_]+)$/;

/** True for variables that a cell may depend on although nobody saw it read them. */
export function isReadUnseen(name: string): boolean {
  return readUnseen.test(name);
}

/** The interpreter sets it for itself where the locale is C, so the whole environment is compared without it; it is compared apart. */
const setByPython = 'LC_CTYPE';

const hashSeed = 'PYTHONHASHSEED';

const parts = [
  'the interpreter or its search path',
  'the folder that the cells run in',
  'a variable that the interpreter reads itself',
] as const;

/** What every cell of a run starts from. */
export interface Start {
  /** As the cache compares it for every task, whatever it reached. */
  readonly environment: string;
  /** With all that is installed. */
  readonly whole: string;
  readonly packages: PackageAnswers;
}

/** What every cell of a run starts from. */
export function describeStart(store: LocalStore, start: PackageQuestion): Start {
  const found = describePackages(store, start);
  const write = (packages: string): string => writeStart(packages, start);
  return { environment: write(found.base), whole: write(found.whole), packages: new PackageAnswers(store, found) };
}

/** A start state in one text. @param packages digest of the interpreter and of what it finds */
export function writeStart(packages: string, { cwd, variables }: Pick<PackageQuestion, 'cwd' | 'variables'>): string {
  const unseen = digest(linesOf(variables, (name) => readUnseen.test(name)));
  return JSON.stringify([packages, realPath(cwd), unseen]);
}

/** Where there is no interpreter: like no other start. */
export function startOfNothing(store: LocalStore): Start {
  return { environment: '', whole: '', packages: new PackageAnswers(store, { whole: '', folders: [] }) };
}

/** The part of two different start states that differs, in words for the user. */
export function differenceOfStarts(before: string, now: string): string {
  const [old, fresh] = [partsOf(before), partsOf(now)];
  return parts.find((_, place) => old[place] !== fresh[place]) ?? parts[0];
}

function partsOf(start: string): readonly string[] {
  return start === '' ? [] : (JSON.parse(start) as readonly string[]);
}

/** Digest of a variable as the worker makes it, of all for `*`; `absent` when there is none. */
export function digestOfVariable(variables: Variables, name: string): string {
  if (name === '*') return digest(linesOf(variables, (other) => !ofTerminal.has(other) && other !== setByPython));
  const value = valueOf(variables, name);
  return value === undefined ? 'absent' : digest([Buffer.from(value)]);
}

/** The hash seed is the worker's own. */
function valueOf(variables: Variables, name: string): string | undefined {
  return name === hashSeed ? '0' : variables[name];
}

function linesOf(variables: Variables, wanted: (name: string) => boolean): readonly Buffer[] {
  const names = new Set([...Object.keys(variables), hashSeed]);
  const lines = [...names].filter(wanted).flatMap((name) => {
    const value = valueOf(variables, name);
    return value === undefined ? [] : [Buffer.from(`${name}=${value}`)];
  });
  return lines.sort((left, right) => left.compare(right));
}

function digest(lines: readonly Buffer[]): string {
  const hash = createHash('sha256');
  lines.forEach((line, place) => hash.update(place === 0 ? '' : '\0').update(line));
  return hash.digest('hex');
}
