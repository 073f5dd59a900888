import { mkdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import {
  defaultState,
  renderReport,
  run,
  writeAtomically,
  type RunRecord,
  type RunEvent,
  type TaskOutcome,
} from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { usage, type CommandResult, type CommandStatus, type Host } from '../host.ts';
import { describeFileError, findTask, isFileError, openInput, stemOf, type Input, type Outcome } from '../input.ts';
import { formatSeconds, noProgress, showProgress } from '../progress.ts';
import { graphPicture } from '../graph-svg.ts';

interface Targets {
  /** Undefined: the notebook goes to standard output. */
  readonly notebook: string | undefined;
  readonly report: string | undefined;
}

interface Plan {
  readonly input: Input;
  readonly targets: Targets;
  readonly cwd: string;
  readonly jobs: number;
  readonly until: number | undefined;
}

/** `cellwright run NB|BUNDLE [OUT]`: runs it and writes the executed notebook and the report, also when a cell raised. */
export async function runCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const input = await openInput(host, parsed);
  if (!input.ok) return input.result;
  const plan = planRun(host, parsed, input.value);
  if (!plan.ok) return plan.result;
  const { cwd, jobs, until, targets } = plan.value;
  const silent = hasFlag(parsed, 'quiet') || (hasFlag(parsed, 'json') && !host.isTerminal);
  const progress = silent ? noProgress : showProgress(host);
  const events: RunEvent[] = [];
  const record = await run(input.value.bundle, input.value.document, {
    worker: path.join(host.installation, 'python', 'worker.py'),
    cwd,
    state: stateFolder(host, parsed, input.value),
    python: lastValue(parsed, 'python'),
    kernel: lastValue(parsed, 'kernel'),
    jobs,
    cache: !hasFlag(parsed, 'no-cache'),
    force: hasFlag(parsed, 'force'),
    keepGoing: hasFlag(parsed, 'keep-going'),
    until,
    lane: hasFlag(parsed, 'one-process'),
    environment: host.environment,
    onEvent: (event) => {
      events.push(event);
      progress.onEvent(event);
    },
  });
  progress.stop();
  const problem = writeResults(host, { input: input.value, record, targets, events });
  if (problem !== undefined) return problem;
  const only = lastValue(parsed, 'only') === undefined ? undefined : until;
  return describeRun(host, { input: input.value, record, targets, only });
}

/** Where the values and the cache of this notebook are kept. */
export function stateFolder(host: Host, parsed: ParsedArguments, input: Input): string {
  const named = lastValue(parsed, 'state');
  if (named !== undefined) return path.resolve(host.cwd, named);
  return defaultState(path.resolve(host.cwd, input.path), host.environment);
}

function planRun(host: Host, parsed: ParsedArguments, input: Input): Outcome<Plan> {
  const targets = findTargets(host, parsed, input);
  if (!targets.ok) return targets;
  const cwd = path.resolve(host.cwd, lastValue(parsed, 'cwd') ?? input.folder);
  if (!(statSync(cwd, { throwIfNoEntry: false })?.isDirectory() ?? false)) {
    return { ok: false, result: usage(`${cwd} is no folder.`, 'Name the folder to run in with --cwd.') };
  }
  const asked = lastValue(parsed, 'jobs');
  const jobs = asked === undefined ? availableParallelism() : Number(asked);
  if (!Number.isInteger(jobs) || jobs < 1) {
    return { ok: false, result: usage(`-j takes a number from 1, not ${asked ?? ''}.`, 'Give the number of tasks.') };
  }
  const cell = lastValue(parsed, 'only') ?? lastValue(parsed, 'until');
  let until: number | undefined;
  if (cell !== undefined) {
    const task = findTask(input.bundle, cell);
    if (!task.ok) return task;
    until = input.bundle.tasks.indexOf(task.value);
  }
  return { ok: true, value: { input, targets: targets.value, cwd, jobs, until } };
}

function findTargets(host: Host, parsed: ParsedArguments, input: Input): Outcome<Targets> {
  const asked = parsed.positionals[1] ?? lastValue(parsed, 'output');
  const wantsReport = !hasFlag(parsed, 'no-report');
  const namedReport = lastValue(parsed, 'report');
  const reportAt = (fallback: string | undefined): string | undefined => {
    if (!wantsReport) return undefined;
    return namedReport === undefined ? fallback : path.resolve(host.cwd, namedReport);
  };
  if (asked === '-') return { ok: true, value: { notebook: undefined, report: reportAt(undefined) } };
  const own = path.resolve(host.cwd, input.path);
  if (asked !== undefined && asked.endsWith('.ipynb')) {
    const notebook = path.resolve(host.cwd, asked);
    if (notebook === own) {
      const help = 'Name another file with -o; the notebook itself is never overwritten.';
      return { ok: false, result: usage(`${asked} is the notebook that is to run.`, help) };
    }
    const report = path.join(path.dirname(notebook), `${stemOf(notebook)}.report.html`);
    return { ok: true, value: { notebook, report: reportAt(report) } };
  }
  const folder =
    asked === undefined ? path.join(input.folder, `${input.stem}.cellwright`) : path.resolve(host.cwd, asked);
  if (statSync(folder, { throwIfNoEntry: false })?.isFile() ?? false) {
    return { ok: false, result: usage(`${folder} is a file.`, 'Name an .ipynb file or a folder with -o.') };
  }
  return {
    ok: true,
    value: {
      notebook: path.join(folder, `${input.stem}.out.ipynb`),
      report: reportAt(path.join(folder, `${input.stem}.report.html`)),
    },
  };
}

interface Results {
  readonly input: Input;
  readonly record: RunRecord;
  readonly targets: Targets;
  readonly events: readonly RunEvent[];
}

function writeResults(host: Host, { input, record, targets, events }: Results): CommandResult | undefined {
  const files: [string, string][] = [];
  if (targets.notebook === undefined) host.out(record.notebook);
  else files.push([targets.notebook, record.notebook]);
  if (targets.report !== undefined) {
    const picture = graphPicture(input.bundle, new Map(record.tasks.map(({ task, status }) => [task.id, status])));
    files.push([
      targets.report,
      renderReport({ bundle: input.bundle, document: input.document, record, events, picture }),
    ]);
  }
  for (const [file, text] of files) {
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      writeAtomically(file, text);
    } catch (error) {
      if (!isFileError(error)) throw error;
      const help = `The executed notebook is kept in ${record.folder}.`;
      return usage(`${file} cannot be written: ${describeFileError(error)}.`, help);
    }
  }
  return undefined;
}

interface Told {
  readonly input: Input;
  readonly record: RunRecord;
  readonly targets: Targets;
  /** Index of the task whose output is asked for. */
  readonly only: number | undefined;
}

function describeRun(host: Host, { input, record, targets, only }: Told): CommandResult {
  const executed = record.tasks.filter(({ task }) => task.executionCount > 0);
  const number = (status: TaskOutcome['status']): number =>
    executed.filter((outcome) => outcome.status === status).length;
  const failed = executed.find((outcome) => isFailure(outcome));
  const status = statusOf(record, failed);
  const counts = [`${number('ran') + number('failed')} ran`, `${number('cached')} reused`];
  if (failed !== undefined) counts.push(`${executed.filter(isFailure).length} failed`);
  if (number('not-run') > 0) counts.push(`${number('not-run')} not run`);
  const lines: string[] = [];
  if (only !== undefined) lines.push(plainOutput(record.tasks[only]).trimEnd());
  if (failed !== undefined) lines.push(describeError(failed));
  const where = record.lane ? ', all in one process' : '';
  lines.push(`${counts.join(', ')} in ${formatSeconds(record.seconds)}${where}`);
  const shown = (file: string): string => path.relative(host.cwd, file) || file;
  if (targets.notebook !== undefined) lines.push(`notebook  ${shown(targets.notebook)}`);
  if (targets.report !== undefined) lines.push(`report    ${shown(targets.report)}`);
  const text = `${lines.filter((line) => line !== '').join('\n')}\n`;
  return {
    status,
    diagnostics: [...input.diagnostics, ...record.diagnostics],
    sources: input.sources,
    text: targets.notebook === undefined ? '' : text,
    document: {
      notebook: input.path,
      run: record.id,
      seconds: round(record.seconds),
      ran: number('ran') + number('failed'),
      reused: number('cached'),
      failed: executed.filter(isFailure).length,
      notRun: number('not-run'),
      oneProcess: record.lane,
      executed: targets.notebook ?? null,
      report: targets.report ?? null,
      log: record.folder,
      tasks: executed.map(describeTask),
    },
  };
}

function isFailure(outcome: TaskOutcome): boolean {
  return outcome.status === 'failed' && !outcome.task.directives.raisesException;
}

function statusOf(record: RunRecord, failed: TaskOutcome | undefined): CommandStatus {
  if (record.status === 'refused') return 'refused';
  if (failed === undefined) return record.status === 'ok' ? 'ok' : 'failed';
  return failed.task.directives.gate ? 'gate' : 'failed';
}

function errorOf(outcome: TaskOutcome): { readonly ename: string; readonly evalue: string } | undefined {
  const error = outcome.outputs.findLast((output) => output.kind === 'error');
  return error === undefined ? undefined : { ename: error.ename, evalue: error.evalue };
}

function describeTask(outcome: TaskOutcome): Readonly<Record<string, unknown>> {
  const { task, status, seconds, reason } = outcome;
  const { id, name, index, executionCount } = task;
  const error = errorOf(outcome);
  const word = status === 'cached' ? 'reused' : status;
  return {
    id,
    name,
    index,
    executionCount,
    status: word,
    seconds: round(seconds),
    reason,
    ...(error ? { error } : {}),
  };
}

function describeError(outcome: TaskOutcome): string {
  const error = outcome.outputs.findLast((output) => output.kind === 'error');
  const { name, executionCount, directives } = outcome.task;
  const head = directives.gate ? 'The gate does not hold' : 'The cell raised';
  return `${head} in ${name}, In [${executionCount}]:\n${error?.traceback.join('\n') ?? ''}`;
}

function plainOutput(outcome: TaskOutcome | undefined): string {
  const lines = outcome?.outputs.map((output) => {
    if (output.kind === 'stream') return output.text;
    if (output.kind === 'display' || output.kind === 'result') {
      const plain = output.data['text/plain'];
      return typeof plain === 'string' ? `${plain}\n` : '';
    }
    return '';
  });
  return lines?.join('') ?? '';
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
