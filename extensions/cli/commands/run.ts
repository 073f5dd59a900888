import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  readHistory,
  renderReport,
  run,
  status as planStatus,
  type RunEvent,
  type RunRecord,
} from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { describeExecution } from '../executed.ts';
import { isFileError, shownPath } from '../files.ts';
import { refuseThawed } from '../frozen-file.ts';
import { graphPicture } from '../graph-svg.ts';
import { fileProblem, usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { findTask, openInput, type Input } from '../input.ts';
import { findUnready } from '../given-parameters.ts';
import { findMissing } from '../only.ts';
import { writeOutput } from '../output-file.ts';
import { exportRecorded } from '../mlflow.ts';
import { isPipeline, runPipeline } from '../pipeline-run.ts';
import { originOf } from '../origin.ts';
import { noProgress, showProgress } from '../progress.ts';
import { describeRun } from '../run-result.ts';
import { findRunSettings, isSilent, runOptionsOf, type RunSettings } from '../run-settings.ts';
import { findTargets, type Targets } from '../run-targets.ts';
import type { Place } from '../state-folder.ts';
import { programName } from '../version.ts';
import { runOnFlyte } from './run-on-flyte.ts';
import { matrixCommand } from './variants.ts';
import { watchRuns } from '../watch.ts';

interface Plan {
  readonly settings: RunSettings;
  readonly targets: Targets;
  /** Index of the last task to run. */
  readonly until: number | undefined;
}

/** `cellwright run NB|BUNDLE [OUT]`: runs it and writes the executed notebook and the report, also when a cell raised. */
export async function runCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  if (lastValue(parsed, 'on') === 'flyte') return await runOnFlyte(host, parsed);
  if (isPipeline(parsed)) return await runPipeline(host, parsed, runOnce);
  if (hasFlag(parsed, 'watch')) return await watchRuns(host, parsed, runOnce);
  if (!hasFlag(parsed, 'matrix')) {
    if (!hasFlag(parsed, 'matrix-exclude')) return await runOnce(host, parsed);
    return usage('--matrix-exclude was given without --matrix.', 'Say with --matrix what varies.');
  }
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
  const input = { ...opened.value, diagnostics: [...opened.value.diagnostics, ...plan.value.settings.diagnostics] };
  const { settings, until, targets } = plan.value;
  const { cwd, place } = settings;
  const thawed = isFrozen ? await refuseThawed(host, parsed, { input, place, cwd }) : undefined;
  if (thawed !== undefined) return thawed;
  const signal = host.interruption();
  const silent = isSilent(host, parsed);
  const progress = silent ? noProgress : showProgress(host, input.bundle);
  const remembers = !hasFlag(parsed, 'no-cache');
  const record = await run(input.bundle, input.document, {
    ...runOptionsOf(host, parsed, settings),
    origin: originOf(host, input, settings.lock),
    signal,
    until,
    onEvent: (event) => {
      listen(event);
      progress.onEvent(event);
    },
  });
  progress.stop();
  // A run that was stopped before its first cell ended has nothing to say that is worth an earlier result.
  const ended = record.tasks.some((outcome) => outcome.result !== undefined);
  const written = ended || (record.status !== 'refused' && !signal.aborted);
  const problem = written ? writeResults(host, { input, record, targets, state: place.state }) : undefined;
  if (problem !== undefined) return problem;
  const only = lastValue(parsed, 'only') === undefined ? undefined : until;
  const exported = await exportRecorded(host, parsed, { input, runs: [record.id], state: place.state });
  return describeRun(host, { input, record, targets, only, written, interrupted: signal.aborted, remembers, exported });
}

async function planRun(host: Host, parsed: ParsedArguments, input: Input): Promise<Outcome<Plan>> {
  const targets = findTargets(host, parsed, input);
  if (!targets.ok) return targets;
  const settings = await findRunSettings(host, parsed, input);
  if (!settings.ok) return settings;
  const { place, cwd } = settings.value;
  const until = findLast(parsed, input, { ...place, cwd });
  if (!until.ok) return until;
  return { ok: true, value: { settings: settings.value, targets: targets.value, until: until.value } };
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
  /** The folder that keeps the record. */
  readonly state: string;
}

function writeResults(host: Host, { input, record, targets, state }: Results): CommandResult | undefined {
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
    const history = readHistory({ state, id: record.id });
    files.push([
      targets.report,
      renderReport({ bundle: input.bundle, document: input.document, record, picture, history }),
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
