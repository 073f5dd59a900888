import { button, element, setAttributes, svgElement } from './element.ts';
import { pathThrough, withoutShortcuts } from './graph-edges.ts';
import { placeSketch, type Placed, type Point } from './graph-layout.ts';
import {
  countStates,
  nameOfRow,
  neighboursOf,
  stateOfSection,
  type Picture,
  type PictureListener,
  type StatesOf,
} from './picture.ts';
import type { Arrow } from './pipeline.ts';
import { stateWords } from './state-words.ts';
import type { Row, Shown } from './visible-rows.ts';

const boxHeight = 46;
const margin = 16;
const longest = 26;
const smallestFit = 0.5;

interface Drawn {
  readonly row: Row;
  readonly node: SVGGElement;
  readonly place: Point & { readonly width: number };
  readonly refresh: (states: StatesOf) => void;
}

/** The cells as boxes in layers, each below what it needs. */
export class LayersView implements Picture {
  readonly element: HTMLElement;
  readonly #listener: PictureListener;
  readonly #onZoom: (zoom: number) => void;
  readonly #canvas: HTMLElement;
  #svg: SVGSVGElement | undefined;
  #size = { width: 0, height: 0 };
  #zoom: number;
  #drawn: readonly Drawn[] = [];
  #byId: ReadonlyMap<string, Drawn> = new Map();
  #shown: Shown | undefined;
  #chosen: string | undefined;

  constructor(
    listener: PictureListener,
    { zoom, onZoom }: { readonly zoom: number; readonly onZoom: (zoom: number) => void },
  ) {
    this.#listener = listener;
    this.#zoom = zoom;
    this.#onZoom = onZoom;
    this.#canvas = element('div', {
      class: 'cw-scroll',
      attributes: { role: 'group', 'aria-label': 'Graph of the cells' },
    });
    const by = (factor: number) => (): void => this.#zoomTo(this.#zoom * factor);
    const tools = element(
      'div',
      { class: 'cw-tools', attributes: { role: 'group', 'aria-label': 'Size of the graph' } },
      [
        button({ label: 'Smaller', sign: '−' }, by(1 / 1.25)),
        button({ label: 'Larger', sign: '+' }, by(1.25)),
        button({ label: 'Fit' }, () => this.fit()),
        button({ label: '1:1' }, () => this.#zoomTo(1)),
      ],
    );
    this.element = element('div', { class: 'cw-layers cw-page' }, [tools, this.#canvas]);
    this.#canvas.addEventListener('keydown', (event) => this.#press(event));
    this.#canvas.addEventListener('pointerleave', () => listener.onPoint(undefined));
    this.#canvas.addEventListener('focusout', (event) => {
      if (!this.#canvas.contains(event.relatedTarget as Node | null)) listener.onPoint(undefined);
    });
    this.#canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
  }

  draw(shown: Shown, states: StatesOf): void {
    const hadFocus = this.#canvas.contains(document.activeElement);
    const arrows = withoutShortcuts(shown.arrows);
    const rows = shown.rows.filter((row) => isBox(row, states));
    const placed = placeSketch({
      boxes: rows.map((row) => ({ id: row.id, width: widthOf(row) })),
      arrows: arrows.map(({ from, to, labels }) => ({ from, to, label: 6.6 * labelOf(labels).length })),
      boxHeight,
      margin,
    });
    this.#shown = { ...shown, rows, arrows };
    this.#size = { width: placed.width, height: placed.height };
    this.#drawn = rows.map((row) => this.#makeNode(row, placed.box(row.id)));
    this.#byId = new Map(this.#drawn.map((drawn) => [drawn.row.id, drawn]));
    this.#svg = svgElement('svg', { attributes: { viewBox: `0 0 ${placed.width} ${placed.height}` } }, [
      arrowHead(),
      ...arrows.flatMap((arrow) => drawArrow(arrow, placed)),
      ...this.#drawn.map(({ node }) => node),
    ]);
    this.#canvas.replaceChildren(this.#svg);
    this.refresh(states);
    this.choose(this.#chosen, { focus: hadFocus });
  }

  refresh(states: StatesOf): void {
    for (const { refresh } of this.#drawn) refresh(states);
    this.#resize();
  }

  mark(id: string | undefined): void {
    this.element.classList.toggle('cw-marked', id !== undefined);
    const { takes, gives } = id === undefined || this.#shown === undefined ? nobody : neighboursOf(this.#shown, id);
    for (const { row, node } of this.#drawn) {
      node.classList.toggle('cw-far', id !== undefined && row.id !== id && !takes.has(row.id) && !gives.has(row.id));
    }
    for (const line of this.#canvas.querySelectorAll('[data-from]')) {
      line.classList.toggle('cw-on', line.getAttribute('data-from') === id || line.getAttribute('data-to') === id);
    }
  }

  choose(id: string | undefined, { focus }: { readonly focus: boolean }): void {
    const before = this.#byId.get(this.#chosen ?? '');
    before?.node.classList.remove('cw-chosen');
    for (const { node } of this.#drawn) setAttributes(node, { tabindex: -1 });
    this.#chosen = id;
    const now = this.#byId.get(id ?? '');
    setAttributes((now ?? this.#drawn[0])?.node ?? this.element, { tabindex: 0 });
    if (now === undefined) return;
    now.node.classList.add('cw-chosen');
    this.#bringIntoView(now);
    if (focus) now.node.focus({ preventScroll: true });
  }

  find(rows: ReadonlySet<string> | undefined): void {
    for (const { row, node } of this.#drawn) node.classList.toggle('cw-lost', rows !== undefined && !rows.has(row.id));
  }

  /** Makes the whole graph as large as fits, but not larger than its own size. */
  fit(): void {
    const { width, height } = this.#size;
    const room = { width: this.#canvas.clientWidth - 2, height: this.#canvas.clientHeight - 2 };
    if (room.width <= 0 || width <= 0) return;
    const [across, down] = [Math.min(1, room.width / width), Math.min(1, room.height / height)];
    // What is much longer than wide is scrolled rather than made too small to read.
    this.#zoomTo(Math.max(Math.min(across, down), Math.min(across, smallestFit)));
  }

  #zoomTo(zoom: number): void {
    this.#zoom = Math.max(0.15, Math.min(3, zoom));
    this.#resize();
    const chosen = this.#byId.get(this.#chosen ?? '');
    if (chosen !== undefined) this.#bringIntoView(chosen);
    this.#onZoom(this.#zoom);
  }

  #resize(): void {
    const { width, height } = this.#size;
    if (this.#svg === undefined) return;
    setAttributes(this.#svg, { width: width * this.#zoom, height: height * this.#zoom });
    // From afar only the number and the label can be read, and these only when they are larger.
    const isFar = this.#zoom < 0.6;
    const size = Math.min(30, 9.5 / this.#zoom);
    this.element.classList.toggle('cw-from-afar', isFar);
    this.element.style.setProperty('--cw-far-size', `${size.toFixed(1)}px`);
    if (!isFar) return;
    for (const { node, place } of this.#drawn) {
      const label = node.querySelector('.cw-far-label');
      const text = label?.getAttribute('data-text') ?? '';
      if (label !== null) label.textContent = shorten(text, (place.width - 20) / (size * 0.63));
    }
  }

  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.#zoomTo(this.#zoom * (event.deltaY > 0 ? 1 / 1.1 : 1.1));
  }

  #bringIntoView({ place }: Drawn): void {
    const zoom = this.#zoom;
    const room = this.#canvas;
    const [x, y] = [place.x * zoom, place.y * zoom];
    const half = { width: (place.width * zoom) / 2 + 12, height: (boxHeight * zoom) / 2 + 12 };
    const isSeen =
      x - half.width >= room.scrollLeft &&
      x + half.width <= room.scrollLeft + room.clientWidth &&
      y - half.height >= room.scrollTop &&
      y + half.height <= room.scrollTop + room.clientHeight;
    if (!isSeen) room.scrollTo({ left: x - room.clientWidth / 2, top: y - room.clientHeight / 2 });
  }

  #makeNode(row: Row, box: ReturnType<Placed['box']>): Drawn {
    const [x, y] = [box.x - box.width / 2, box.y - box.height / 2];
    const node = svgElement('g', {
      attributes: { role: 'button', tabindex: -1, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` },
      on: {
        click: () => {
          this.#listener.onChoose(row.id);
          this.#listener.onOpen(row.id);
        },
        pointerenter: () => this.#listener.onPoint(row.id),
        focus: () => this.#listener.onPoint(row.id),
      },
    });
    const letter = svgElement('text', {
      class: 'cw-letter cw-near',
      attributes: { x: 19, y: 19, 'aria-hidden': 'true' },
    });
    const below = svgElement('text', { class: 'cw-line cw-near', attributes: { x: 10, y: 37, 'aria-hidden': 'true' } });
    const far = svgElement('text', { class: 'cw-far-label', attributes: { x: 10, y: 32, 'aria-hidden': 'true' } });
    const hint = svgElement('title');
    const number = row.kind === 'task' ? `[${row.task.number}] ` : '▸ ';
    node.append(
      hint,
      svgElement('rect', {
        class: 'cw-edge',
        attributes: { width: box.width.toFixed(1), height: box.height, rx: row.kind === 'task' ? 6 : 14 },
      }),
      svgElement('rect', { class: 'cw-sign cw-near', attributes: { x: 10, y: 6, width: 18, height: 18, rx: 4 } }),
      letter,
      svgElement('text', {
        class: 'cw-near',
        text: `${number}${cut(labelOfRow(row))}`,
        attributes: { x: 34, y: 20, 'aria-hidden': 'true' },
      }),
      below,
      far,
    );
    const refresh = (states: StatesOf): void => {
      const state =
        row.kind === 'task' ? (states.of(row.id)?.state ?? 'unknown') : stateOfSection(row.section.all, states);
      const isChosen = node.classList.contains('cw-chosen');
      node.setAttribute(
        'class',
        `cw-node cw-is-${state}${isChosen ? ' cw-chosen' : ''}${node.classList.contains('cw-lost') ? ' cw-lost' : ''}`,
      );
      letter.textContent = stateWords[state].letter;
      setAttributes(far, {
        'data-text': `${stateWords[state].letter} ${row.kind === 'task' ? `${row.task.number} ` : ''}${labelOfRow(row)}`,
      });
      below.textContent = row.kind === 'task' ? cutCode(row.task.firstLine) : summaryOf(row.section.all, states);
      const why = row.kind === 'task' ? (states.of(row.id)?.why ?? '') : '';
      hint.textContent = [nameOfRow(row, states), why].filter((text) => text !== '').join(': ');
      if (row.kind === 'section') setAttributes(node, { 'aria-expanded': 'false' });
    };
    return { row, node, place: { x: box.x, y: box.y, width: box.width }, refresh };
  }

  #press(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const current = this.#drawn.find(({ node }) => node === document.activeElement);
    if (event.key === '/') this.#listener.onSearch();
    else if ((event.key === 'Enter' || event.key === ' ') && current !== undefined)
      this.#listener.onOpen(current.row.id);
    else {
      const to = this.#next(event.key, current);
      if (to === undefined) return;
      this.choose(to.row.id, { focus: true });
      this.#listener.onChoose(to.row.id);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Down and up go along arrows, left and right to the neighbour in the same layer. */
  #next(key: string, current: Drawn | undefined): Drawn | undefined {
    const [first, last] = [this.#drawn[0], this.#drawn.at(-1)];
    if (key === 'Home') return first;
    if (key === 'End') return last;
    if (current === undefined) return key.startsWith('Arrow') ? first : undefined;
    const { takes, gives } = this.#shown === undefined ? nobody : neighboursOf(this.#shown, current.row.id);
    const nearest = (ids: ReadonlySet<string>): Drawn | undefined =>
      this.#drawn
        .filter(({ row }) => ids.has(row.id))
        .sort((left, right) => Math.abs(left.place.x - current.place.x) - Math.abs(right.place.x - current.place.x))[0];
    const beside = (direction: 1 | -1): Drawn | undefined =>
      this.#drawn
        .filter(
          ({ place }) => Math.abs(place.y - current.place.y) < boxHeight && direction * (place.x - current.place.x) > 1,
        )
        .sort((left, right) => direction * (left.place.x - right.place.x))[0];
    const at = this.#drawn.indexOf(current);
    if (key === 'ArrowDown') return nearest(gives) ?? this.#drawn[at + 1] ?? current;
    if (key === 'ArrowUp') return nearest(takes) ?? this.#drawn[at - 1] ?? current;
    if (key === 'ArrowRight') return beside(1) ?? current;
    if (key === 'ArrowLeft') return beside(-1) ?? current;
    return undefined;
  }
}

const nobody = { takes: new Set<string>(), gives: new Set<string>() };

/** Headings that are not folded, and cells that are never executed, are no boxes. */
function isBox(row: Row, states: StatesOf): boolean {
  return row.kind === 'section' ? row.isFolded : (states.of(row.id)?.number ?? row.task.number) > 0;
}

function labelOfRow(row: Row): string {
  return row.kind === 'task' ? row.task.label : row.section.title;
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** As many characters as there is room for. */
function shorten(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, Math.max(1, Math.floor(room) - 1))}…` : text;
}

function cutCode(text: string): string {
  return text.length > longest + 4 ? `${text.slice(0, longest + 3)}…` : text;
}

function widthOf(row: Row): number {
  const title = 7.2 * (cut(labelOfRow(row)).length + 5) + 44;
  return Math.max(120, title, row.kind === 'task' ? 6.8 * cutCode(row.task.firstLine).length + 20 : 190);
}

function summaryOf(cells: readonly string[], states: StatesOf): string {
  const counts = countStates(cells, states).map(([name, count]) => `${count}${stateWords[name].letter}`);
  return `${cells.length === 1 ? '1 cell' : `${cells.length} cells`}  ${counts.join(' ')}`;
}

/** The first name that an arrow carries, and how many more. */
function labelOf([first = '', ...more]: readonly string[]): string {
  const name = first.length > 18 ? `${first.slice(0, 17)}…` : first;
  return more.length === 0 ? name : `${name} +${more.length}`;
}

function drawArrow(arrow: Arrow, placed: Placed): SVGElement[] {
  const d = pathThrough(placed.way(arrow));
  if (d === '') return [];
  const ends = { 'data-from': arrow.from, 'data-to': arrow.to };
  const way = svgElement('path', { class: 'cw-arrow', attributes: { d, 'marker-end': 'url(#cw-head)', ...ends } });
  const at = placed.label(arrow);
  if (at === undefined) return [way];
  const label = svgElement('text', {
    class: 'cw-carries',
    text: labelOf(arrow.labels),
    attributes: { x: at.x.toFixed(1), y: (at.y + 4).toFixed(1), 'aria-hidden': 'true', ...ends },
  });
  return [way, label];
}

function arrowHead(): SVGElement {
  const head = svgElement('path', { class: 'cw-head', attributes: { d: 'M0 0 8 4 0 8z' } });
  const marker = svgElement(
    'marker',
    {
      attributes: {
        id: 'cw-head',
        viewBox: '0 0 8 8',
        refX: 7,
        refY: 4,
        markerWidth: 7,
        markerHeight: 7,
        orient: 'auto',
      },
    },
    [head],
  );
  return svgElement('defs', {}, [marker]);
}
