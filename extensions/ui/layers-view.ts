import { button, element, setAttributes, svgElement } from './element.ts';
import { arrowLabel, pathThrough, withoutShortcuts } from './graph-edges.ts';
import { placeSketch, type Placed, type Point } from './graph-layout.ts';
import { boxHeights, makeBox, widthOfBox, widthOfText, type Box, type Density } from './layers-node.ts';
import { neighboursOf, type Picture, type PictureListener, type StatesOf } from './picture.ts';
import type { Arrow } from './pipeline.ts';
import type { Row, Shown } from './visible-rows.ts';

const margin = 12;
/** What does not fit at this size says less in each box; and what still does not fit is scrolled. */
const smallestRoomy = 0.85;
const smallestCompact = 0.72;

interface Drawn extends Box {
  readonly row: Row;
  readonly place: Point & { readonly width: number };
}

/** The cells as boxes in layers, each below what it needs. */
export class LayersView implements Picture {
  readonly element: HTMLElement;
  readonly #listener: PictureListener;
  readonly #onZoom: (zoom: number) => void;
  readonly #canvas: HTMLElement;
  #svg: SVGSVGElement | undefined;
  #size = { width: 0, height: 0 };
  /** 0: as large as fits. */
  #asked: number;
  #zoom = 1;
  #density: Density = 'roomy';
  #states: StatesOf | undefined;
  #found: ReadonlySet<string> | undefined;
  #drawn: readonly Drawn[] = [];
  #byId: ReadonlyMap<string, Drawn> = new Map();
  #shown: Shown | undefined;
  #chosen: string | undefined;

  constructor(
    listener: PictureListener,
    { zoom, onZoom }: { readonly zoom: number; readonly onZoom: (zoom: number) => void },
  ) {
    this.#listener = listener;
    this.#asked = zoom;
    this.#onZoom = onZoom;
    this.#canvas = element('div', {
      class: 'cw-scroll',
      attributes: { role: 'group', 'aria-label': 'Graph of the cells' },
    });
    const by = (factor: number) => (): void => this.#ask(this.#zoom * factor);
    const tools = element(
      'div',
      { class: 'cw-tools', attributes: { role: 'group', 'aria-label': 'Size of the graph' } },
      [
        button({ label: 'Smaller', sign: '−' }, by(1 / 1.25)),
        button({ label: 'Larger', sign: '+' }, by(1.25)),
        button({ label: 'Fit' }, () => this.#ask(0)),
        button({ label: '1:1' }, () => this.#ask(1)),
      ],
    );
    this.element = element('div', { class: 'cw-layers cw-page' }, [tools, this.#canvas]);
    this.#canvas.addEventListener('keydown', (event) => this.#press(event));
    this.#canvas.addEventListener('pointerleave', () => listener.onPoint(undefined));
    this.#canvas.addEventListener('focusout', (event) => {
      if (!this.#canvas.contains(event.relatedTarget as Node | null)) listener.onPoint(undefined);
    });
    this.#canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    new ResizeObserver(() => this.#resized()).observe(this.#canvas);
  }

  draw(shown: Shown, states: StatesOf): void {
    this.#shown = shown;
    this.#states = states;
    this.#place();
  }

  refresh(states: StatesOf): void {
    this.#states = states;
    for (const { refresh } of this.#drawn) refresh(states);
  }

  mark(id: string | undefined): void {
    this.element.classList.toggle('cw-marked', id !== undefined);
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
    this.#found = rows;
    for (const { row, node } of this.#drawn) node.classList.toggle('cw-lost', rows !== undefined && !rows.has(row.id));
  }

  /** Lays the boxes out: as they are when there is room for that, else so that each says less. */
  #place(): void {
    const shown = this.#shown;
    if (shown === undefined || this.#states === undefined) return;
    const states = this.#states;
    const rows = shown.rows.filter((row) => isBox(row, states));
    const arrows = withoutShortcuts(shown.arrows);
    this.#density = 'roomy';
    let placed = sketch(rows, arrows, this.#density);
    const room = this.#canvas.clientWidth - 2;
    if (this.#asked === 0 && room > 0 && placed.width * smallestRoomy > room) {
      this.#density = 'compact';
      placed = sketch(rows, arrows, this.#density);
    }
    this.#drawPlaced(placed, { rows, arrows });
  }

  #drawPlaced(
    placed: Placed,
    { rows, arrows }: { readonly rows: readonly Row[]; readonly arrows: readonly Arrow[] },
  ): void {
    const hadFocus = this.#canvas.contains(document.activeElement);
    this.#size = { width: placed.width, height: placed.height };
    this.#drawn = rows.map((row) => this.#makeNode(row, placed.box(row.id)));
    this.#byId = new Map(this.#drawn.map((drawn) => [drawn.row.id, drawn]));
    this.#svg = svgElement('svg', { attributes: { viewBox: `0 0 ${placed.width} ${placed.height}` } }, [
      arrowHead(),
      ...arrows.flatMap((arrow) => drawArrow(arrow, placed, this.#density)),
      ...this.#drawn.map(({ node }) => node),
    ]);
    this.#canvas.replaceChildren(this.#svg);
    if (this.#states !== undefined) this.refresh(this.#states);
    this.#resize();
    this.choose(this.#chosen, { focus: hadFocus });
    this.find(this.#found);
  }

  /** @param zoom 0: as large as fits */
  #ask(zoom: number): void {
    const isOther = (zoom === 0) !== (this.#asked === 0) && (zoom === 0 || zoom === 1);
    this.#asked = zoom === 0 ? 0 : Math.max(0.15, Math.min(3, zoom));
    if (isOther) this.#place();
    else this.#resize();
    const chosen = this.#byId.get(this.#chosen ?? '');
    if (chosen !== undefined) this.#bringIntoView(chosen);
    this.#onZoom(this.#asked);
  }

  #resized(): void {
    if (this.#asked !== 0 || this.#canvas.clientWidth === 0) return;
    const fits = this.#size.width * smallestRoomy <= this.#canvas.clientWidth - 2;
    if (fits === (this.#density === 'roomy')) this.#resize();
    else this.#place();
  }

  #resize(): void {
    const { width, height } = this.#size;
    if (this.#svg === undefined) return;
    this.#zoom = this.#asked === 0 ? this.#fitting() : this.#asked;
    setAttributes(this.#svg, { width: width * this.#zoom, height: height * this.#zoom });
  }

  /** As large as fits, not larger than its own size, and not too small to be read. */
  #fitting(): number {
    const { width, height } = this.#size;
    const room = { width: this.#canvas.clientWidth - 2, height: this.#canvas.clientHeight - 2 };
    if (room.width <= 0 || width <= 0) return 1;
    const [across, down] = [Math.min(1, room.width / width), Math.min(1, room.height / height)];
    return Math.max(Math.min(across, down), this.#density === 'compact' ? smallestCompact : smallestRoomy);
  }

  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.#ask(this.#zoom * (event.deltaY > 0 ? 1 / 1.1 : 1.1));
  }

  #bringIntoView({ place }: Drawn): void {
    const zoom = this.#zoom;
    const room = this.#canvas;
    const [x, y] = [place.x * zoom, place.y * zoom];
    const half = { width: (place.width * zoom) / 2 + 12, height: (boxHeights[this.#density] * zoom) / 2 + 12 };
    const isSeen =
      x - half.width >= room.scrollLeft &&
      x + half.width <= room.scrollLeft + room.clientWidth &&
      y - half.height >= room.scrollTop &&
      y + half.height <= room.scrollTop + room.clientHeight;
    if (!isSeen) room.scrollTo({ left: x - room.clientWidth / 2, top: y - room.clientHeight / 2 });
  }

  #makeNode(row: Row, box: ReturnType<Placed['box']>): Drawn {
    const made = makeBox(row, box, this.#density);
    made.node.addEventListener('click', () => {
      this.#listener.onChoose(row.id);
      this.#listener.onOpen(row.id);
    });
    made.node.addEventListener('pointerenter', () => this.#listener.onPoint(row.id));
    made.node.addEventListener('focus', () => this.#listener.onPoint(row.id));
    return { ...made, row, place: { x: box.x, y: box.y, width: box.width } };
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
          ({ place }) =>
            Math.abs(place.y - current.place.y) < boxHeights[this.#density] &&
            direction * (place.x - current.place.x) > 1,
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

function sketch(rows: readonly Row[], arrows: readonly Arrow[], density: Density): Placed {
  const isCompact = density === 'compact';
  return placeSketch({
    boxes: rows.map((row) => ({ id: row.id, width: widthOfBox(row, density) })),
    arrows: arrows.map(({ from, to, labels }) => ({
      ...{ from, to },
      label: isCompact ? 0 : widthOfText(arrowLabel(labels), 'code'),
    })),
    boxHeight: boxHeights[density],
    margin,
    gap: isCompact ? 10 : 20,
  });
}

function drawArrow(arrow: Arrow, placed: Placed, density: Density): SVGElement[] {
  const d = pathThrough(placed.way(arrow));
  if (d === '') return [];
  const ends = { 'data-from': arrow.from, 'data-to': arrow.to };
  const way = svgElement('path', { class: 'cw-arrow', attributes: { d, 'marker-end': 'url(#cw-head)', ...ends } });
  const at = placed.label(arrow);
  if (at === undefined || density === 'compact') return [way];
  const label = svgElement('text', {
    class: 'cw-carries',
    text: arrowLabel(arrow.labels),
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
