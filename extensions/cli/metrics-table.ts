import {
  asNumber,
  directionOf,
  metricNames,
  pointsOf,
  showMeasure,
  sparkline,
  type Compared,
  type MetricRun,
} from '../../runtime/index.ts';
import { describeSpan, metricSpan } from './metric-span.ts';
import { renderTable } from './render.ts';

/** Runs as a table, the newest last, and below it how each metric went; for people. */
export function metricsTable(runs: readonly MetricRun[]): string {
  const names = metricNames(runs);
  const parameters = [...new Set(runs.flatMap((run) => Object.keys(run.parameters)))];
  const head = ['run', 'when (UTC)', 'verdict', ...parameters, ...names];
  const rows = runs.map(({ id, from, verdict, parameters: given, metrics }) => [
    id,
    from.slice(0, 16).replace('T', ' '),
    verdict,
    ...parameters.map((name) => given[name] ?? ''),
    ...names.map((name) => {
      const value = metrics.get(name)?.value;
      return value === undefined ? '' : showMeasure(value);
    }),
  ]);
  const parts = [renderTable([head, ...rows]), overPoints(runs, names), trends(runs, names)];
  return parts.filter((part) => part !== '').join('\n');
}

/** Each metric over the points of the newest matrix, in their order: what a back-test is run for. */
function overPoints(runs: readonly MetricRun[], names: readonly string[]): string {
  const points = pointsOf(runs);
  const rows = names.flatMap((name) => {
    const span = metricSpan(points.map(({ line, metrics }) => ({ point: line, value: metrics.get(name)?.value })));
    return span === undefined ? [] : [[name, span.bars, describeSpan(span), describeDirection(name, runs)]];
  });
  return renderTable(rows);
}

/** How each metric went, for each point of a matrix. */
function trends(runs: readonly MetricRun[], names: readonly string[]): string {
  const lines = [...new Set(runs.map(({ line }) => line))];
  const rows = names.flatMap((name) =>
    lines.flatMap((line) => {
      const own = runs.filter((run) => run.line === line && run.metrics.has(name));
      // A single point of a matrix goes nowhere; it is in the table.
      if (line !== '' && own.length < 2) return [];
      const last = own.at(-1)?.metrics.get(name)?.value;
      if (last === undefined) return [];
      const values = own.map(({ metrics }) => asNumber(metrics.get(name)?.value ?? 'NaN'));
      const before = own.at(-2)?.metrics.get(name)?.value;
      const change = before === undefined ? '' : showChange(asNumber(last) - asNumber(before));
      return [[name, line, sparkline(values.slice(-40)), showMeasure(last), change, describeDirection(name, runs)]];
    }),
  );
  return renderTable(rows.map((row) => (lines.length === 1 && lines[0] === '' ? row.toSpliced(1, 1) : row)));
}

function describeDirection(name: string, runs: readonly MetricRun[]): string {
  const direction = directionOf(name, runs);
  return direction === undefined ? '' : `${direction} is better`;
}

/** A difference with its sign. */
export function showChange(change: number | undefined): string {
  if (change === undefined || Number.isNaN(change)) return '';
  return `${change < 0 ? '−' : '+'}${showMeasure(Math.abs(change))}`;
}

/** What a check compared, a metric a line. */
export function checkTable(compared: readonly Compared[]): string {
  const words: Readonly<Record<Compared['verdict'], string>> = {
    better: 'better',
    same: 'the same',
    tolerated: 'within the tolerance',
    worse: 'WORSE',
    missing: 'MISSING',
    unknown: 'not judged: say which way is better',
  };
  const rows = compared.map(({ metric, value, baseline, change, verdict }) => [
    metric,
    showMeasure(baseline),
    value === undefined ? '' : showMeasure(value),
    showChange(change),
    words[verdict],
  ]);
  return renderTable([['metric', 'baseline', 'now', 'change', ''], ...rows]);
}
