import { element, setAttributes, svgElement } from './element.ts';
import { countStates, nameOfRow, neighboursOf, type Picture, type PictureListener, type StatesOf } from './picture.ts';
import { placeInLanes, type Mark, type Rail } from './rail-layout.ts';
import { sayDuration, stateWords } from './state-words.ts';
import type { Row, Shown } from './visible-rows.ts';

const taskHeight = 40;
const headingHeight = 28;
/** Lanes get closer to each other when there are many; the rail is never wider than this, and takes no more than this share of the view. */
const widest = 104;
const largestShare = 0.24;
const roomiest = 11;
/** A view that was never seen has no width; then it is taken for this one. */
const usualWidth = 320;

interface Drawn {
  readonly row: Row;
  readonly element: HTMLElement;
  readonly refresh: (states: StatesOf) => void;
}

/** The cells in the notebook's own order, with lanes beside them from where a result is made to where it is used. */
export class RailView implements Picture {
  readonly element: HTMLElement;
  readonly #listener: PictureListener;
  #drawn: readonly Drawn[] = [];
  #byId: ReadonlyMap<string, Drawn> = new Map();
  #shown: Shown | undefined;
  #chosen: string | undefined;
  #states: StatesOf | undefined;
  #found: ReadonlySet<string> | undefined;
  #width = 0;

  constructor(listener: PictureListener) {
    this.#listener = listener;
    this.element = element('div', {
      class: 'cw-rail',
      attributes: { role: 'tree', 'aria-label': 'Cells in the order of the notebook' },
      on: {
        keydown: (event) => this.#press(event as KeyboardEvent),
        pointerleave: () => listener.onPoint(undefined),
        focusout: (event) => {
          if (!this.element.contains((event as FocusEvent).relatedTarget as Node | null)) listener.onPoint(undefined);
        },
      },
    });
    new ResizeObserver(([entry]) => this.#resized(entry?.contentRect.width ?? 0)).observe(this.element);
  }

  draw(shown: Shown, states: StatesOf): void {
    const hadFocus = this.element.contains(document.activeElement);
    const rail = placeInLanes(
      shown.rows.map(({ id }) => id),
      shown.arrows,
    );
    this.#shown = shown;
    this.#drawn = shown.rows.map((row, place) => this.#makeRow(row, { place, rail, shown }));
    this.#byId = new Map(this.#drawn.map((drawn) => [drawn.row.id, drawn]));
    this.element.replaceChildren(...this.#drawn.map((drawn) => drawn.element));
    this.refresh(states);
    this.choose(this.#chosen, { focus: hadFocus });
  }

  refresh(states: StatesOf): void {
    this.#states = states;
    for (const { refresh } of this.#drawn) refresh(states);
  }

  mark(id: string | undefined): void {
    this.element.classList.toggle('cw-marked', id !== undefined);
    const { takes, gives } = id === undefined || this.#shown === undefined ? nobody : neighboursOf(this.#shown, id);
    for (const { row, element: own } of this.#drawn) {
      own.classList.toggle('cw-gives', takes.has(row.id));
      own.classList.toggle('cw-takes', gives.has(row.id));
    }
    for (const line of this.element.querySelectorAll('.cw-lane')) {
      const [maker, reader] = [line.getAttribute('data-maker') ?? '', line.getAttribute('data-reader')];
      const isOn = maker === id || (takes.has(maker) && (reader === id || reader === null));
      line.classList.toggle('cw-on', isOn);
    }
  }

  choose(id: string | undefined, { focus }: { readonly focus: boolean }): void {
    const before = this.#byId.get(this.#chosen ?? '');
    if (before !== undefined) setAttributes(before.element, { tabindex: -1, 'aria-selected': 'false' });
    this.#chosen = id;
    const now = this.#byId.get(id ?? '');
    setAttributes((now ?? this.#drawn[0])?.element ?? this.element, { tabindex: 0 });
    if (now === undefined) return;
    setAttributes(now.element, { 'aria-selected': 'true' });
    now.element.scrollIntoView({ block: 'nearest' });
    if (focus) now.element.focus();
  }

  find(rows: ReadonlySet<string> | undefined): void {
    this.#found = rows;
    for (const { row, element: own } of this.#drawn)
      own.classList.toggle('cw-lost', rows !== undefined && !rows.has(row.id));
  }

  #makeRow(row: Row, at: { readonly place: number; readonly rail: Rail; readonly shown: Shown }): Drawn {
    const siblings = at.shown.rows.length;
    const own = element('div', {
      class: row.kind === 'section' ? 'cw-row cw-heading' : 'cw-row',
      attributes: {
        role: 'treeitem',
        tabindex: -1,
        'aria-level': row.depth,
        'aria-posinset': at.place + 1,
        'aria-setsize': siblings,
        'aria-selected': 'false',
        'aria-expanded': row.kind === 'section' ? String(!row.isFolded) : undefined,
      },
      on: {
        click: () => {
          this.#listener.onChoose(row.id);
          this.#listener.onOpen(row.id);
        },
        pointerenter: () => this.#listener.onPoint(row.id),
        focus: () => this.#listener.onPoint(row.id),
      },
    });
    const height = row.kind === 'section' ? headingHeight : taskHeight;
    const lanes = drawLanes(at.rail, at.place, { height, room: this.#room() });
    const name = element('span', { class: 'cw-hidden' });
    own.append(name);
    const refresh = row.kind === 'section' ? fillHeading(own, lanes, row) : fillTask(own, lanes, row);
    return {
      row,
      element: own,
      refresh: (states) => {
        name.textContent = nameOfRow(row, states);
        refresh(states);
      },
    };
  }

  #press(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = this.#drawn.findIndex(({ element: own }) => own === document.activeElement);
    const current = this.#drawn[at];
    const go = (to: number): void => {
      const found = this.#drawn[Math.max(0, Math.min(this.#drawn.length - 1, to))];
      if (found !== undefined) {
        this.choose(found.row.id, { focus: true });
        this.#listener.onChoose(found.row.id);
      }
    };
    switch (event.key) {
      case 'ArrowDown':
        go(at + 1);
        break;
      case 'ArrowUp':
        go(at - 1);
        break;
      case 'Home':
        go(0);
        break;
      case 'End':
        go(this.#drawn.length - 1);
        break;
      case 'ArrowLeft':
        if (current?.row.kind === 'section' && !current.row.isFolded) this.#listener.onFold(current.row.id, true);
        else go(this.#parentOf(at));
        break;
      case 'ArrowRight':
        if (current?.row.kind === 'section' && current.row.isFolded) this.#listener.onFold(current.row.id, false);
        else if (current?.row.kind === 'section') go(at + 1);
        break;
      case 'Enter':
      case ' ':
        if (current !== undefined) this.#listener.onOpen(current.row.id);
        break;
      case '/':
        this.#listener.onSearch();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** How wide all lanes together may be, in pixels. */
  #room(): number {
    return Math.min(widest, largestShare * (this.#width === 0 ? usualWidth : this.#width));
  }

  /** The view got wider or narrower: lanes take their share of it. */
  #resized(width: number): void {
    const before = this.#room();
    this.#width = width;
    if (this.#room() !== before && this.#shown !== undefined && this.#states !== undefined) {
      this.draw(this.#shown, this.#states);
      this.find(this.#found);
    }
  }

  #parentOf(at: number): number {
    const depth = this.#drawn[at]?.row.depth ?? 1;
    const above = this.#drawn.slice(0, at).findLastIndex(({ row }) => row.depth < depth);
    return above < 0 ? at : above;
  }
}

/** The name of a row says it all, in words. */
const hidden = { 'aria-hidden': 'true' };

const nobody = { takes: new Set<string>(), gives: new Set<string>() };

function fillHeading(
  own: HTMLElement,
  lanes: SVGElement,
  row: Extract<Row, { kind: 'section' }>,
): (states: StatesOf) => void {
  const counts = element('span', { class: 'cw-counts', attributes: hidden });
  const { title } = row.section;
  own.append(
    lanes,
    element('span', { class: 'cw-folder', text: row.isFolded ? '▸' : '▾', attributes: hidden }),
    element('span', { class: 'cw-what cw-name', attributes: { title, 'aria-hidden': 'true' } }, [title]),
    counts,
  );
  return (states) => {
    const shown = row.isFolded ? countStates(row.section.all, states) : [];
    counts.replaceChildren(
      ...shown.map(([name, count]) =>
        element('span', {
          class: `cw-chip cw-is-${name}`,
          text: `${stateWords[name].letter}${count}`,
          attributes: { style: undefined },
        }),
      ),
    );
    for (const chip of counts.children) (chip as HTMLElement).style.width = 'auto';
  };
}

function fillTask(
  own: HTMLElement,
  lanes: SVGElement,
  { task }: Extract<Row, { kind: 'task' }>,
): (states: StatesOf) => void {
  const chip = element('span', { class: 'cw-chip', attributes: hidden });
  const flag = element('span', { class: 'cw-flag', attributes: hidden });
  const time = element('span', { class: 'cw-time', attributes: hidden });
  own.append(
    lanes,
    chip,
    element('span', { class: 'cw-number', text: task.number === 0 ? '' : String(task.number), attributes: hidden }),
    element('span', { class: 'cw-what', attributes: hidden }, [
      element('div', { class: 'cw-name', text: task.label }),
      element('div', { class: 'cw-line', text: task.firstLine }),
    ]),
    flag,
    time,
  );
  return (states) => {
    const state = states.of(task.id);
    if (state === undefined) return;
    chip.className = `cw-chip cw-is-${state.state}`;
    chip.textContent = state.letter;
    const problem = state.diagnostics.find(({ severity }) => severity !== 'info');
    flag.textContent = problem === undefined ? '' : '!';
    const since = state.state === 'running' ? states.since(task.id) : undefined;
    const seconds = since === undefined ? state.seconds : (Date.now() - since) / 1000;
    time.textContent = seconds === undefined ? '' : sayDuration(seconds);
    own.title = [`${state.words}${state.why === '' ? '' : `: ${state.why}`}`, problem?.message ?? '']
      .filter((line) => line !== '')
      .join('\n');
  };
}

function drawLanes(
  rail: Rail,
  place: number,
  { height, room }: { readonly height: number; readonly room: number },
): SVGElement {
  const step = Math.min(roomiest, room / Math.max(1, rail.lanes));
  const width = Math.max(1, rail.lanes) * step + 8;
  const x = (lane: number): number => 7 + lane * step + 1;
  const marks = rail.rows[place] ?? [];
  const next = new Set(
    (rail.rows[place + 1] ?? []).flatMap(({ lane, maker, kind }) => (kind === 'make' ? [] : [`${lane} ${maker}`])),
  );
  const goesOn = ({ lane, maker }: Mark): boolean => next.has(`${lane} ${maker}`);
  const own = marks.find(({ kind }) => kind === 'make');
  const line = (mark: Mark, d: string, reader?: string): SVGElement =>
    svgElement('path', {
      class: `cw-lane cw-lane-${mark.lane % 6}`,
      attributes: { d, 'data-maker': mark.maker, 'data-reader': reader },
    });
  const middle = height / 2;
  const lines = marks.flatMap((mark): SVGElement[] => {
    const at = x(mark.lane);
    if (mark.kind === 'make') return goesOn(mark) ? [line(mark, `M${at} ${middle}V${height}`)] : [];
    const through = goesOn(mark) ? [line(mark, `M${at} 0V${height}`)] : [];
    if (mark.kind === 'pass' || own === undefined) return through;
    const to = x(own.lane);
    const bend = `M${at} 0C${at} ${middle * 0.8} ${to} ${middle * 0.2} ${to} ${middle}`;
    return [...through, line(mark, bend, own.maker)];
  });
  const isTask =
    height === taskHeight || (own !== undefined && (goesOn(own) || marks.some(({ kind }) => kind === 'read')));
  const dot =
    own === undefined || !isTask
      ? []
      : [
          svgElement('circle', {
            class: `cw-lane-${own.lane % 6}`,
            attributes: { cx: x(own.lane), cy: middle, r: 4 },
          }),
        ];
  return svgElement(
    'svg',
    { class: 'cw-lanes', attributes: { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' } },
    [...lines, ...dot],
  );
}
