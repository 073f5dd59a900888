import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Diagnostic } from '../../../compiler/bundle/diagnostic.ts';
import {
  readMetricRun,
  renderReport,
  run,
  status as planStatus,
  type RunEvent,
  type RunRecord,
} from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { describeExecution } from '../executed.ts';
import { findTimeout } from '../execution-timeout.ts';
import { isFileError, shownPath } from '../files.ts';
import { refuseThawed } from '../frozen-file.ts';
import { graphPicture } from '../graph-svg.ts';
import { fileProblem, usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { findTask, openInput, type Input } from '../input.ts';
import { findUnready } from '../given-parameters.ts';
import { findStandBy } from '../keep-warm.ts';
import { prepareEnvironment } from '../locked-environment.ts';
import { findMissing } from '../only.ts';
import { writeOutput } from '../output-file.ts';
import { exportRuns, trackingUri, type Exported } from '../mlflow.ts';
import { isPipeline, runPipeline } from '../pipeline-run.ts';
import { originOf } from '../origin.ts';
import { noProgress, showProgress } from '../progress.ts';
import { describeRun } from '../run-result.ts';
import { findFolder, findTargets, type Targets } from '../run-targets.ts';
import { findPlace, type Place } from '../state-folder.ts';
import { programName } from '../version.ts';
import { matrixCommand } from './variants.ts';
import { watchRuns } from '../watch.ts';

interface Plan {
  readonly place: Place;
  /** What is to be said of the environment. */
  readonly diagnostics: readonly Diagnostic[];
  readonly targets: Targets;
  readonly cwd: string;
  readonly jobs: number;
  /** Seconds for which processes with the notebook's imports wait for the next run. */
  readonly standBy: number;
  /** Seconds that a cell may run, as far as it does not say it itself. */
  readonly timeout: number | undefined;
  /** Index of the last task to run. */
  readonly until: number | undefined;
}

/** `cellwright run NB|BUNDLE [OUT]`: runs it and writes the executed notebook and the report, also when a cell raised. */
export async function runCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  if (isPipeline(parsed)) return await runPipeline(host, parsed, runOnce);
  if (hasFlag(parsed, 'watch')) return await watchRuns(host, parsed, runOnce);
  if (!hasFlag(parsed, 'matrix')) return await runOnce(host, parsed);
  if (!isFrozenRun(parsed)) return await matrixCommand(host, parsed);
  return usage('--frozen is for one run.', 'Freeze and run one combination with -p NAME VALUE.');
}

function isFrozenRun(parsed: ParsedArguments): boolean {
  return hasFlag(parsed, 'frozen') || hasFlag(parsed, 'frozen-file');
}

async function runOnce(
  host: Host,
  parsed: ParsedArguments,
  listen: (event: RunEvent) => void = () => undefined,
): Promise<CommandResult> {
  const isFrozen = isFrozenRun(parsed);
  const opened = await openInput(host, parsed);
  if (!opened.ok) return opened.result;
  const unready = findUnready(host, opened.value);
  if (unready !== undefined) return unready;
  const plan = await planRun(host, parsed, opened.value);
  if (!plan.ok) return plan.result;
  const input = { ...opened.value, diagnostics: [...opened.value.diagnostics, ...plan.value.diagnostics] };
  const { cwd, jobs, standBy, timeout, until, targets, place } = plan.value;
  const thawed = isFrozen ? refuseThawed(host, parsed, { input, place, cwd }) : undefined;
  if (thawed !== undefined) return thawed;
  const signal = host.interruption();
  const silent = isSilent(host, parsed);
  const progress = silent ? noProgress : showProgress(host, input.bundle);
  const remembers = !hasFlag(parsed, 'no-cache');
  const events: RunEvent[] = [];
  const record = await run(input.bundle, input.document, {
    worker: path.join(host.installation, 'python', 'worker.py'),
    origin: originOf(host, input),
    cwd,
    ...place,
    signal,
    jobs,
    standBy,
    timeout,
    cache: remembers,
    force: hasFlag(parsed, 'force'),
    keepGoing: hasFlag(parsed, 'keep-going'),
    until,
    startMethod: hasFlag(parsed, 'spawn') ? 'spawn' : 'fork',
    lane: hasFlag(parsed, 'one-process'),
    onEvent: (event) => {
      events.push(event);
      listen(event);
      progress.onEvent(event);
    },
  });
  progress.stop();
  // A run that was stopped before its first cell ended has nothing to say that is worth an earlier result.
  const ended = record.tasks.some((outcome) => outcome.result !== undefined);
  const written = ended || (record.status !== 'refused' && !signal.aborted);
  const problem = written ? writeResults(host, { input, record, targets, events }) : undefined;
  if (problem !== undefined) return problem;
  const only = lastValue(parsed, 'only') === undefined ? undefined : until;
  const exported = await exportRun(host, parsed, { input, id: record.id, state: place.state });
  return describeRun(host, { input, record, targets, only, written, interrupted: signal.aborted, remembers, exported });
}

interface Finished {
  readonly input: Input;
  readonly id: string;
  readonly state: string;
}

/** To a tracking server, where there is one and there is something to tell it. */
async function exportRun(host: Host, parsed: ParsedArguments, { input, id, state }: Finished): Promise<Exported> {
  const uri = trackingUri(host, parsed);
  const run = uri === undefined ? undefined : readMetricRun(state, id);
  if (uri === undefined || run === undefined) return { logged: [], diagnostics: [] };
  return await exportRuns(host, uri, { runs: [run], state, notebook: originOf(host, input).notebook });
}

function isSilent(host: Host, parsed: ParsedArguments): boolean {
  return hasFlag(parsed, 'quiet') || (hasFlag(parsed, 'json') && !host.isTerminal);
}

async function planRun(host: Host, parsed: ParsedArguments, input: Input): Promise<Outcome<Plan>> {
  const targets = findTargets(host, parsed, input);
  if (!targets.ok) return targets;
  const cwd = findFolder(host, parsed, input);
  if (!cwd.ok) return cwd;
  const asked = lastValue(parsed, 'jobs');
  const jobs = asked === undefined ? availableParallelism() : Number(asked);
  if (!Number.isInteger(jobs) || jobs < 1) {
    return { ok: false, result: usage(`-j takes a number from 1, not ${asked ?? ''}.`, 'Give the number of tasks.') };
  }
  const timeout = findTimeout(parsed);
  if (!timeout.ok) return timeout;
  const standBy = findStandBy(host, parsed);
  if (!standBy.ok) return standBy;
  const found = findPlace(host, parsed, input);
  if (!found.ok) return found;
  const silent = isSilent(host, parsed);
  const prepared = await prepareEnvironment(host, parsed, { input, place: found.value, builds: true, silent });
  if (!prepared.ok) return prepared;
  const { place, diagnostics } = prepared.value;
  const until = findLast(parsed, input, { ...place, cwd: cwd.value });
  if (!until.ok) return until;
  return {
    ok: true,
    value: {
      place,
      diagnostics,
      targets: targets.value,
      cwd: cwd.value,
      jobs,
      standBy: standBy.value,
      timeout: timeout.value,
      until: until.value,
    },
  };
}

function findLast(
  parsed: ParsedArguments,
  input: Input,
  place: Place & { readonly cwd: string },
): Outcome<number | undefined> {
  const only = lastValue(parsed, 'only');
  const until = lastValue(parsed, 'until');
  if (only !== undefined && until !== undefined) {
    return { ok: false, result: usage('--only and --until were both given.', 'Give one of them.') };
  }
  const cell = only ?? until;
  if (cell === undefined) return { ok: true, value: undefined };
  const task = findTask(input.bundle, cell);
  if (!task.ok) return task;
  const index = input.bundle.tasks.indexOf(task.value);
  if (only === undefined) return { ok: true, value: index };
  for (const flag of ['force', 'no-cache', 'one-process']) {
    if (!hasFlag(parsed, flag)) continue;
    const help = 'Use --until CELL to run everything up to a cell.';
    return { ok: false, result: usage(`--only takes its inputs from the cache, which --${flag} does not use.`, help) };
  }
  const plans = planStatus(input.bundle, { ...place, until: index });
  const missing = findMissing(input.bundle, index, plans, input.path);
  return missing === undefined ? { ok: true, value: index } : { ok: false, result: missing };
}

interface Results {
  readonly input: Input;
  readonly record: RunRecord;
  readonly targets: Targets;
  readonly events: readonly RunEvent[];
}

function writeResults(host: Host, { input, record, targets, events }: Results): CommandResult | undefined {
  const notebook = describeExecution(record, {
    inputPath: input.path,
    outputPath: targets.notebook === undefined ? '-' : path.relative(host.cwd, targets.notebook),
    values: input.values,
    program: programName,
    ended: new Date(),
  });
  const files: [string, string][] = [];
  if (targets.notebook === undefined) host.out(notebook);
  else files.push([targets.notebook, notebook]);
  if (targets.report !== undefined) {
    const picture = graphPicture(input.bundle, new Map(record.tasks.map(({ task, status }) => [task.id, status])));
    files.push([
      targets.report,
      renderReport({ bundle: input.bundle, document: input.document, record, events, picture }),
    ]);
  }
  const kept = `The executed notebook is kept in ${record.folder}.`;
  if (targets.inPlace && hasChanged(host, input)) {
    return usage(`${input.path} was changed while it ran, and is left as it is.`, kept);
  }
  for (const [file, text] of files) {
    const problem = writeOutput(file, text, shownPath(host, file));
    if (problem !== undefined) return fileProblem(problem.diagnostics[0]?.message ?? '', kept);
  }
  return undefined;
}

/** True when the notebook is no longer what was read: somebody saved it in the meantime. */
function hasChanged(host: Host, input: Input): boolean {
  try {
    return !readFileSync(path.resolve(host.cwd, input.path)).equals(input.bytes);
  } catch (error) {
    if (!isFileError(error)) throw error;
    return true;
  }
}
