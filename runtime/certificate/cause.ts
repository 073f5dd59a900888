import type { Task } from '../../compiler/bundle/format.ts';
import { chanceOf } from '../verify/chance.ts';
import type { FactDifference } from './differences.ts';
import type { EnvironmentDescription } from './environment.ts';
import type { RecordedCell } from './format.ts';
import type { Pair } from './pairs.ts';
import { isReadUnseen } from '../start-state.ts';
import { isOfMachine } from './variables.ts';

/** Why a cell probably differs. */
export interface Cause {
  readonly kind: 'code' | 'data' | 'environment' | 'randomness' | 'time' | 'outside' | 'unknown';
  readonly what: string;
}

/** What is known when a cell turns out to differ. */
export interface Evidence {
  /** The cell and those that it depends on, the nearest first. */
  readonly lineage: readonly Pair[];
  readonly differences: readonly FactDifference[];
  readonly environment: Pick<EnvironmentDescription, 'packages'>;
  /** Tasks of the notebook by name. */
  readonly tasks: ReadonlyMap<string, Task>;
  /** Whether two runs here differ in this cell; undefined when only one was made. */
  readonly varies: boolean | undefined;
}

type Kind = FactDifference['kind'];

/**
 * The likeliest cause. Facts of the cell come before those of the cells that it depends on, and all of these before the rest: code,
 * data, what differs between two runs here, imported packages, variables, interpreter and platform.
 */
export function findCause(evidence: Evidence): Cause {
  const { varies } = evidence;
  const own = { ...evidence, lineage: evidence.lineage.slice(0, 1) };
  return (
    findCertainCause(evidence) ??
    (varies === true ? byChance(evidence, true) : undefined) ??
    fromPackages(evidence) ??
    fromCells(evidence, 'variable') ??
    unseenVariable(evidence) ??
    fromCells(own, 'code') ??
    fromMachine(own) ??
    fromFarAway(evidence) ??
    byChance(evidence, false) ??
    fromMachine(evidence) ?? { kind: 'unknown', what: 'nothing that a certificate records is different' }
  );
}

/** Files of packages and of the interpreter: their versions say more. */
const ofEnvironment = /^\{(?:packages|library|python)\}\//;

/** The cause in the cell's own code or data, or in that of a cell that it depends on: no second run is needed to know of it. */
export function findCertainCause(evidence: Omit<Evidence, 'varies'>): Cause | undefined {
  const isLayout = ({ what }: FactDifference): boolean => what.startsWith('comments or layout');
  const edited = { ...evidence, differences: evidence.differences.filter((difference) => !isLayout(difference)) };
  const data = { ...evidence, differences: evidence.differences.filter(({ name }) => !ofEnvironment.test(name)) };
  return fromCells(edited, 'code') ?? fromCells(data, 'file');
}

/** What a difference of some kind is called where a cell has a part in it. */
function namesOf(cell: RecordedCell | undefined, kind: Kind): readonly string[] {
  if (cell === undefined) return [];
  if (kind === 'code') return [cell.name];
  return kind === 'file' ? cell.files : kind === 'package' ? cell.packages : kind === 'variable' ? cell.variables : [];
}

function fromCells({ lineage, differences }: Omit<Evidence, 'varies'>, kind: Kind): Cause | undefined {
  for (const [place, pair] of lineage.entries()) {
    const names = new Set([...namesOf(pair.now, kind), ...namesOf(pair.before, kind)]);
    // A name in the certificate may be another cell's now.
    const isOwn = ({ name }: FactDifference): boolean =>
      kind === 'code' ? name === (pair.now ?? pair.before)?.name : names.has(name);
    const found = differences.find((difference) => difference.kind === kind && isOwn(difference));
    if (found !== undefined) return say(found, place === 0 ? '' : dependence(pair, kind));
  }
  return undefined;
}

/** A module beside the notebook is read as a file, and code. */
function say({ kind, name, what }: FactDifference, suffix: string): Cause {
  const known = { code: 'code', file: /\.(?:py|[cm]?[jt]sx?)$/.test(name) ? 'code' : 'data' } as const;
  return { kind: kind === 'code' || kind === 'file' ? known[kind] : 'environment', what: `${what}${suffix}` };
}

function dependence({ now, before }: Pair, kind: Kind): string {
  const cell = now ?? before;
  const verb = kind === 'package' ? 'imports' : 'reads';
  return kind === 'code'
    ? ', on which it depends'
    : `; [${cell?.number ?? 0}] ${cell?.name ?? ''}, on which it depends, ${verb} it`;
}

/** First those that the cell imports, then what the cells before it import, then what these packages need. */
function fromPackages(evidence: Evidence): Cause | undefined {
  const direct = fromCells(evidence, 'package');
  if (direct !== undefined) return direct;
  const needs = new Map(evidence.environment.packages.map(({ name, needs: names }) => [name, names]));
  const reached = new Set(evidence.lineage.flatMap(({ now }) => now?.packages ?? []));
  for (const name of reached) {
    for (const other of needs.get(name) ?? []) reached.add(other);
    const found = evidence.differences.find((difference) => difference.kind === 'package' && difference.name === name);
    if (found !== undefined) return say(found, ', which a package that it imports needs');
  }
  const files = { ...evidence, differences: evidence.differences.filter(({ name }) => ofEnvironment.test(name)) };
  const file = fromCells(files, 'file');
  return file === undefined ? undefined : { ...file, kind: 'environment' };
}

/** One that the interpreter or native code reads, without anybody seeing which cell it serves. */
function unseenVariable({ differences }: Evidence): Cause | undefined {
  const found = differences.find(({ kind, name }) => kind === 'variable' && isReadUnseen(name));
  return found === undefined ? undefined : say(found, '');
}

/** Facts that have no known connection with the cell; the clock or chance, where its own text tells of them, are as likely. */
function fromFarAway(evidence: Evidence): Cause | undefined {
  const chance = byChance({ ...evidence, lineage: evidence.lineage.slice(0, 1) }, false);
  for (const wanted of ['interpreter', 'platform', 'code', 'file', 'variable', 'package']) {
    const found = evidence.differences.find(({ kind }) => kind === wanted);
    if (found !== undefined) return say(found, chance === undefined ? '' : `; or ${chance.what}`);
  }
  return undefined;
}

const seeded = /\bseed\(|random_state\s*=|RandomState\(|default_rng\(\s*[^\s)]/;

/** @param isCertain two runs here differ, so that the text only has to tell why */
function byChance({ lineage, tasks }: Evidence, isCertain: boolean): Cause | undefined {
  const own = lineage.flatMap(({ now }) => (now === undefined ? [] : (tasks.get(now.name) ?? [])));
  const hasSeed = own.some(({ source }) => seeded.test(source));
  for (const [place, task] of own.entries()) {
    const chance = chanceOf(task);
    if (chance === undefined || (hasSeed && !isCertain && chance.kind === 'randomness')) continue;
    const where = place === 0 ? '' : ` in [${task.executionCount}] ${task.name}, on which it depends`;
    return { kind: chance.kind, what: `${chance.what}${where}${isCertain ? '; two runs here differ too' : ''}` };
  }
  if (!isCertain) return undefined;
  return { kind: 'randomness', what: 'an input that differs from run to run: two runs here differ too' };
}

const asksMachine =
  /\b(?:getuser|getlogin|gethostname|platform\.node|Path\.home|expanduser|cpu_count|getpid|os\.environ(?=\)|\.(?:copy|items|keys|values)\()|(?:Deno|os)\.hostname|hardwareConcurrency|os\.cpus|homedir|userInfo|(?:Deno|process)\.pid|env\.toObject)/;

/** What is another one on every machine, and is not compared therefore. */
function fromMachine({ lineage, tasks }: Evidence): Cause | undefined {
  for (const { now } of lineage) {
    const task = now === undefined ? undefined : tasks.get(now.name);
    const named = [...(task?.source.matchAll(/['"]([A-Z_][A-Z0-9_]*)['"]/g) ?? [])].map(([, name = '']) => name);
    const asked = named.find(isOfMachine) ?? asksMachine.exec(task?.source ?? '')?.[0];
    if (task === undefined || asked === undefined) continue;
    const what = `[${task.executionCount}] ${task.name} asks for ${asked}, which is another one on every machine`;
    return { kind: 'environment', what };
  }
  return undefined;
}
