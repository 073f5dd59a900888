import { svgElement } from './element.ts';
import type { Rail } from './rail-layout.ts';

/** Where the rows of a rail are, from top to bottom. */
export interface RailPlaces {
  /** By row: its top, its height, and whether it has a mark of its own although nobody uses it: a cell does, a heading does not. */
  readonly rows: readonly { readonly top: number; readonly height: number; readonly isCell: boolean }[];
  /** Pixels between two lanes. */
  readonly step: number;
}

const left = 8;

/** How wide the lanes are together. */
export function widthOfLanes({ lanes }: Rail, step: number): number {
  return left + Math.max(1, lanes) * step + 4;
}

interface Line {
  readonly lane: number;
  readonly first: number;
  last: number;
}

/** All lines of a rail: one from each row that makes something to the last that uses it, with a bend to each that does. */
export function drawLines(rail: Rail, { rows, step }: RailPlaces): SVGSVGElement {
  const lines = linesOf(rail);
  const x = (lane: number): number => left + lane * step;
  const middle = (row: number): number => (rows[row]?.top ?? 0) + (rows[row]?.height ?? 0) / 2;
  const ways: SVGElement[] = [];
  for (const [maker, { lane, first, last }] of lines) {
    const attributes = { d: `M${x(lane)} ${middle(first)}V${rows[last]?.top ?? 0}`, 'data-maker': maker };
    if (last > first) ways.push(svgElement('path', { class: `cw-lane cw-lane-${lane % 6}`, attributes }));
  }
  const dots = rail.rows.flatMap((marks, row): SVGElement[] => {
    const own = marks.find(({ kind }) => kind === 'make');
    if (own === undefined) return [];
    const top = rows[row]?.top ?? 0;
    const half = (rows[row]?.height ?? 0) / 2;
    const [to, end] = [x(own.lane), top + half];
    const reads = marks.filter(({ kind }) => kind === 'read');
    for (const { lane, maker } of reads) {
      const d = `M${x(lane)} ${top}C${x(lane)} ${top + half * 0.8} ${to} ${top + half * 0.2} ${to} ${end}`;
      const attributes = { d, 'data-maker': maker, 'data-reader': own.maker };
      ways.push(svgElement('path', { class: `cw-lane cw-lane-${lane % 6}`, attributes }));
    }
    const isUsed = (lines.get(own.maker)?.last ?? row) > row;
    if (rows[row]?.isCell !== true && !isUsed && reads.length === 0) return [];
    return [svgElement('circle', { class: `cw-lane-${own.lane % 6}`, attributes: { cx: to, cy: end, r: 4 } })];
  });
  const bottom = rows.at(-1);
  const height = (bottom?.top ?? 0) + (bottom?.height ?? 0);
  const attributes = { width: widthOfLanes(rail, step), height, 'aria-hidden': 'true' };
  return svgElement('svg', { class: 'cw-lanes', attributes }, [...ways, ...dots]);
}

/** By the row that makes something, its lane, and the rows between which it goes. */
function linesOf({ rows }: Rail): ReadonlyMap<string, Line> {
  const lines = new Map<string, Line>();
  for (const [row, marks] of rows.entries()) {
    for (const { lane, kind, maker } of marks) {
      const known = lines.get(maker);
      if (kind === 'make') lines.set(maker, { lane, first: row, last: row });
      else if (known !== undefined) known.last = row;
    }
  }
  return lines;
}
