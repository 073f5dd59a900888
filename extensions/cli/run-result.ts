import { describeVerdict, showMeasure, type RunRecord, type TaskOutcome } from '../../runtime/index.ts';
import { isFailure } from './executed.ts';
import { shownPath } from './files.ts';
import type { CommandResult, CommandStatus, Host } from './host.ts';
import type { Input } from './input.ts';
import { describeExport, type Exported } from './mlflow.ts';
import { formatSeconds, roundSeconds } from './progress.ts';
import type { Targets } from './run-targets.ts';

/** What there is to tell of a run. */
export interface Told {
  readonly input: Input;
  readonly record: RunRecord;
  readonly targets: Targets;
  /** Index of the task whose output is asked for. */
  readonly only: number | undefined;
  readonly interrupted: boolean;
  /** False when results are not kept for another run. */
  readonly remembers: boolean;
  /** False when there was nothing to write: the files of an earlier run are as they were. */
  readonly written: boolean;
  /** What went to a tracking server. */
  readonly exported: Exported;
}

/** The result of `run`: a summary for people and the JSON document. */
export function describeRun(host: Host, told: Told): CommandResult {
  const { input, record, targets, written } = told;
  const executed = record.tasks.filter(({ task }) => task.executionCount > 0);
  const number = (status: TaskOutcome['status']): number =>
    executed.filter((outcome) => outcome.status === status).length;
  const failures = executed.filter((outcome) => isFailure(outcome) || isStopped(outcome));
  return {
    status: statusOf(told, failures[0]),
    diagnostics: [...input.diagnostics, ...record.diagnostics, ...told.exported.diagnostics],
    sources: input.sources,
    text: targets.notebook === undefined || !(written || told.interrupted) ? '' : summary(host, told, executed),
    ...(failures.length === 0 ? {} : { errors: failures.map((failure) => describeError(host, failure)).join('') }),
    document: {
      notebook: input.path,
      run: record.id,
      seconds: roundSeconds(record.seconds),
      ran: executed.filter(hasRun).length,
      reused: number('cached'),
      failed: failures.filter(isFailure).length,
      notRun: number('not-run'),
      oneProcess: record.lane,
      executed: written ? (targets.notebook ?? null) : null,
      report: written ? (targets.report ?? null) : null,
      log: record.folder,
      mlflow: told.exported.logged[0] ?? null,
      tasks: executed.map(describeTask),
    },
  };
}

function summary(
  host: Host,
  { record, targets, only, interrupted, remembers, written, exported }: Told,
  executed: readonly TaskOutcome[],
): string {
  const number = (status: TaskOutcome['status']): number =>
    executed.filter((outcome) => outcome.status === status).length;
  const failures = executed.filter(isFailure);
  const closed = executed.filter((outcome) => isStopped(outcome) && !isFailure(outcome));
  const counts = [`${executed.filter(hasRun).length} ran`, `${number('cached')} reused`];
  if (failures.length > 0) counts.push(`${failures.length} failed`);
  if (closed.length > 0)
    counts.push(closed.length === 1 ? '1 gate does not hold' : `${closed.length} gates do not hold`);
  if (number('not-run') > 0) counts.push(`${number('not-run')} not run`);
  const lines: string[] = [];
  if (only !== undefined) lines.unshift(plainOutput(record.tasks[only]).trimEnd());
  if (interrupted && remembers)
    lines.push('Interrupted. What has finished is kept: the same command goes on from there.');
  else if (interrupted) lines.push('Interrupted.');
  lines.push(`${counts.join(', ')} in ${formatSeconds(record.seconds)}${record.lane ? ', all in one process' : ''}`);
  const shared = record.diagnostics.find(({ code }) => code === 'CW510');
  if (shared !== undefined) lines.push(shared.message);
  if (written && targets.notebook !== undefined) lines.push(`notebook  ${shownPath(host, targets.notebook)}`);
  if (written && targets.report !== undefined) lines.push(`report    ${shownPath(host, targets.report)}`);
  lines.push(metricsOf(executed), describeExport(exported).trimEnd());
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

/** Ran to its end, an error that the notebook allows included. */
function hasRun(outcome: TaskOutcome): boolean {
  return outcome.status === 'ran' || (outcome.status === 'failed' && !isFailure(outcome));
}

// The interpreter that was named, or the notebook's kernel, cannot be used: nothing is wrong with the notebook.
const unusable = new Set(['CW500', 'CW501']);

/** How a run ended, as the command says it. */
export function endOf(record: RunRecord, interrupted: boolean): CommandStatus {
  return statusOf(
    { record, interrupted },
    record.tasks.find((outcome) => isFailure(outcome) || isStopped(outcome)),
  );
}

/** The first error of a run in a few words; empty when there is none. */
export function whyOf(record: RunRecord): string {
  const refused = record.diagnostics.find(({ severity }) => severity === 'error');
  if (refused !== undefined) return `${refused.code}: ${refused.message}`;
  const failed = record.tasks.find((outcome) => isFailure(outcome) || isStopped(outcome));
  const closed = failed?.verdicts?.find(({ holds }) => !holds);
  if (failed !== undefined && closed !== undefined)
    return `the gate does not hold in ${failed.task.name}: ${describeVerdict(closed)}`;
  const error = failed?.outputs.findLast((output) => output.kind === 'error');
  if (failed === undefined) return '';
  const said = `${error?.ename ?? 'error'}: ${error?.evalue ?? ''}`.split('\n')[0] ?? '';
  return `${failed.task.name}: ${said}`;
}

function statusOf(
  { record, interrupted }: Pick<Told, 'record' | 'interrupted'>,
  failed: TaskOutcome | undefined,
): CommandStatus {
  if (interrupted) return 'interrupted';
  if (record.status === 'refused') {
    const codes = record.diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
    if (codes.some((code) => unusable.has(code))) return 'usage';
    // The cell ended its process: to the notebook's owner that is a cell that failed.
    return codes.includes('CW502') ? 'failed' : 'refused';
  }
  if (failed === undefined) return record.status === 'ok' ? 'ok' : 'failed';
  return isStopped(failed) ? 'gate' : 'failed';
}

/** True when a gate does not hold; an error in the cell of a gate that is no verdict is a cell that raised. */
function isStopped({ verdicts = [] }: TaskOutcome): boolean {
  return verdicts.some(({ holds }) => !holds);
}

function describeTask(outcome: TaskOutcome): Readonly<Record<string, unknown>> {
  const { task, status, seconds, reason } = outcome;
  const { id, name, index, executionCount } = task;
  const error = outcome.outputs.findLast((output) => output.kind === 'error');
  return {
    id,
    name,
    index,
    executionCount,
    status: status === 'cached' ? 'reused' : status,
    seconds: roundSeconds(seconds),
    reason,
    ...(error === undefined ? {} : { error: { ename: error.ename, evalue: error.evalue } }),
    ...describeMeasures(outcome),
  };
}

/** The metrics of a run in one line; those of groups are in the report. */
function metricsOf(executed: readonly TaskOutcome[]): string {
  const metrics = new Map(executed.flatMap(({ result }) => Object.entries(result?.measured?.metrics ?? {})));
  const words = [...metrics].map(([name, value]) => `${name} ${showMeasure(value)}`);
  if (words.length === 0) return '';
  const more = words.length > mostMetrics ? ` and ${words.length - mostMetrics} more` : '';
  return `metrics   ${words.slice(0, mostMetrics).join(', ')}${more}`;
}

const mostMetrics = 8;

/** What was recorded after a task and what its gates say; nothing for a task that has neither. */
function describeMeasures({ result, verdicts = [] }: TaskOutcome): Readonly<Record<string, unknown>> {
  const { metrics = {}, slices = [] } = result?.measured ?? {};
  return {
    ...(Object.keys(metrics).length === 0 ? {} : { metrics }),
    ...(slices.length === 0 ? {} : { slices }),
    ...(verdicts.length === 0 ? {} : { gates: verdicts }),
  };
}

function describeError(host: Host, outcome: TaskOutcome): string {
  const error = outcome.outputs.findLast((output) => output.kind === 'error');
  const { name, executionCount } = outcome.task;
  if (isStopped(outcome) && !isFailure(outcome)) {
    const lines = (outcome.verdicts ?? [])
      .filter(({ holds }) => !holds)
      .map((verdict) => `  ${describeVerdict(verdict)}`);
    return `The gate does not hold in ${name}, In [${executionCount}]:\n${lines.join('\n')}\n`;
  }
  const head =
    outcome.timedOut === true
      ? 'The cell was stopped'
      : isStopped(outcome)
        ? 'The gate does not hold'
        : 'The cell raised';
  // An error of a magic has no traceback.
  const traceback = error?.traceback.join('\n') || `${error?.ename ?? ''}: ${error?.evalue ?? ''}`;
  return `${head} in ${name}, In [${executionCount}]:\n${host.hasColours ? traceback : withoutColours(traceback)}\n`;
}

const colours = /\u001B\[[0-9;:]*m/g;

function withoutColours(text: string): string {
  return text.replaceAll(colours, '');
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
