import { asNumber, showMeasure } from '../measures/formula.ts';
import type { Measure } from '../process/protocol.ts';
import { escapeHtml } from './ansi.ts';
import { htmlPage, type Section } from './html-page.ts';
import { linePlot, plotLegend, type PlotLine } from './line-plot.ts';
import { folded, plainTable } from './table.ts';

/** One combination of values that has come to its end. */
export interface ShownVariant {
  /** By the parameter's name, as text. */
  readonly values: Readonly<Record<string, string>>;
  readonly status: string;
  /** The first error in a few words; empty without one. */
  readonly why: string;
  readonly seconds: number;
  readonly counts: { readonly ran: number; readonly shared: number; readonly reused: number };
  readonly run: string;
  readonly metrics: Readonly<Record<string, Measure>>;
  /** Addresses from the folder of the page; undefined where none was written. */
  readonly report: string | undefined;
  readonly notebook: string | undefined;
}

/** All combinations of one matrix. */
export interface VariantsPage {
  readonly notebook: string;
  readonly matrix: string;
  /** Names of the parameters that vary. */
  readonly axes: readonly string[];
  /** In their order. */
  readonly variants: readonly ShownVariant[];
  /** How many were asked for. */
  readonly number: number;
  readonly seconds: number;
}

/** More lines than this in one plot tell nothing apart. */
const mostLines = 6;

/** The variants of a matrix as one HTML file: a row for each, and each metric over them. */
export function renderVariants(page: VariantsPage): string {
  const { notebook, matrix, variants } = page;
  const metrics = [...new Set(variants.flatMap((variant) => Object.keys(variant.metrics)))];
  const sections = [
    ...metrics.map((metric, place) => metricSection(metric, page, `metric-${place}`)),
    { id: 'variants', title: 'Variants', body: variantTable(page, metrics) },
  ];
  const title = `${notebook}: ${variants.length} variants`;
  return htmlPage({
    title,
    heading: notebook,
    kind: `Matrix ${matrix}`,
    hasFonts: false,
    verdict: verdict(page),
    sections,
  });
}

function verdict({ variants, number, seconds, axes }: VariantsPage): string {
  const bad = variants.filter(({ status }) => status !== 'ok');
  const left = number - variants.length;
  const isGood = bad.length + left === 0;
  const sum = (key: keyof ShownVariant['counts']): number =>
    variants.reduce((total, { counts }) => total + counts[key], 0);
  const words = new Map<string, number>();
  for (const { status } of bad) words.set(status, (words.get(status) ?? 0) + 1);
  const told = [
    ...[...words].map(([status, times]) => `${times} ${statusWords[status] ?? status}`),
    ...(left > 0 ? [`${left} not begun`] : []),
  ];
  const sentence = isGood ? `All ${number} variants ran to their end.` : `${told.join(', ')} of ${number} variants.`;
  const facts = [
    axes.join(' × '),
    `${sum('ran')} cells ran`,
    `${sum('shared')} shared between variants`,
    ...(sum('reused') > 0 ? [`${sum('reused')} reused from earlier runs`] : []),
    `${seconds.toFixed(2)} s`,
  ];
  const items = facts.map((fact) => `<li>${escapeHtml(fact)}</li>`).join('');
  return `<section class="verdict ${isGood ? 'good' : 'bad'}" aria-label="Verdict"><p class="said"><strong>${isGood ? 'ok' : 'not ok'}</strong> ${escapeHtml(sentence)}</p><ul class="facts">${items}</ul></section>`;
}

const statusWords: Readonly<Record<string, string>> = { gate: 'stopped at a gate' };

/** Over the values of the parameter that has most of them; the others are lines. */
function metricSection(metric: string, { axes, variants }: VariantsPage, id: string): Section {
  const measured = variants.filter(({ metrics }) => metrics[metric] !== undefined);
  const along = longestAxis(axes, variants);
  const places = [...new Set(variants.map(({ values }) => values[along] ?? ''))];
  const rest = axes.filter((name) => name !== along);
  const nameOf = ({ values }: ShownVariant): string => rest.map((name) => `${name}=${values[name] ?? ''}`).join(', ');
  const lines = [...new Set(measured.map(nameOf))].map((name): PlotLine => {
    const own = new Map(
      measured
        .filter((variant) => nameOf(variant) === name)
        .map(({ values, metrics }) => [values[along] ?? '', metrics[metric]]),
    );
    return {
      name,
      values: places.map((place) => {
        const value = own.get(place);
        return value === undefined ? undefined : asNumber(value);
      }),
    };
  });
  const numbers = measured.map(({ metrics }) => asNumber(metrics[metric] ?? 'NaN')).filter(Number.isFinite);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const range = numbers.length === 0 ? 'no number' : `${showMeasure(least)} to ${showMeasure(most)}`;
  const left = lines.length - mostLines;
  const shown = lines.slice(0, mostLines);
  const title = `${metric} over ${along}: ${range} in ${measured.length} variants`;
  const note =
    left > 0 ? `<p class="note">${left} more combinations of ${escapeHtml(rest.join(', '))} are in the table.</p>` : '';
  const plot = linePlot({ title, places, lines: shown, marksPlaces: true });
  return { id, title: metric, body: `<p>${range}, over ${escapeHtml(along)}</p>${plot}${plotLegend(shown)}${note}` };
}

function longestAxis(axes: readonly string[], variants: readonly ShownVariant[]): string {
  const sizes = axes.map((name) => ({ name, size: new Set(variants.map(({ values }) => values[name])).size }));
  return sizes.reduce((best, one) => (one.size > best.size ? one : best), { name: axes[0] ?? '', size: 0 }).name;
}

/** More rows than this are folded, but for those that did not end well. */
const openRows = 200;

function variantTable(page: VariantsPage, metrics: readonly string[]): string {
  const { variants } = page;
  if (variants.length <= openRows) return rowsOf(page, variants, metrics);
  const bad = variants.filter(({ status }) => status !== 'ok');
  const first = bad.length === 0 ? '' : rowsOf(page, bad, metrics);
  return first + folded(`All ${variants.length} variants`, rowsOf(page, variants, metrics));
}

function rowsOf({ axes }: VariantsPage, variants: readonly ShownVariant[], metrics: readonly string[]): string {
  const hasWhy = variants.some(({ why }) => why !== '');
  const rows = variants.map((variant) => {
    const { values, status, why, seconds, counts, run, metrics: own, report, notebook } = variant;
    const point = axes.map((name) => `<td><code>${escapeHtml(values[name] ?? '')}</code></td>`).join('');
    const numbers = metrics
      .map((metric) => `<td class="number">${own[metric] === undefined ? '' : showMeasure(own[metric])}</td>`)
      .join('');
    const files = [
      ...(report === undefined ? [] : [link(report, 'report', run)]),
      ...(notebook === undefined ? [] : [link(notebook, 'notebook', run)]),
    ];
    const pill = `<span class="pill ${status === 'ok' ? 'good' : 'bad'}">${escapeHtml(status)}</span>`;
    return `<tr><th scope="row">${escapeHtml(shortRun(run))}</th>${point}<td>${pill}</td>${numbers}<td class="number">${seconds.toFixed(2)} s</td><td class="number">${counts.shared} / ${counts.ran}</td>${hasWhy ? `<td>${escapeHtml(why)}</td>` : ''}<td class="files">${files.join(' ')}</td></tr>`;
  });
  const head = ['run', ...axes, 'ended', ...metrics, 'time', 'shared / ran', ...(hasWhy ? ['why'] : []), 'files'];
  const first = axes.length + 2;
  const places = [...metrics, 'time', 'shared'].map((_, place) => first + place);
  return plainTable('Variants', { head, rows, numbers: places, isNarrow: false });
}

/** The end of its name tells a run from the others of its matrix. */
function shortRun(run: string): string {
  return /-(\d+)$/.exec(run)?.[1] ?? run;
}

function link(address: string, word: string, run: string): string {
  return `<a href="${escapeHtml(address)}" aria-label="${word} of run ${escapeHtml(shortRun(run))}">${word}</a>`;
}
