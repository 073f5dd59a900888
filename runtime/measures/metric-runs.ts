import type { RecordedParameter } from '../certificate/format.ts';
import { parameterText } from '../history/parameter-text.ts';
import { readRun, readRuns } from '../history/read-runs.ts';
import type { RecordedGate, RecordedMetric, RecordedRun, RecordedSlice } from '../history/recorded-run.ts';
import { isAccepted } from './accepted.ts';

/** A run that recorded metrics or judged gates. */
export interface MetricRun {
  readonly id: string;
  /** ISO 8601, in UTC. */
  readonly from: string;
  /** `accepted`: all of it ran, it ended well, and all gates hold. `gate`: one does not. `partial`: some cells were not asked for. */
  readonly verdict: 'accepted' | 'partial' | 'gate' | 'failed' | 'refused' | 'unfinished';
  /** What was given, the point of a matrix included, as text. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Joins the runs of one matrix; undefined for a run of none. */
  readonly matrix: string | undefined;
  /** The same for runs at the same point of a matrix; empty without one. */
  readonly line: string;
  readonly metrics: ReadonlyMap<string, RecordedMetric>;
  readonly gates: readonly RecordedGate[];
  readonly slices: readonly RecordedSlice[];
  readonly record: RecordedRun;
}

/** The runs of a notebook that recorded something, the oldest first. */
export function readMetricRuns(state: string, notebook: string): readonly MetricRun[] {
  const runs = readRuns(state).filter(({ started }) => started?.origin.notebook === notebook);
  return runs
    .filter(({ metrics, gates }) => metrics.size + gates.length > 0)
    .map((run) => describe(run))
    .sort((left, right) => compare(left.from, right.from) || compare(left.id, right.id));
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** One run of a state, when it recorded something. */
export function readMetricRun(state: string, id: string): MetricRun | undefined {
  const run = readRun(state, id);
  return run === undefined || run.metrics.size + run.gates.length === 0 ? undefined : describe(run);
}

function describe(run: RecordedRun): MetricRun {
  const { parameters = [], variant } = run.started?.origin ?? {};
  const point = variant?.values ?? [];
  return {
    id: run.id,
    from: run.from,
    verdict: verdictOf(run),
    parameters: Object.fromEntries([...parameters, ...point].map(({ name, value }) => [name, parameterText(value)])),
    matrix: variant?.matrix,
    line: lineOf(point),
    metrics: run.metrics,
    gates: run.gates,
    slices: run.slices,
    record: run,
  };
}

function verdictOf(run: RecordedRun): MetricRun['verdict'] {
  if (isAccepted(run)) return 'accepted';
  if (run.gates.some(({ holds }) => !holds)) return 'gate';
  if (run.status === 'interrupted') return 'unfinished';
  return run.status === 'ok' ? 'partial' : run.status;
}

function lineOf(point: readonly RecordedParameter[]): string {
  return point.map(({ name, value }) => `${name}=${parameterText(value)}`).join(', ');
}

/** The runs of the newest matrix, when the newest run is of one with several. */
export function pointsOf(runs: readonly MetricRun[]): readonly MetricRun[] {
  const matrix = runs.at(-1)?.matrix;
  const points = matrix === undefined ? [] : runs.filter((run) => run.matrix === matrix);
  return points.length > 1 ? points : [];
}

/** Every metric of some runs, in the order in which the newest have them. */
export function metricNames(runs: readonly MetricRun[]): readonly string[] {
  return [...new Set(runs.toReversed().flatMap(({ metrics }) => [...metrics.keys()]))];
}
