import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { targets } from '../../../compiler/index.ts';
import { workflowName } from '../../../compiler/index.ts';
import { findInterpreter, readObservedEffects } from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { engineFlags } from '../engine-flags.ts';
import { isThere, shownPath } from '../files.ts';
import { collectNotebook, flyteStore, readResults, type StepRun } from '../flyte-results.ts';
import { missingFlytekit, runPyflyte, type FlyteRun } from '../flyte-runner.ts';
import { refuseForeign } from '../foreign-bundle.ts';
import { usage, type CommandResult, type CommandStatus, type Host, type Outcome } from '../host.ts';
import { openInput, type Input } from '../input.ts';
import { writeOutput } from '../output-file.ts';
import { profileBeside, type FoundProfile } from '../profile-file.ts';
import { count } from '../render.ts';
import { isSilent } from '../run-settings.ts';
import { findFolder, findTargets, type Targets } from '../run-targets.ts';
import { findPlace } from '../state-folder.ts';
import { emitTo, type Emitted } from './emit.ts';

// What has no counterpart there.
const notThere = [
  'until',
  'only',
  'watch',
  'keep-going',
  'one-process',
  'spawn',
  'frozen',
  'frozen-file',
  'matrix',
  'mlflow',
  'report',
  'env',
  ...engineFlags.map(({ name }) => name).filter((name) => name !== 'on'),
];

/** `cellwright run NB --on flyte`: the emitted project, run by flytekit on this machine, or with `--remote` started on a control plane. */
export async function runOnFlyte(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const flag = notThere.find((name) => hasFlag(parsed, name) || lastValue(parsed, name) !== undefined);
  if (flag !== undefined) {
    const help =
      flag === 'matrix'
        ? 'cellwright emit NB --target flyte --matrix … writes a launch plan for each.'
        : 'Leave it out.';
    return usage(`--${flag} is not for a run on Flyte.`, help);
  }
  const prepared = await prepare(host, parsed);
  if (!prepared.ok) return prepared.result;
  return hasFlag(parsed, 'remote') ? startRemote(host, parsed, prepared.value) : runHere(host, parsed, prepared.value);
}

interface Prepared {
  readonly emitted: Emitted;
  readonly targets: Targets;
  readonly cwd: string;
  /** Where the project, the results and the log are. */
  readonly folder: string;
  readonly python: string;
}

async function prepare(host: Host, parsed: ParsedArguments): Promise<Outcome<Prepared>> {
  const opened = await openInput(host, parsed);
  if (!opened.ok) return opened;
  const input = opened.value;
  const foreign = refuseForeign(host, parsed, input);
  if (foreign !== undefined) return { ok: false, result: foreign };
  const [own, cwd, place] = [
    findTargets(host, parsed, input),
    findFolder(host, parsed, input),
    findPlace(host, parsed, input),
  ];
  if (!own.ok) return own;
  if (!cwd.ok) return cwd;
  if (!place.ok) return place;
  const { state, python, kernel } = place.value;
  const executable = findInterpreter({ python, kernel, environment: host.environment })?.executable;
  if (executable === undefined) {
    const help = 'Name an interpreter that has flytekit and what the notebook imports with --python.';
    return { ok: false, result: usage('There is no Python to run Flyte with.', help, 'CW500') };
  }
  const missing = missingFlytekit(executable);
  if (missing !== undefined) return { ok: false, result: missing };
  const target = targets.find(({ name }) => name === 'flyte');
  if (target === undefined) return { ok: false, result: usage('There is no target flyte.', 'Please report it.') };
  const folder = path.join(state, 'flyte');
  const profile = profileOfRuns(parsed, input, state);
  const emitted = await emitTo(host, parsed, {
    ...{ target, output: path.join(folder, 'project') },
    ...(profile === undefined ? {} : { profile }),
  });
  if (!emitted.ok) return emitted;
  return {
    ok: true,
    value: { emitted: emitted.value, targets: own.value, cwd: cwd.value, folder, python: executable },
  };
}

/** Without a profile beside the notebook, what the runs that are kept have observed. */
function profileOfRuns(parsed: ParsedArguments, input: Input, state: string): FoundProfile | undefined {
  if (lastValue(parsed, 'profile') !== undefined || isThere(profileBeside(input.folder, input.stem))) return undefined;
  const profile = readObservedEffects(state, input.plain.bundle, input.folder);
  return profile.cells.length + profile.oneProcess.length === 0 ? undefined : { profile, warnings: [] };
}

async function runHere(host: Host, parsed: ParsedArguments, prepared: Prepared): Promise<CommandResult> {
  const { emitted, folder, python, cwd } = prepared;
  const run = randomUUID();
  const executed = path.join(folder, 'executed.ipynb');
  const results = path.join(folder, 'results');
  rmSync(executed, { force: true });
  mkdirSync(results, { recursive: true });
  const silent = isSilent(host, parsed);
  const started = performance.now();
  const ended = await runPyflyte({
    ...{ python, folder: path.join(folder, 'project'), log: path.join(folder, 'flyte.log') },
    words: ['run', 'workflow.py', workflowName(emitted.input.stem)],
    environment: {
      ...host.environment,
      CELLWRIGHT_CWD: cwd,
      CELLWRIGHT_EXECUTED: executed,
      CELLWRIGHT_RESULTS: results,
      CELLWRIGHT_RUN: run,
      ...(hasFlag(parsed, 'no-cache') ? { FLYTE_LOCAL_CACHE_ENABLED: 'false' } : {}),
      ...(hasFlag(parsed, 'force') ? { FLYTE_LOCAL_CACHE_OVERWRITE: 'true' } : {}),
    },
    signal: host.interruption(),
    onStep: silent ? () => undefined : (name) => host.err(`ran      ${name}\n`),
    results: { folder: results, run },
  });
  const steps = readResults({ folder: results, run, plan: emitted.plan, isWhole: ended.code === 0 });
  if (!existsSync(executed))
    collectNotebook({
      python,
      folder,
      steps,
      executed,
      store: flyteStore(host.environment),
      environment: host.environment,
    });
  const seconds = (performance.now() - started) / 1000;
  return conclude(host, prepared, { ended, steps, executed, seconds });
}

interface Ended {
  readonly ended: FlyteRun;
  readonly steps: readonly StepRun[];
  readonly executed: string;
  readonly seconds: number;
}

function conclude(
  host: Host,
  { emitted, targets: own, folder }: Prepared,
  { ended, steps, executed, seconds }: Ended,
): CommandResult {
  const failed = steps.find(({ exitCode }) => exitCode !== 0);
  const status: CommandStatus = ended.interrupted ? 'interrupted' : ended.code === 0 ? 'ok' : statusOf(failed);
  const { input, plan, result } = emitted;
  const isWritten = existsSync(executed);
  if (isWritten) {
    const text = readFileSync(executed, 'utf8');
    if (own.notebook === undefined) host.out(text);
    else {
      const problem = writeOutput(own.notebook, text, shownPath(host, own.notebook));
      if (problem !== undefined) return problem;
    }
  }
  // Flyte goes through the plan in its order: what comes before the last step that ran and did not run was served.
  const fresh = new Set(steps.filter(({ isFresh }) => isFresh).map(({ step }) => step));
  const last = plan.steps.findLastIndex(({ name }) => fresh.has(name));
  const reached = plan.steps.slice(0, ended.code === 0 ? undefined : last + 1).map(({ name }) => name);
  const ran = fresh.size;
  const served = reached.length - ran;
  const notRun = plan.steps.length - reached.length;
  const log = path.join(folder, 'flyte.log');
  const parts = [
    `${count(ran, 'step')} ran`,
    `${served} served from Flyte's cache`,
    ...(notRun > 0 ? [`${notRun} not run`] : []),
  ];
  const notebook = isWritten && own.notebook !== undefined ? `notebook  ${shownPath(host, own.notebook)}\n` : '';
  const isSaid = own.notebook !== undefined;
  return {
    status,
    diagnostics: [...result.diagnostics, ...(status === 'refused' ? [notByFlyte(host, log)] : [])],
    sources: input.sources,
    text: isSaid
      ? `${parts.join(', ')} in ${seconds.toFixed(1)} s on flytekit\n${notebook}log       ${shownPath(host, log)}\n`
      : '',
    ...(status === 'ok' || status === 'interrupted' ? {} : { errors: failed?.why ?? ended.last }),
    document: {
      notebook: input.path,
      seconds: Math.round(seconds * 1000) / 1000,
      executed: isWritten ? (own.notebook ?? null) : null,
      report: null,
      log,
      flyte: {
        project: path.join(folder, 'project'),
        remote: false,
        steps: plan.steps.map(({ name }) => describeStep(name, steps, reached.includes(name))),
      },
    },
  };
}

function describeStep(name: string, steps: readonly StepRun[], isReached: boolean): Readonly<Record<string, unknown>> {
  const found = steps.find((step) => step.step === name);
  const unseen = isReached ? 'reused' : 'not-run';
  const status = found === undefined ? unseen : found.exitCode !== 0 ? found.status : found.isFresh ? 'ran' : 'reused';
  const error = found === undefined || found.why === '' ? {} : { error: found.why };
  return { name, status, metrics: found?.metrics ?? {}, ...error };
}

function statusOf(failed: StepRun | undefined): CommandStatus {
  if (failed === undefined) return 'refused';
  return failed.exitCode === 4 ? 'gate' : 'failed';
}

function notByFlyte(host: Host, log: string): CommandResult['diagnostics'][number] {
  return {
    code: 'CW830',
    severity: 'error',
    message: 'Flyte ended before the workflow did, and no step says why.',
    help: `The end of what it said is below, all of it in ${shownPath(host, log)}.`,
    related: [],
  };
}

/** Registers and starts it, as `pyflyte run --remote` does; its configuration is the one of Flyte. */
async function startRemote(
  host: Host,
  parsed: ParsedArguments,
  { emitted, folder, python }: Prepared,
): Promise<CommandResult> {
  const option = (flag: string): string[] => {
    const value = lastValue(parsed, flag);
    return value === undefined ? [] : [`--${flag}`, value];
  };
  const words = ['run', '--remote', '--copy', 'all', ...option('project'), ...option('domain'), ...option('image')];
  const ended = await runPyflyte({
    ...{ python, folder: path.join(folder, 'project'), log: path.join(folder, 'flyte.log') },
    words: [...words, 'workflow.py', workflowName(emitted.input.stem)],
    environment: host.environment,
    signal: host.interruption(),
    onStep: () => undefined,
  });
  const log = path.join(folder, 'flyte.log');
  const status: CommandStatus = ended.interrupted ? 'interrupted' : ended.code === 0 ? 'ok' : 'refused';
  return {
    status,
    diagnostics: [...emitted.result.diagnostics, ...(status === 'refused' ? [notByFlyte(host, log)] : [])],
    text: status === 'ok' ? ended.last : '',
    ...(status === 'ok' ? {} : { errors: ended.last }),
    document: {
      notebook: emitted.input.path,
      log,
      flyte: { project: path.join(folder, 'project'), remote: true, said: ended.last, steps: [] },
    },
  };
}
