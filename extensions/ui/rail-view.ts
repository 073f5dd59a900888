import { element, setAttributes } from './element.ts';
import { countStates, nameOfRow, neighboursOf, type Picture, type PictureListener, type StatesOf } from './picture.ts';
import { placeInLanes } from './rail-layout.ts';
import { drawLines, widthOfLanes } from './rail-lines.ts';
import { sayDuration, stateWords } from './state-words.ts';
import type { Row, Shown } from './visible-rows.ts';

const taskHeight = 40;
const headingHeight = 28;
const railPadding = 2;
/** Lanes get closer to each other when there are many; the rail is never wider than this, and takes no more than this share of the view. */
const widest = 104;
const largestShare = 0.2;
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
  #lines: SVGSVGElement | undefined;
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
    const step = Math.min(roomiest, this.#room() / Math.max(1, rail.lanes));
    const places = placesOf(shown.rows);
    this.#shown = shown;
    const before = this.#byId;
    this.#drawn = shown.rows.map((row) => reusable(before.get(row.id), row) ?? this.#makeRow(row));
    for (const [place, { element: own }] of this.#drawn.entries())
      setAttributes(own, { 'aria-posinset': place + 1, 'aria-setsize': this.#drawn.length });
    this.#byId = new Map(this.#drawn.map((drawn) => [drawn.row.id, drawn]));
    this.#lines = drawLines(rail, { rows: places, step });
    this.element.style.setProperty('--cw-lanes', `${widthOfLanes(rail, step).toFixed(1)}px`);
    this.element.replaceChildren(this.#lines, ...this.#drawn.map((drawn) => drawn.element));
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
    for (const line of this.#lines?.querySelectorAll('.cw-lane') ?? []) {
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

  #makeRow(row: Row): Drawn {
    const own = element('div', {
      class: row.kind === 'section' ? 'cw-row cw-heading' : 'cw-row',
      attributes: {
        role: 'treeitem',
        tabindex: -1,
        'aria-level': row.depth,
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
    const name = element('span', { class: 'cw-hidden' });
    own.append(name);
    const refresh = row.kind === 'section' ? fillHeading(own, row) : fillTask(own, row);
    return {
      row,
      element: own,
      refresh: (states) => {
        setText(name, nameOfRow(row, states));
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

function fillHeading(own: HTMLElement, row: Extract<Row, { kind: 'section' }>): (states: StatesOf) => void {
  const counts = element('span', { class: 'cw-counts', attributes: hidden });
  const { title } = row.section;
  own.append(
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

function fillTask(own: HTMLElement, { task }: Extract<Row, { kind: 'task' }>): (states: StatesOf) => void {
  const chip = element('span', { class: 'cw-chip', attributes: hidden });
  const flag = element('span', { class: 'cw-flag', attributes: hidden });
  const time = element('span', { class: 'cw-time', attributes: hidden });
  own.append(
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
    setText(chip, state.letter);
    const problem = state.diagnostics.find(({ severity }) => severity !== 'info');
    setText(flag, problem === undefined ? '' : '!');
    const since = state.state === 'running' ? states.since(task.id) : undefined;
    const seconds = since === undefined ? state.seconds : (Date.now() - since) / 1000;
    setText(time, seconds === undefined ? '' : sayDuration(seconds));
    own.title = [`${state.words}${state.why === '' ? '' : `: ${state.why}`}`, problem?.message ?? '']
      .filter((line) => line !== '')
      .join('\n');
  };
}

/** Rows are as high as the style says, so that the lines beside them need not ask. */
function placesOf(rows: readonly Row[]): Parameters<typeof drawLines>[1]['rows'] {
  let top = railPadding;
  return rows.map(({ kind }) => {
    const place = { top, height: kind === 'section' ? headingHeight : taskHeight, isCell: kind === 'task' };
    top += place.height;
    return place;
  });
}

/** A row that says the same as before stays: most of a notebook does while somebody types. */
function reusable(before: Drawn | undefined, row: Row): Drawn | undefined {
  if (before === undefined || keyOf(before.row) !== keyOf(row)) return undefined;
  return row.kind === 'task' ? before : undefined;
}

function keyOf(row: Row): string {
  if (row.kind === 'section') return '';
  const { label, number, firstLine } = row.task;
  return [row.kind, row.depth, number, label, firstLine].join('\n');
}

function setText(of: HTMLElement, text: string): void {
  if (of.textContent !== text) of.textContent = text;
}
