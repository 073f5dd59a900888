import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { EngineAsked, Origin, RunOptions } from '../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { findEngine } from './engine-flags.ts';
import { findTimeout } from './execution-timeout.ts';
import { isThere } from './files.ts';
import { usage, type CommandResult, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';
import { findStandBy } from './keep-warm.ts';
import { prepareEnvironment } from './locked-environment.ts';
import { refuseForeign } from './foreign-bundle.ts';
import { findFolder } from './run-targets.ts';
import { findPlace, type Place } from './state-folder.ts';

/** How a notebook is run, whether with one set of values or with many. */
export interface RunSettings {
  readonly place: Place;
  /** What is to be said of the environment. */
  readonly diagnostics: readonly Diagnostic[];
  readonly cwd: string;
  readonly jobs: number;
  /** Where tasks run besides this machine. */
  readonly engine: EngineAsked | undefined;
  /** Seconds for which processes with the notebook's imports wait for the next run. */
  readonly standBy: number;
  /** What the environment was built from, where one was asked for. */
  readonly lock: Origin['lock'];
  /** Seconds that a cell may run, as far as it does not say it itself. */
  readonly timeout: number | undefined;
}

/** Reads the settings of the command line, and builds the environment when one is asked for. */
export async function findRunSettings(
  host: Host,
  parsed: ParsedArguments,
  input: Input,
): Promise<Outcome<RunSettings>> {
  const foreign = refuseForeign(host, parsed, input);
  if (foreign !== undefined) return { ok: false, result: foreign };
  const cwd = findFolder(host, parsed, input);
  if (!cwd.ok) return cwd;
  const jobs = findJobs(parsed);
  if (!jobs.ok) return jobs;
  const engine = findEngine(parsed);
  if (!engine.ok) return engine;
  const timeout = findTimeout(parsed);
  if (!timeout.ok) return timeout;
  const standBy = findStandBy(host, parsed);
  if (!standBy.ok) return standBy;
  const found = findPlace(host, parsed, input);
  if (!found.ok) return found;
  const silent = isSilent(host, parsed);
  const misnamed = findMisnamed(parsed, found.value.state);
  if (misnamed !== undefined) return { ok: false, result: misnamed };
  const prepared = await prepareEnvironment(host, parsed, { input, place: found.value, builds: true, silent });
  if (!prepared.ok) return prepared;
  const { place, diagnostics, lock } = prepared.value;
  const values = { cwd: cwd.value, jobs: jobs.value, standBy: standBy.value, timeout: timeout.value };
  return { ok: true, value: { place, diagnostics, lock, engine: engine.value, ...values } };
}

/** A run's name is its time in UTC and four letters, and no run has it yet. */
function findMisnamed(parsed: ParsedArguments, state: string): CommandResult | undefined {
  const name = lastValue(parsed, 'follow-as');
  if (name === undefined) return undefined;
  if (!/^\d{8}T\d{6}-[0-9a-f]{4}$/.test(name))
    return usage(`${name} is no name of a run.`, 'Give it as 20260131T235959-0a1f.');
  if (!isThere(path.join(state, 'runs', name, 'events.jsonl'))) return undefined;
  return usage(`There is a run ${name} already.`, 'Give it another name.');
}

function findJobs(parsed: ParsedArguments): Outcome<number> {
  const asked = lastValue(parsed, 'jobs');
  const jobs = asked === undefined ? availableParallelism() : Number(asked);
  if (Number.isInteger(jobs) && jobs >= 1) return { ok: true, value: jobs };
  return { ok: false, result: usage(`-j takes a number from 1, not ${asked ?? ''}.`, 'Give the number of tasks.') };
}

/** True when nothing is to be shown while it runs. */
export function isSilent(host: Host, parsed: ParsedArguments): boolean {
  return hasFlag(parsed, 'quiet') || (hasFlag(parsed, 'json') && !host.isTerminal);
}

type FlaggedOptions = Pick<
  RunOptions,
  | 'worker'
  | 'cwd'
  | 'state'
  | 'python'
  | 'kernel'
  | 'lock'
  | 'environment'
  | 'jobs'
  | 'engine'
  | 'standBy'
  | 'timeout'
  | 'cache'
  | 'force'
  | 'keepGoing'
  | 'startMethod'
  | 'lane'
  | 'followed'
>;

/** The options of the runtime that flags and settings decide. */
export function runOptionsOf(
  host: Host,
  parsed: ParsedArguments,
  { place, cwd, jobs, engine, standBy, timeout }: RunSettings,
): FlaggedOptions {
  return {
    worker: path.join(host.installation, 'python', 'worker.py'),
    ...place,
    ...{ cwd, jobs, engine, standBy, timeout },
    cache: !hasFlag(parsed, 'no-cache'),
    force: hasFlag(parsed, 'force'),
    keepGoing: hasFlag(parsed, 'keep-going'),
    startMethod: hasFlag(parsed, 'spawn') ? 'spawn' : 'fork',
    lane: hasFlag(parsed, 'one-process'),
    followed: lastValue(parsed, 'follow-as'),
  };
}
