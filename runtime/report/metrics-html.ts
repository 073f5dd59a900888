import { directionOf } from '../measures/direction.ts';
import { asNumber, showMeasure } from '../measures/formula.ts';
import { metricNames, pointsOf, type MetricRun } from '../measures/metric-runs.ts';
import { escapeHtml } from './ansi.ts';
import { htmlPage, type Section } from './html-page.ts';
import { linePlot, plotLegend } from './line-plot.ts';
import { timeOf } from './record-words.ts';
import { plainTable } from './table.ts';
import { gatesSection, slicesSection } from './measures-html.ts';

/** The metrics of a notebook's runs as one HTML file that asks the network for nothing and runs no program. */
export function metricsPage(notebook: string, runs: readonly MetricRun[]): string {
  const newest = runs.at(-1);
  const page = { title: `${notebook}: metrics`, heading: notebook, kind: 'Metrics over runs', hasFonts: false };
  if (newest === undefined) return htmlPage({ ...page, verdict: '<p>No run has recorded a metric.</p>', sections: [] });
  const verdict = `<p class="lead">${runs.length} ${runs.length === 1 ? 'run' : 'runs'}, the newest ${escapeHtml(newest.id)}: ${pillOf(newest.verdict)}</p>`;
  const sections = [
    ...metricNames(runs).map((metric, place) => metricSection(metric, runs, `metric-${place}`)),
    gatesSection(
      newest.gates.map((gate) => ({ ...gate, cell: escapeHtml(gate.name) })),
      `Gates of ${newest.id}`,
    ),
    slicesSection(newest.slices, `Groups in ${newest.id}`),
    { id: 'runs', title: 'Runs', body: runsTable(runs) },
  ];
  return htmlPage({ ...page, verdict, sections });
}

function metricSection(metric: string, runs: readonly MetricRun[], id: string): Section {
  const own = runs.filter(({ metrics }) => metrics.has(metric));
  const direction = directionOf(metric, runs);
  const words = direction === undefined ? '' : `, ${direction} is better`;
  const last = own.at(-1)?.metrics.get(metric)?.value ?? 'NaN';
  const about = `${showMeasure(last)} in the newest`;
  const points = pointsOf(runs);
  const { title, places, lines } = points.length > 0 ? overPoints(metric, points, own) : overRuns(metric, own);
  const plot = `${linePlot({ title: `${title}, ${about}${words}`, places, lines })}${plotLegend(lines)}`;
  return { id, title: metric, body: `<p>${about} run${words}</p>${plot}` };
}

interface Plotted {
  readonly title: string;
  readonly places: readonly string[];
  readonly lines: readonly { readonly name: string; readonly values: readonly (number | undefined)[] }[];
}

function overRuns(metric: string, own: readonly MetricRun[]): Plotted {
  const lines = [...new Set(own.map(({ line }) => line))].map((name) => ({
    name,
    values: own.map((run) => (run.line === name ? valueOf(run, metric) : undefined)),
  }));
  return { title: `${metric} over ${own.length} runs`, places: own.map(({ from }) => timeOf(from)), lines };
}

/** Over the points of the newest matrix: a line for it, and one for every earlier matrix that has some of them. */
function overPoints(metric: string, points: readonly MetricRun[], own: readonly MetricRun[]): Plotted {
  const places = points.map(({ line }) => line);
  const matrices = [...new Set(own.flatMap(({ matrix }) => matrix ?? []))];
  const lines = matrices.flatMap((matrix) => {
    const runs = own.filter((run) => run.matrix === matrix);
    const [first] = runs;
    const values = places.map(
      (place) => runs.filter(({ line }) => line === place).map((run) => valueOf(run, metric))[0],
    );
    return first === undefined || values.every((value) => value === undefined)
      ? []
      : [{ name: timeOf(first.from), values }];
  });
  return { title: `${metric} over ${places.length} variants`, places, lines };
}

function valueOf({ metrics }: MetricRun, metric: string): number {
  return asNumber(metrics.get(metric)?.value ?? 'NaN');
}

/** A word for how a run ended. */
function pillOf(verdict: MetricRun['verdict']): string {
  const look = verdict === 'accepted' ? ' good' : verdict === 'partial' || verdict === 'unfinished' ? '' : ' bad';
  return `<span class="pill${look}">${verdict}</span>`;
}

/** A row for each run with its parameters and metrics, the newest first. */
export function runsTable(runs: readonly MetricRun[]): string {
  const names = metricNames(runs);
  const parameters = [...new Set(runs.flatMap((run) => Object.keys(run.parameters)))];
  const rows = runs.toReversed().map(({ id, from, verdict, parameters: given, metrics }) => {
    const values = names.map((name) => {
      const value = metrics.get(name)?.value;
      return `<td class="number">${value === undefined ? '' : showMeasure(value)}</td>`;
    });
    const texts = parameters.map((name) => `<td>${escapeHtml(given[name] ?? '')}</td>`);
    return `<tr><th scope="row">${escapeHtml(id)}</th><td>${timeOf(from)}</td><td>${pillOf(verdict)}</td>${texts.join('')}${values.join('')}</tr>`;
  });
  const head = ['run', 'when (UTC)', 'verdict', ...parameters, ...names];
  const numbers = names.map((_, place) => 3 + parameters.length + place);
  return plainTable('Runs', { head, rows, numbers, isNarrow: false });
}
