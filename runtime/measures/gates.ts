import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { Task } from '../../compiler/bundle/format.ts';
import type { RunEvent } from '../event.ts';
import type { AttemptResult, Measured, Slice } from '../process/protocol.ts';
import { judgeFormula, type Records } from './formula.ts';
import type { GateVerdict } from './verdict.ts';

/** A task that has its result, and the verdicts on it. */
export interface Judged {
  readonly task: Task;
  readonly result: Pick<AttemptResult, 'status' | 'measured'> | undefined;
  verdicts: readonly GateVerdict[];
}

/** What the gates of a run need to know of it. */
export interface GatesContext {
  /** False: nothing is judged or told, and nothing stops the run. */
  readonly judges: boolean;
  readonly previous: Records['previous'];
  readonly onEvent: (event: RunEvent) => void;
}

/**
 * Judges the gates of retired tasks. The verdict is no part of a task's result: the same result may hold today and not tomorrow, when
 * another run has been accepted.
 */
export class Gates {
  readonly #context: GatesContext;
  readonly #slices = new Map<string, readonly Slice[]>();
  readonly #diagnostics = new Map<string, Diagnostic>();

  constructor(context: GatesContext) {
    this.#context = context;
  }

  /** What there is to say of metrics that could not be recorded. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.#diagnostics.values()];
  }

  /** Tells what was recorded after a task, and judges its gates. */
  judge(state: Judged): void {
    const { task, result } = state;
    const measured = result?.measured;
    state.verdicts = [];
    if (result === undefined || !this.#context.judges) return;
    if (measured !== undefined) this.#tell(task, measured);
    state.verdicts =
      measured === undefined ? notEvaluated(task, result.status) : this.verdictsOn(task, result.status, measured);
    for (const verdict of state.verdicts)
      this.#context.onEvent({ type: 'gate', task: task.id, name: task.name, ...verdict });
  }

  /** The verdicts alone. */
  verdictsOn(task: Task, status: AttemptResult['status'], measured: Measured): readonly GateVerdict[] {
    this.#slices.set(task.id, measured.slices);
    // Who allows a cell to raise has decided that its error stops nothing.
    if (status === 'error' && task.directives.raisesException) return notEvaluated(task, status);
    const { stopped } = measured;
    const ofCell = stopped === undefined ? holding(task) : [{ ...stopped, holds: false }];
    if (status === 'error') return ofCell;
    const conditions = new Map(measured.conditions.map((one) => [one.condition, one]));
    const judged = (task.measures?.gates ?? []).map(({ condition, formula }): GateVerdict => {
      if (formula !== undefined) return judgeFormula(condition, formula, this.#recordsFor(measured));
      const found = conditions.get(condition);
      const why = found === undefined ? 'it was not evaluated' : (found.error ?? '');
      return { condition, holds: found?.holds === true, values: found?.values ?? {}, why };
    });
    return [...ofCell, ...judged];
  }

  #recordsFor({ metrics, unmeasured }: Measured): Records {
    const slices = [...this.#slices.values()].flat();
    return {
      metrics,
      unmeasured,
      slice: (metric, column) => slices.findLast((slice) => slice.metric === metric && slice.column === column),
      previous: this.#context.previous,
    };
  }

  #tell(task: Task, { metrics, unmeasured, slices, unsliced }: Measured): void {
    const { onEvent } = this.#context;
    const { id, name } = task;
    for (const [metric, value] of Object.entries(metrics)) {
      const better = task.measures?.metrics.find((asked) => covers(asked.name, metric))?.better;
      onEvent({ type: 'metric', task: id, name, metric, value, ...(better === undefined ? {} : { better }) });
    }
    for (const slice of slices) onEvent({ type: 'slice', task: id, name, ...slice });
    for (const [metric, what] of Object.entries(unmeasured)) this.#warn(notANumber(task, metric, what));
    for (const { columns, why } of unsliced) this.#warn(notSliced(task, columns, why));
  }

  #warn(diagnostic: Diagnostic): void {
    const key = `${diagnostic.location?.cell ?? ''} ${diagnostic.message}`;
    if (this.#diagnostics.has(key)) return;
    this.#diagnostics.set(key, diagnostic);
    this.#context.onEvent({ type: 'diagnostic', diagnostic });
  }
}

/** True when a gate of the task does not hold. */
export function isClosed({ verdicts }: Pick<Judged, 'verdicts'>): boolean {
  return verdicts.some(({ holds }) => !holds);
}

/** Of a cell that raised and may: its conditions are not known to hold. Any other that raised ends the run by that. */
function notEvaluated({ measures, directives }: Task, status: AttemptResult['status']): readonly GateVerdict[] {
  const conditions = status === 'error' && directives.raisesException ? (measures?.gates ?? []) : [];
  return conditions.map(({ condition }) => ({
    condition,
    holds: false,
    values: {},
    why: 'the cell raised before it could be evaluated',
  }));
}

/** Of a cell tagged as a gate that says nothing against the run. */
function holding({ directives }: Task): readonly GateVerdict[] {
  return directives.gate ? [{ condition: 'the cell', holds: true, values: {}, why: '' }] : [];
}

/** A dict is recorded under the names of what is in it. */
function covers(asked: string, metric: string): boolean {
  return metric === asked || metric.startsWith(`${asked}.`);
}

function notANumber({ id, index, name }: Task, metric: string, what: string): Diagnostic {
  const isAbsent = what === 'not defined';
  return {
    code: 'CW520',
    severity: 'warning',
    message: `After ${name}, ${metric} is ${what}${isAbsent ? '' : ', not a number'}; no metric is recorded.`,
    help: isAbsent
      ? 'Bind it in this cell or in an earlier one.'
      : what.startsWith('a dict')
        ? `Record single entries of it: #| metric: ${metric}.NAME`
        : `Bind a number to a name of its own, for instance ${metric.split('.').at(-1) ?? metric} = float(…).`,
    location: { cell: id, index },
    related: [],
  };
}

function notSliced({ id, index, name }: Task, columns: readonly string[], why: string): Diagnostic {
  const groups = columns.length === 0 ? 'groups' : `each ${columns.join(' and each ')}`;
  return {
    code: 'CW521',
    severity: 'warning',
    message: `The metrics of ${name} are not recorded for ${groups}: ${why}.`,
    help: 'The run goes on without them; a gate over these groups does not hold.',
    location: { cell: id, index },
    related: [],
  };
}
