import { escapeHtml } from './ansi.ts';
import { showMeasure } from '../measures/formula.ts';

/** A row of values over the same places; undefined where there is none. */
export interface PlotLine {
  /** Empty for the only one. */
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

/** Numbers over runs. */
export interface Plot {
  /** Says what is shown, to who does not see it. */
  readonly title: string;
  readonly places: readonly string[];
  readonly lines: readonly PlotLine[];
  /** In points; the usual one is as wide as a page. */
  readonly size?: { readonly width: number; readonly height: number };
  /** True where each place has a name of its own below the plot, as far as there is room; else only the first and the last have. */
  readonly marksPlaces?: boolean;
}

const usualSize = { width: 640, height: 180 };
const margin = { left: 64, right: 16, top: 12, bottom: 26 };

/**
 * Numbers over runs as one SVG element: a line for each row of values, told apart by colour and by the shape of its points. The same
 * numbers have to stand in a table beside it; the element's title says what it shows.
 */
export function linePlot({ title, places, lines, size = usualSize, marksPlaces = false }: Plot): string {
  const { width, height } = size;
  const known = lines.flatMap(({ values }) => values).filter((value) => value !== undefined && Number.isFinite(value));
  const numbers = known as number[];
  if (numbers.length === 0) return '';
  const [least, most] = spread(Math.min(...numbers), Math.max(...numbers));
  const across = (place: number): number =>
    margin.left + (places.length === 1 ? 0.5 : place / (places.length - 1)) * (width - margin.left - margin.right);
  const up = (value: number): number =>
    height - margin.bottom - ((value - least) / (most - least)) * (height - margin.top - margin.bottom);
  const marks = [least, (least + most) / 2, most].map(
    (value) =>
      `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${round(up(value))}" y2="${round(up(value))}"/><text x="${margin.left - 8}" y="${round(up(value) + 4)}" text-anchor="end">${Number(value.toPrecision(3))}</text>`,
  );
  const drawn = lines.map(({ name, values }, row) => drawLine({ name, values }, { row, places, across, up }));
  const room = (width - margin.left - margin.right) / Math.max(1, places.length);
  const isNamed = marksPlaces && places.every((place) => place.length * 7 + 8 <= room);
  const named = isNamed ? places.map((_, place) => place) : places.length > 1 ? [0, places.length - 1] : [0];
  const axis = named.map((place) => {
    const isEnd = !isNamed && places.length > 1;
    const anchor = isEnd ? (place === 0 ? 'start' : 'end') : 'middle';
    // Names at the ends stay inside.
    const at = isNamed ? Math.min(Math.max(across(place), margin.left), width - margin.right) : across(place);
    return `<text x="${round(at)}" y="${height - 6}" text-anchor="${anchor}">${escapeHtml(places[place] ?? '')}</text>`;
  });
  return `<svg class="${size === usualSize ? 'plot page' : 'plot'}" viewBox="0 0 ${width} ${height}" style="max-width:${width}px" role="img" aria-label="${escapeHtml(title)}"><title>${escapeHtml(title)}</title>${marks.join('')}${drawn.join('')}${axis.join('')}</svg>`;
}

/** Names of the lines, with their points; empty when there is only one. */
export function plotLegend(lines: readonly PlotLine[]): string {
  if (lines.length < 2) return '';
  const items = lines.map(
    ({ name }, row) =>
      `<li><svg viewBox="0 0 14 14" aria-hidden="true" class="line${row % shapes.length}">${point(row, 7, 7)}</svg> ${escapeHtml(name === '' ? 'single runs' : name)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

interface Scale {
  readonly row: number;
  readonly places: readonly string[];
  readonly across: (place: number) => number;
  readonly up: (value: number) => number;
}

function drawLine({ name, values }: PlotLine, { row, places, across, up }: Scale): string {
  const points = values.flatMap((value, place) =>
    value === undefined || !Number.isFinite(value)
      ? []
      : [{ x: round(across(place)), y: round(up(value)), value, place }],
  );
  const way = points.map(({ x, y }) => `${x},${y}`).join(' ');
  const dots = points.map(({ x, y, value, place }) => {
    const words = [places[place] ?? '', name, showMeasure(value)].filter((word) => word !== '').join(', ');
    return `<g><title>${escapeHtml(words)}</title>${point(row, x, y)}</g>`;
  });
  return `<g class="line${row % shapes.length}"><polyline points="${way}"/>${dots.join('')}</g>`;
}

const shapes = [
  (x: number, y: number) => `<circle cx="${x}" cy="${y}" r="4"/>`,
  (x: number, y: number) => `<rect x="${x - 4}" y="${y - 4}" width="8" height="8"/>`,
  (x: number, y: number) => `<path d="M${x} ${y - 5}l5 9h-10z"/>`,
  (x: number, y: number) => `<path d="M${x} ${y - 5}l5 5-5 5-5-5z"/>`,
  (x: number, y: number) => `<path d="M${x} ${y + 5}l5-9h-10z"/>`,
  (x: number, y: number) => `<path d="M${x - 4} ${y - 4}l8 8m0-8l-8 8" class="cross"/>`,
];

function point(row: number, x: number, y: number): string {
  return shapes[row % shapes.length]?.(x, y) ?? '';
}

/** With some room, also where all numbers are the same. */
function spread(least: number, most: number): readonly [number, number] {
  const room = most === least ? Math.abs(most) * 0.1 || 1 : (most - least) * 0.08;
  return [least - room, most + room];
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}

/** The look of plots, with the colours of the pages. */
export const plotStyle = `
.plot { width: 100%; height: auto; display: block; } .plot text { font: 12px system-ui, sans-serif; fill: var(--soft); } .plot .grid { stroke: var(--line); }
.plot polyline { fill: none; stroke: currentColor; stroke-width: 2; } .plot g g, .legend svg { fill: currentColor; } .cross { stroke: currentColor; stroke-width: 2; fill: none; }
.line0 { color: var(--ran); } .line1 { color: var(--bad); } .line2 { color: var(--good); } .line3 { color: var(--violet); } .line4 { color: var(--amber); } .line5 { color: var(--soft); }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; } .legend svg { width: 14px; height: 14px; vertical-align: -2px; }
`;
