import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { CellOutput, RunEnd, TimedEvent } from '../service/protocol.ts';

/** A cell in a run, as far as its events tell. */
export interface RunCell {
  readonly cell: string;
  readonly name: string;
  readonly status: 'running' | 'ran' | 'cached' | 'failed' | 'not-run' | 'waiting' | 'stopped';
  /** Milliseconds since 1970 at which its attempt began. */
  readonly since: number | undefined;
  readonly seconds: number | undefined;
  /** In bytes. */
  readonly memory: number | undefined;
  readonly cpuSeconds: number | undefined;
  readonly reason: string;
  /** The run whose result was used again. */
  readonly from: string | undefined;
  /** Digest of its code; undefined while it has not come to its end. */
  readonly code: string | undefined;
  /** Names that only the process of an earlier task has, and in which it ran therefore. */
  readonly fusedWith: string | undefined;
  readonly error: string | undefined;
  readonly place: string | undefined;
  /** Why attempts did not count. */
  readonly again: readonly string[];
}

export interface RunGate {
  readonly cell: string;
  readonly name: string;
  readonly condition: string;
  readonly holds: boolean;
  readonly why: string;
}

export interface RunMetric {
  readonly cell: string;
  readonly metric: string;
  readonly value: string;
  readonly better: 'higher' | 'lower' | undefined;
}

/** A run as its events tell it, so far. */
export interface RunState {
  readonly id: string;
  readonly notebook: string;
  /** Milliseconds since 1970. */
  readonly since: number | undefined;
  readonly seconds: number | undefined;
  /** Undefined while it goes on. */
  readonly end: RunEnd | undefined;
  /** How many cells there are to run. */
  readonly total: number;
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  readonly cells: ReadonlyMap<string, RunCell>;
  /** Why all cells run in one process, if they do. */
  readonly lane: string | undefined;
  readonly restarts: readonly string[];
  readonly notices: readonly string[];
  readonly metrics: readonly RunMetric[];
  readonly gates: readonly RunGate[];
  readonly diagnostics: readonly Diagnostic[];
  readonly outputs: ReadonlyMap<string, readonly CellOutput[]>;
  /** How many of its events were heard. */
  readonly heard: number;
  /** Of a matrix: its runs, one for each combination of values, in their order. */
  readonly variants: ReadonlyMap<string, RunState>;
}

/** A run of which nothing has been heard. */
export function emptyRun(id: string): RunState {
  return {
    id,
    notebook: '',
    since: undefined,
    seconds: undefined,
    end: undefined,
    total: 0,
    parameters: [],
    cells: new Map(),
    lane: undefined,
    restarts: [],
    notices: [],
    metrics: [],
    gates: [],
    diagnostics: [],
    outputs: new Map(),
    heard: 0,
    variants: new Map(),
  };
}

/** The run after one more of its events. */
export function withEvent(run: RunState, event: TimedEvent): RunState {
  switch (event.type) {
    case 'run-started': {
      const { tasks: total, origin } = event;
      return {
        ...run,
        total,
        notebook: origin.notebook,
        parameters: parametersOf(origin),
        since: Date.parse(event.at),
      };
    }
    case 'task-started':
    case 'task-finished':
    case 'task-dropped':
    case 'task-retried':
    case 'task-fused':
      return { ...run, cells: new Map(run.cells).set(event.task, cellAfter(run.cells.get(event.task), event)) };
    // All cells are made again, and all is told again.
    case 'lane':
      return { ...run, lane: event.reason, ...fromTheBeginning };
    case 'restarted':
      return { ...run, restarts: [...run.restarts, event.reason], ...fromTheBeginning };
    case 'metric': {
      const { task: cell, metric, better } = event;
      const others = run.metrics.filter((one) => one.metric !== metric);
      return { ...run, metrics: [...others, { cell, metric, value: String(event.value), better }] };
    }
    case 'gate': {
      const { task: cell, name, condition, holds } = event;
      const others = run.gates.filter((one) => one.cell !== cell || one.condition !== condition);
      return { ...run, gates: [...others, { cell, name, condition, holds, why: whyOf(event) }] };
    }
    case 'notice':
      return { ...run, notices: [...run.notices, event.text] };
    case 'diagnostic':
      return { ...run, diagnostics: [...run.diagnostics, event.diagnostic] };
    case 'run-finished':
      return { ...withoutRunning(run), seconds: event.seconds, end: event.status };
    case 'environment':
    case 'language':
    case 'source-control':
    case 'together':
    case 'reached':
    case 'modules':
    case 'slice':
      return run;
  }
}

/** The run with what a cell shows. */
export function withOutputs(run: RunState, cell: string, outputs: readonly CellOutput[]): RunState {
  return { ...run, outputs: new Map(run.outputs).set(cell, outputs) };
}

/** A matrix in which one of its runs has changed. */
export function withVariant(run: RunState, variant: RunState): RunState {
  const variants = new Map(run.variants).set(variant.id, variant);
  const since = Math.min(...[...variants.values()].map((one) => one.since ?? Number.MAX_SAFE_INTEGER));
  return { ...run, since, variants };
}

/** The run when nothing more will be heard of it. */
export function withEnd(run: RunState, end: RunEnd): RunState {
  return { ...withoutRunning(run), end };
}

const fromTheBeginning: Pick<RunState, 'cells' | 'metrics' | 'gates' | 'outputs'> = {
  cells: new Map(),
  metrics: [],
  gates: [],
  outputs: new Map(),
};

/** What had begun when the run came to its end was stopped. */
function withoutRunning(run: RunState): RunState {
  const cells = [...run.cells].map(([id, cell]): [string, RunCell] => [
    id,
    cell.status === 'running' || cell.status === 'waiting' ? { ...cell, status: 'stopped' } : cell,
  ]);
  return { ...run, cells: new Map(cells) };
}

type CellEvent = Extract<
  TimedEvent,
  { readonly type: 'task-started' | 'task-finished' | 'task-dropped' | 'task-retried' | 'task-fused' }
>;

function cellAfter(before: RunCell | undefined, event: CellEvent): RunCell {
  const own = before ?? { ...unknownCell, cell: event.task, name: event.name };
  switch (event.type) {
    case 'task-started':
      return { ...own, status: 'running', since: Date.parse(event.at), place: event.place };
    case 'task-fused':
      return { ...own, fusedWith: event.with };
    case 'task-dropped':
      return { ...own, status: 'waiting', again: [...own.again, event.reason] };
    case 'task-retried': {
      const again = `try ${event.tried} of ${event.tries} failed: ${event.reason}`;
      return { ...own, status: 'waiting', again: [...own.again, again] };
    }
    case 'task-finished': {
      const { status, seconds, reason, from, code, observed, place, fused = [] } = event;
      const names = fused.map(({ name }) => name).join(', ');
      return {
        ...own,
        status,
        seconds: status === 'cached' ? observed?.seconds : seconds,
        memory: observed?.peakMemory,
        cpuSeconds: observed?.cpuSeconds,
        reason,
        from,
        code,
        place,
        fusedWith: names === '' ? own.fusedWith : names,
        error: observed?.error === undefined ? undefined : `${observed.error.ename}: ${observed.error.evalue}`,
      };
    }
  }
}

const unknownCell: Omit<RunCell, 'cell' | 'name'> = {
  status: 'waiting',
  since: undefined,
  seconds: undefined,
  memory: undefined,
  cpuSeconds: undefined,
  reason: '',
  from: undefined,
  code: undefined,
  fusedWith: undefined,
  error: undefined,
  place: undefined,
  again: [],
};

type Origin = Extract<TimedEvent, { readonly type: 'run-started' }>['origin'];

function parametersOf({ parameters }: Origin): RunState['parameters'] {
  return parameters.map(({ name, value }) => ({ name, value: JSON.stringify(value) }));
}

/** What a gate saw, and why it could not be judged. */
function whyOf({ values, why }: Extract<TimedEvent, { readonly type: 'gate' }>): string {
  const seen = Object.entries(values).map(([name, value]) => `${name} = ${value}`);
  return [seen.join(', '), why].filter((text) => text !== '').join('; ');
}
