import type { LoggedRun } from '../history/compare-records.ts';
import { EarlierRuns } from '../history/earlier-runs.ts';
import { readRun } from '../history/read-runs.ts';
import { readMetricRun, type MetricRun } from '../measures/metric-runs.ts';

/** What the records say that a report is made from. */
export interface ReportHistory {
  readonly now: LoggedRun;
  /** The run before, of the same notebook and at the same point of a matrix. */
  readonly before: LoggedRun | undefined;
  /** The last runs that recorded something, the oldest first, this one last. */
  readonly measured: readonly MetricRun[];
}

/** Which run, and how far back to look. */
export interface HistoryOptions {
  readonly state: string;
  readonly id: string;
  /** Of this state; given where reports are made of many runs. */
  readonly earlier?: EarlierRuns;
  /** How many runs plots go over at most, this one included. */
  readonly plotted?: number;
}

const usuallyPlotted = 20;

/** Reads the record of a run and of those before it; undefined when its log is gone. */
export function readHistory(options: HistoryOptions): ReportHistory | undefined {
  const { state, id, earlier = new EarlierRuns(state), plotted = usuallyPlotted } = options;
  const run = readRun(state, id);
  if (run === undefined) return undefined;
  const origin = run.started?.origin;
  const before = origin === undefined ? undefined : earlier.previous(id, origin);
  const measured: MetricRun[] = [];
  const own = run.metrics.size === 0 ? undefined : readMetricRun(state, id);
  if (own !== undefined && origin !== undefined) {
    measured.push(own);
    for (const other of earlier.before(id, origin)) {
      if (measured.length >= plotted) break;
      const found = readMetricRun(state, other);
      if (found !== undefined && found.metrics.size > 0) measured.push(found);
    }
  }
  return { now: { state, id, run }, before, measured: measured.reverse() };
}
