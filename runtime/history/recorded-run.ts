import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { EnvironmentFound, RunEvent, RunStarted, TaskStatus } from '../event.ts';
import type { SharedValue } from '../ladder.ts';
import type { Observation, Together } from './observation.ts';
import type { SourceControl } from './source-control.ts';

/** A task as the log of a run tells it. */
export interface RecordedTask {
  readonly id: string;
  readonly name: string;
  /** `stopped`: it had started when the run ended. */
  readonly status: TaskStatus | 'stopped';
  /** Its place in the notebook from 0, and the number in `In [n]`; undefined when it did not come to an end. */
  readonly index: number | undefined;
  readonly number: number | undefined;
  /** ISO 8601, in UTC: when its last attempt started and when it came to its end; a reused one did not start. */
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  /** From its start to its end, in seconds. */
  readonly seconds: number;
  /** The machine that it ran on, when it was not the notebook's own. */
  readonly place: string | undefined;
  /** Why it was reused, or which part of its key differed. */
  readonly reason: string;
  /** Digest of its code; empty when it did not come to an end. */
  readonly code: string;
  /** The run whose result was used again. */
  readonly from: string | undefined;
  readonly observed: Observation | undefined;
  /** What it did while values went through the store: not where all cells ran in one process. */
  readonly stored: Observation | undefined;
  /** Why each attempt that did not count was thrown away. */
  readonly dropped: readonly string[];
  /** Why each try failed after which the cell was tried again, as its directive says. */
  readonly failedTries: readonly string[];
  /** Names that only the process of an earlier task has, and in which it ran therefore. */
  readonly fusedWith: string | undefined;
  /** The same with where they come from and what they are; of a reused task, when it ran. */
  readonly fused: readonly SharedValue[];
}

/** A number as the log of a run tells it; where several cells record one name, the last. */
export type RecordedMetric = Extract<RunEvent, { readonly type: 'metric' }>;

/** A gate as the log of a run tells it. */
export type RecordedGate = Extract<RunEvent, { readonly type: 'gate' }>;

/** The groups of a metric as the log of a run tells them. */
export type RecordedSlice = Extract<RunEvent, { readonly type: 'slice' }>;

/** A run as its log tells it: whatever is shown of a run is derived from this. */
export interface RecordedRun {
  readonly id: string;
  /** Undefined in logs of an earlier format. */
  readonly started: RunStarted | undefined;
  /** ISO 8601, in UTC; of the first and the last event. */
  readonly from: string;
  readonly until: string;
  /** `unfinished`: it is going on, or its process was killed. */
  readonly status: 'ok' | 'failed' | 'refused' | 'interrupted' | 'unfinished';
  /** Undefined when it is not finished. */
  readonly seconds: number | undefined;
  readonly environment: EnvironmentFound | undefined;
  /** Names of the packages that the cells reached; undefined where all that are installed count, or where it is not known. */
  readonly reached: readonly string[] | undefined;
  readonly language: Extract<RunEvent, { readonly type: 'language' }> | undefined;
  readonly sourceControl: SourceControl | undefined;
  /** Why all cells ran in one process, when they did. */
  readonly lane: string | undefined;
  /** Why all tasks started again, each time that they did. */
  readonly restarts: readonly string[];
  /** What all cells of the one process did together; undefined where each cell tells for itself, and when it is not known. */
  readonly together: Together | undefined;
  /** By id: in the order of the notebook, and after these what did not come to an end. */
  readonly tasks: ReadonlyMap<string, RecordedTask>;
  /** By the metric's name. */
  readonly metrics: ReadonlyMap<string, RecordedMetric>;
  readonly gates: readonly RecordedGate[];
  readonly slices: readonly RecordedSlice[];
  readonly diagnostics: readonly Diagnostic[];
}

/** An event with the time it was seen, as a line of a log has it. */
export type LoggedEvent = RunEvent & { readonly at: string };

type Mutable = { -readonly [K in keyof RecordedRun]: RecordedRun[K] };

/** Folds the events of one run. */
export function foldRun(id: string, events: readonly LoggedEvent[]): RecordedRun {
  const tasks = new Map<string, RecordedTask>();
  const diagnostics: Diagnostic[] = [];
  const restarts: string[] = [];
  const measures = noMeasures();
  const run: Mutable = { ...nothingYet, id, tasks, diagnostics, restarts };
  run.from = events[0]?.at ?? '';
  run.until = events.at(-1)?.at ?? '';
  for (const event of events) {
    if (event.type === 'run-started') run.started = event;
    else if (event.type === 'environment') run.environment = event;
    else if (event.type === 'modules') run.environment = withModules(run.environment, event.modules);
    else if (event.type === 'reached') run.reached = event.packages;
    else if (event.type === 'language') run.language = event;
    else if (event.type === 'source-control') run.sourceControl = event;
    else if (event.type === 'diagnostic') diagnostics.push(event.diagnostic);
    else if (event.type === 'lane') run.lane = event.reason;
    else if (event.type === 'together') {
      const { filesRead, filesWritten, outside, requests } = event;
      run.together = { filesRead, filesWritten, outside, requests };
    } else if (event.type === 'run-finished') Object.assign(run, { status: event.status, seconds: event.seconds });
    // Nothing that was before counts.
    else if (event.type === 'restarted') {
      tasks.clear();
      restarts.push(event.reason);
      run.together = undefined;
    } else if (event.type === 'metric' || event.type === 'gate' || event.type === 'slice') noteMeasure(measures, event);
    else if (event.type !== 'notice') noteTask(tasks, event, run.lane !== undefined);
    // All cells are made again, and all of this is told again.
    if (event.type === 'restarted' || event.type === 'lane') Object.assign(measures, noMeasures());
  }
  return { ...run, ...measures, tasks: inOrder(tasks) };
}

function withModules(
  environment: RecordedRun['environment'],
  packages: EnvironmentFound['packages'],
): RecordedRun['environment'] {
  return environment === undefined ? undefined : { ...environment, packages };
}

/** A task that a later one overtook was heard of after it. */
function inOrder(tasks: ReadonlyMap<string, RecordedTask>): ReadonlyMap<string, RecordedTask> {
  const last = Number.MAX_SAFE_INTEGER;
  return new Map([...tasks].sort(([, left], [, right]) => (left.index ?? last) - (right.index ?? last)));
}

interface Measures {
  metrics: Map<string, RecordedMetric>;
  gates: RecordedGate[];
  slices: RecordedSlice[];
}

function noMeasures(): Measures {
  return { metrics: new Map(), gates: [], slices: [] };
}

type MeasureEvent = RecordedMetric | RecordedGate | RecordedSlice;

function noteMeasure(measures: Measures, event: MeasureEvent): void {
  if (event.type === 'metric') measures.metrics.set(event.metric, event);
  else if (event.type === 'gate') measures.gates.push(event);
  else measures.slices.push(event);
}

type TaskEvent = Exclude<Extract<LoggedEvent, { readonly task: string }>, MeasureEvent>;

function noteTask(tasks: Map<string, RecordedTask>, event: TaskEvent, inOneProcess: boolean): void {
  const { task: id, name } = event;
  const before = tasks.get(id) ?? { ...unknownTask, id, name };
  if (event.type === 'task-started') tasks.set(id, { ...before, startedAt: event.at });
  else if (event.type === 'task-dropped') tasks.set(id, { ...before, dropped: [...before.dropped, event.reason] });
  else if (event.type === 'task-retried')
    tasks.set(id, { ...before, failedTries: [...before.failedTries, event.reason] });
  else if (event.type === 'task-fused') tasks.set(id, { ...before, fusedWith: event.with });
  else {
    const { status, index, number, seconds, reason, code, from, observed, place, fused = [] } = event;
    const stored = inOneProcess ? before.stored : observed;
    tasks.set(id, {
      ...before,
      endedAt: event.at,
      status,
      index,
      number,
      seconds,
      reason,
      code,
      from,
      place,
      observed,
      fused,
      stored,
    });
  }
}

const unknownTask: Omit<RecordedTask, 'id' | 'name'> = {
  status: 'stopped',
  index: undefined,
  number: undefined,
  startedAt: undefined,
  endedAt: undefined,
  seconds: 0,
  reason: '',
  code: '',
  place: undefined,
  from: undefined,
  observed: undefined,
  stored: undefined,
  dropped: [],
  failedTries: [],
  fusedWith: undefined,
  fused: [],
};

const nothingYet: Omit<RecordedRun, 'id' | 'tasks' | 'diagnostics' | 'restarts'> = {
  metrics: new Map(),
  gates: [],
  slices: [],
  started: undefined,
  from: '',
  until: '',
  status: 'unfinished',
  seconds: undefined,
  environment: undefined,
  reached: undefined,
  language: undefined,
  sourceControl: undefined,
  lane: undefined,
  together: undefined,
};
