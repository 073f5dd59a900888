import { directionOf } from '../measures/direction.ts';
import { asNumber, showMeasure } from '../measures/formula.ts';
import type { MetricRun } from '../measures/metric-runs.ts';
import type { Measure } from '../process/protocol.ts';
import { escapeHtml } from './ansi.ts';
import type { Section } from './html-page.ts';
import { linePlot } from './line-plot.ts';
import { runsTable } from './metrics-html.ts';
import { timeOf } from './record-words.ts';
import { folded } from './table.ts';

/** A metric of this run, with the cell that has it, as HTML. */
export interface ShownMetric {
  readonly metric: string;
  readonly value: Measure;
  readonly cell: string;
}

/**
 * The metrics of one run, each with its way over the last runs of the notebook; undefined when there are none.
 * @param runs the oldest first, this one last
 */
export function metricCards(metrics: readonly ShownMetric[], runs: readonly MetricRun[]): Section | undefined {
  if (metrics.length === 0) return undefined;
  const cards = metrics.map((one) => card(one, runs));
  const table = runs.length < 2 ? '' : folded(`The last ${runs.length} runs in numbers`, runsTable(runs));
  return { id: 'metrics', title: 'Metrics', body: `<ul class="cards">${cards.join('')}</ul>${table}` };
}

function card({ metric, value, cell }: ShownMetric, runs: readonly MetricRun[]): string {
  const own = runs.filter(({ metrics }) => metrics.has(metric));
  const direction = directionOf(metric, runs);
  const words = direction === undefined ? '' : ` <span class="note">${direction} is better</span>`;
  const values = own.map(({ metrics }) => asNumber(metrics.get(metric)?.value ?? 'NaN'));
  const plot = linePlot({
    title: `${metric} over the last ${own.length} runs, ${showMeasure(value)} now`,
    places: own.map(({ from }) => timeOf(from)),
    lines: [{ name: '', values }],
    size: { width: 320, height: 110 },
  });
  return `<li><p class="label">${escapeHtml(metric)}${words}</p><p class="value">${showMeasure(value)} ${change(values, direction)}</p>${own.length < 2 ? '' : plot}<p class="note">${cell}</p></li>`;
}

/** Against the run before, told by a sign and in words: the colour only helps. */
function change(values: readonly number[], direction: 'higher' | 'lower' | undefined): string {
  const [before, now] = values.slice(-2);
  if (before === undefined || now === undefined || !Number.isFinite(now - before)) return '';
  if (now === before) return '<span class="change">same as before</span>';
  const isUp = now > before;
  const better = direction === undefined ? undefined : isUp === (direction === 'higher');
  const word = better === undefined ? '' : better ? ', better' : ', worse';
  const look = better === undefined ? '' : better ? ' good' : ' bad';
  const amount = Number(Math.abs(now - before).toPrecision(3));
  return `<span class="change${look}">${isUp ? '+' : '−'}${amount}${word}</span>`;
}
