import type { Origin } from '../history/origin.ts';
import { listRuns, readRun } from '../history/read-runs.ts';
import type { RecordedRun } from '../history/recorded-run.ts';
import type { Measure } from '../process/protocol.ts';
import type { Records } from './formula.ts';

/** True for a run of the whole notebook that ended well, its gates included: what later runs are compared with. */
export function isAccepted({ status, gates, started, tasks }: RecordedRun): boolean {
  const ended = [...tasks.values()].filter((task) => task.status !== 'not-run' && task.status !== 'stopped');
  return status === 'ok' && ended.length >= (started?.tasks ?? Infinity) && gates.every(({ holds }) => holds);
}

/** True for runs of one notebook at the same point of a matrix. */
export function isSameLine(one: Origin | undefined, other: Origin | undefined): boolean {
  if (one?.notebook !== other?.notebook) return false;
  return JSON.stringify(one?.variant?.values ?? []) === JSON.stringify(other?.variant?.values ?? []);
}

/** What a run that may be asked for says. */
interface Known {
  readonly run: string;
  readonly origin: Origin | undefined;
  readonly metrics: ReadonlyMap<string, Measure>;
}

/** Finds metrics in the last accepted run that has them. Logs are read when the first is asked for, once for all runs of a matrix. */
export class AcceptedRuns {
  readonly #state: string;
  #ids: readonly string[] | undefined;
  readonly #read: Known[] = [];

  constructor(state: string) {
    this.#state = state;
  }

  /** The metrics that a run of this origin is compared with. A run that goes on is not among them. */
  before(origin: Origin): Records['previous'] {
    return (metric) => {
      for (let place = 0; ; place++) {
        const known = this.#at(place);
        if (known === undefined) return undefined;
        const value = known.metrics.get(metric);
        // With what is no number nothing can be compared: the run before it tells.
        if (value !== undefined && value !== 'NaN' && isSameLine(known.origin, origin))
          return { value, run: known.run };
      }
    };
  }

  /** The accepted run at a place, the newest first; one that is none has no metrics. */
  #at(place: number): Known | undefined {
    this.#ids ??= listRuns(this.#state);
    const id = this.#ids[place];
    if (id === undefined) return undefined;
    return (this.#read[place] ??= describe(id, readRun(this.#state, id)));
  }
}

function describe(id: string, run: RecordedRun | undefined): Known {
  const metrics = run === undefined || !isAccepted(run) ? [] : [...run.metrics.values()];
  return {
    run: id,
    origin: run?.started?.origin,
    metrics: new Map(metrics.map(({ metric, value }) => [metric, value])),
  };
}
