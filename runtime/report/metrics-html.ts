import { directionOf } from '../measures/direction.ts';
import { asNumber, showMeasure } from '../measures/formula.ts';
import { metricNames, type MetricRun } from '../measures/metric-runs.ts';
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
  const places = own.map(({ from }) => timeOf(from));
  const lines = [...new Set(own.map(({ line }) => line))].map((name) => ({
    name,
    values: own.map(({ line, metrics }) => (line === name ? asNumber(metrics.get(metric)?.value ?? 'NaN') : undefined)),
  }));
  const direction = directionOf(metric, runs);
  const words = direction === undefined ? '' : `, ${direction} is better`;
  const last = own.at(-1)?.metrics.get(metric)?.value ?? 'NaN';
  const title = `${metric} over ${own.length} runs, ${showMeasure(last)} in the newest${words}`;
  const body = `<p>${showMeasure(last)} in the newest run${words}</p>${linePlot({ title, places, lines })}${plotLegend(lines)}`;
  return { id, title: metric, body };
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
