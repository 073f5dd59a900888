import type { Cell } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CellState, Panel } from '../../ui/panel.ts';
import { messageElement, messagesOf, type CellActions } from './cell-messages.ts';
import type { NotebookHost } from './notebook-host.ts';
import type { LiveSettings } from './settings.ts';

export interface MarkedNotebook {
  readonly notebook: Notebook;
  readonly panel: Panel;
  readonly host: NotebookHost;
  readonly settings: LiveSettings;
  readonly trans: TranslationBundle;
}

const mark = 'cellwright-mark';
const messages = 'cellwright-messages';

/** Draws at each cell what a run would do with it or has done, and under it what is to be said of it. */
export class CellMarks {
  readonly #of: MarkedNotebook;
  readonly #ends: readonly (() => void)[];
  /** What is drawn, by cell widget, so that only what changed is drawn again. */
  readonly #drawn = new Map<Cell, string>();
  readonly #actions: CellActions;
  #isAsked = false;
  #isDisposed = false;

  constructor(of: MarkedNotebook) {
    this.#of = of;
    this.#actions = {
      applyEdit: (edit) => of.host.applyEdit(edit),
      runCell: (cell) => void of.panel.runCell(cell),
      goTo: (cell) => of.host.goTo(cell),
      debugCell: (cell) => void of.panel.debugCell(cell),
    };
    const draw = (): void => this.#drawSoon();
    this.#ends = [of.panel.cells.onChange(draw), of.settings.onChange(draw)];
    of.notebook.modelContentChanged.connect(draw, this);
    // A cell gets its own parts when it is first scrolled to; what is said of it stands below them.
    of.notebook.cellInViewportChanged.connect(draw, this);
    draw();
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const end of this.#ends) end();
    if (this.#of.notebook.isDisposed) return;
    for (const cell of this.#of.notebook.widgets) erase(cell);
  }

  /** Many cells change at once when a run goes on; they are drawn together. */
  #drawSoon(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      if (!this.#isDisposed && !this.#of.notebook.isDisposed) this.#draw();
    });
  }

  #draw(): void {
    const { panel, notebook } = this.#of;
    const states = new Map(panel.cells.all().map((state) => [state.index, state]));
    for (const [index, cell] of notebook.widgets.entries()) {
      const state = states.get(index);
      if (state === undefined) erase(cell);
      else this.#drawCell(cell, state);
    }
    for (const cell of this.#drawn.keys()) if (cell.isDisposed) this.#drawn.delete(cell);
  }

  #drawCell(cell: Cell, found: CellState): void {
    const { settings, trans } = this.#of;
    // What is said of a text that is no longer there is not said of the new one.
    const isOld = cell.model.sharedModel.getSource() !== found.source;
    const state: CellState = isOld ? { ...found, stale: true, diagnostics: [] } : found;
    const told = settings.current.messages ? messagesOf(state, this.#actions, trans) : [];
    const shown = settings.current.marks ? state : undefined;
    const now = JSON.stringify([shown?.state, shown?.letter, shown?.words, shown?.why, state.stale, state.task, told]);
    const [said] = cell.node.querySelectorAll(`:scope > .${messages}`);
    const isBelow = said === undefined || said === cell.node.lastElementChild;
    if (
      isBelow &&
      this.#drawn.get(cell) === now &&
      (cell.node.querySelector(`:scope > .${mark}`) !== null) === (shown !== undefined)
    )
      return;
    erase(cell);
    this.#drawn.set(cell, now);
    if (shown !== undefined) cell.node.append(markElement(shown, trans));
    if (told.length === 0) return;
    const box = document.createElement('div');
    box.className = messages;
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', trans.__('Pipeline: what is to be said of %1', state.label));
    box.append(...told.map(messageElement));
    cell.node.append(box);
  }
}

function erase(cell: Cell): void {
  for (const element of cell.node.querySelectorAll(`:scope > .${mark}, :scope > .${messages}`)) element.remove();
}

function markElement({ state, letter, words, why, stale, label }: CellState, trans: TranslationBundle): HTMLElement {
  const element = document.createElement('span');
  element.className = mark;
  element.dataset['state'] = state;
  if (stale) element.dataset['stale'] = '';
  element.textContent = letter;
  const edited = stale ? trans.__('edited since its last run') : '';
  const text = [`${label}: ${words}`, edited, why].filter((part) => part !== '').join('. ');
  element.title = text;
  element.setAttribute('role', 'img');
  element.setAttribute('aria-label', text);
  return element;
}
