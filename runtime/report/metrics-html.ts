import { directionOf } from '../measures/direction.ts';
import { asNumber, showMeasure } from '../measures/formula.ts';
import { metricNames, type MetricRun } from '../measures/metric-runs.ts';
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
  const places = own.map(({ from }) => from.slice(0, 16).replace('T', ' '));
  const lines = [...new Set(own.map(({ line }) => line))].map((name) => ({
    name,
    values: own.map(({ line, metrics }) => (line === name ? asNumber(metrics.get(metric)?.value ?? 'NaN') : undefined)),
  }));
  const direction = directionOf(metric, runs);
  const words = direction === undefined ? '' : `, ${direction} is better`;
  const last = own.at(-1)?.metrics.get(metric)?.value ?? 'NaN';
  const title = `${metric} over ${own.length} runs, ${showMeasure(last)} in the newest${words}`;
  return `<section><h2>${escapeHtml(metric)}</h2><p>${showMeasure(last)} in the newest run${words}</p>${linePlot(title, places, lines)}${plotLegend(lines)}</section>`;
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
