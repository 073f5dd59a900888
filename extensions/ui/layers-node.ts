import { setAttributes, svgElement } from './element.ts';
import type { Placed } from './graph-layout.ts';
import { countStates, nameOfRow, stateOfSection, type StatesOf } from './picture.ts';
import { stateWords } from './state-words.ts';
import type { Row } from './visible-rows.ts';

/** How much a box says: `roomy` has the first line of the cell, and arrows that say what they carry; `compact` has the label. */
export type Density = 'roomy' | 'compact';

/** Heights of boxes, by how much they say. */
export const boxHeights: Readonly<Record<Density, number>> = { roomy: 46, compact: 28 };

/** Longer labels and lines are cut; the hint has the whole of a label. */
const longestLabel = 26;
const longestLine = 30;
const sign = 18;
const inset = 10;
const fonts = { label: '13px system-ui, sans-serif', code: '11px ui-monospace, monospace' };

let measuring: CanvasRenderingContext2D | null | undefined;

/** How wide a text is, in pixels; where nothing can be measured, as wide as wide letters are. */
export function widthOfText(text: string, font: keyof typeof fonts): number {
  measuring ??= document.createElement('canvas').getContext('2d');
  if (measuring === null) return text.length * (font === 'label' ? 8.5 : 7);
  measuring.font = fonts[font];
  // The font of the editor may be somewhat wider than that of the system.
  return measuring.measureText(text).width * 1.08;
}

/** How wide a box has to be. */
export function widthOfBox(row: Row, density: Density): number {
  const label = inset + sign + 6 + widthOfText(titleOf(row), 'label') + inset;
  if (density === 'compact') return Math.max(60, label);
  return Math.max(120, label, row.kind === 'task' ? widthOfText(lineOf(row), 'code') + 2 * inset : 190);
}

/** A box, and what draws its state anew. */
export interface Box {
  readonly node: SVGGElement;
  readonly refresh: (states: StatesOf) => void;
}

/** Makes the box of a row at its place. */
export function makeBox(row: Row, box: ReturnType<Placed['box']>, density: Density): Box {
  const [x, y] = [box.x - box.width / 2, box.y - box.height / 2];
  const top = density === 'compact' ? 5 : 6;
  const quiet = { 'aria-hidden': 'true' };
  const letter = svgElement('text', { class: 'cw-letter', attributes: { x: inset + sign / 2, y: top + 13, ...quiet } });
  const below = svgElement('text', { class: 'cw-line', attributes: { x: inset, y: 37, ...quiet } });
  const hint = svgElement('title');
  const outline = { width: box.width.toFixed(1), height: box.height, rx: row.kind === 'task' ? 6 : 14 };
  const node = svgElement(
    'g',
    { attributes: { role: 'button', tabindex: -1, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` } },
    [
      hint,
      svgElement('rect', { class: 'cw-edge', attributes: outline }),
      svgElement('rect', { class: 'cw-sign', attributes: { x: inset, y: top, width: sign, height: sign, rx: 4 } }),
      letter,
      svgElement('text', { text: titleOf(row), attributes: { x: inset + sign + 6, y: top + 14, ...quiet } }),
      ...(density === 'compact' ? [] : [below]),
    ],
  );
  if (row.kind === 'section') setAttributes(node, { 'aria-expanded': 'false' });
  const kept = ['cw-chosen', 'cw-lost'];
  const refresh = (states: StatesOf): void => {
    const own = row.kind === 'task' ? states.of(row.id) : undefined;
    const state = row.kind === 'task' ? (own?.state ?? 'unknown') : stateOfSection(row.section.all, states);
    const classes = ['cw-node', `cw-is-${state}`, ...kept.filter((name) => node.classList.contains(name))];
    node.setAttribute('class', classes.join(' '));
    letter.textContent = stateWords[state].letter;
    below.textContent = row.kind === 'task' ? lineOf(row) : summaryOf(row.section.all, states);
    const why = own?.why ?? '';
    hint.textContent = [nameOfRow(row, states), why].filter((text) => text !== '').join(': ');
  };
  return { node, refresh };
}

function titleOf(row: Row): string {
  const label = row.kind === 'task' ? row.task.label : row.section.title;
  return `${row.kind === 'task' ? `[${row.task.number}]` : '▸'} ${cut(label, longestLabel)}`;
}

function lineOf(row: Extract<Row, { kind: 'task' }>): string {
  return cut(row.task.firstLine, longestLine);
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

function summaryOf(cells: readonly string[], states: StatesOf): string {
  const counts = countStates(cells, states).map(([name, count]) => `${count}${stateWords[name].letter}`);
  return `${cells.length === 1 ? '1 cell' : `${cells.length} cells`}  ${counts.join(' ')}`;
}
