import { directionOf } from '../measures/direction.ts';
import { asNumber, showMeasure } from '../measures/formula.ts';
import { metricNames, pointsOf, type MetricRun } from '../measures/metric-runs.ts';
import { escapeHtml } from './ansi.ts';
import { htmlPage } from './html-page.ts';
import { linePlot, plotLegend, plotStyle } from './line-plot.ts';
import { gatesSection, slicesSection } from './measures-html.ts';

/** The metrics of a notebook's runs as one HTML file that asks the network for nothing and runs no program. */
export function metricsPage(notebook: string, runs: readonly MetricRun[]): string {
  const newest = runs.at(-1);
  const sections =
    newest === undefined
      ? ['<p>No run has recorded a metric.</p>']
      : [
          ...metricNames(runs).map((metric) => metricSection(metric, runs)),
          gatesSection(newest.gates, `Gates of ${newest.id}`),
          slicesSection(newest.slices, `Groups in ${newest.id}`),
          runsSection(runs),
        ];
  return htmlPage({ title: `${notebook}: metrics`, style: plotStyle, hasFonts: false, sections });
}

function metricSection(metric: string, runs: readonly MetricRun[]): string {
  const own = runs.filter(({ metrics }) => metrics.has(metric));
  const direction = directionOf(metric, runs);
  const words = direction === undefined ? '' : `, ${direction} is better`;
  const last = own.at(-1)?.metrics.get(metric)?.value ?? 'NaN';
  const about = `${showMeasure(last)} in the newest`;
  const points = pointsOf(runs);
  const { title, places, lines } = points.length > 0 ? overPoints(metric, points, own) : overRuns(metric, own);
  const plot = `${linePlot(`${title}, ${about}${words}`, places, lines)}${plotLegend(lines)}`;
  return `<section><h2>${escapeHtml(metric)}</h2><p>${about} run${words}</p>${plot}</section>`;
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
  return { title: `${metric} over ${own.length} runs`, places: own.map(timeOf), lines };
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
    return first === undefined || values.every((value) => value === undefined) ? [] : [{ name: timeOf(first), values }];
  });
  return { title: `${metric} over ${places.length} variants`, places, lines };
}

function valueOf({ metrics }: MetricRun, metric: string): number {
  return asNumber(metrics.get(metric)?.value ?? 'NaN');
}

function timeOf({ from }: MetricRun): string {
  return from.slice(0, 16).replace('T', ' ');
}

function runsSection(runs: readonly MetricRun[]): string {
  const names = metricNames(runs);
  const parameters = [...new Set(runs.flatMap((run) => Object.keys(run.parameters)))];
  const head = ['run', 'when (UTC)', 'verdict', ...parameters, ...names]
    .map((word) => `<th scope="col">${escapeHtml(word)}</th>`)
    .join('');
  const rows = runs.toReversed().map(({ id, from, verdict, parameters: given, metrics }) => {
    const values = names.map((name) => {
      const value = metrics.get(name)?.value;
      return `<td class="number">${value === undefined ? '' : showMeasure(value)}</td>`;
    });
    const texts = [from.slice(0, 16).replace('T', ' '), verdict, ...parameters.map((name) => given[name] ?? '')];
    const cells = texts.map((text) => `<td>${escapeHtml(text)}</td>`);
    return `<tr><th scope="row">${escapeHtml(id)}</th>${cells.join('')}${values.join('')}</tr>`;
  });
  return `<section aria-labelledby="runs"><h2 id="runs">Runs</h2><div class="wide" tabindex="0" role="group" aria-label="Runs, scrollable"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}
