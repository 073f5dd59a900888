import type { Range } from '../../compiler/bundle/diagnostic.ts';
import { element, setAttributes } from './element.ts';
import type { CellState } from './panel.ts';

/** The code cells of a notebook, to read: where there is no editor, the graph leads here. */
export class NotebookPane {
  readonly #onSelect: (cell: string) => void;
  readonly #heading: HTMLElement;
  readonly #said: HTMLElement;
  readonly #list: HTMLElement;
  #cells = new Map<string, { readonly element: HTMLElement; readonly source: string; readonly chip: HTMLElement }>();
  #key = '';

  constructor(place: HTMLElement, onSelect: (cell: string) => void) {
    this.#onSelect = onSelect;
    this.#heading = element('h1', { text: 'Notebook' });
    this.#said = element('p', { attributes: { role: 'status' } });
    this.#list = element('div');
    place.replaceChildren(this.#heading, this.#said, this.#list);
  }

  title(name: string): void {
    this.#heading.textContent = name;
  }

  tell(text: string): void {
    this.#said.textContent = text;
  }

  show(states: readonly CellState[]): void {
    const key = states.map(({ cell, source }) => `${cell}\n${source}`).join('\n');
    if (key !== this.#key) this.#draw(states);
    this.#key = key;
    for (const { cell, state, letter, words } of states) {
      const chip = this.#cells.get(cell)?.chip;
      if (chip === undefined) continue;
      chip.className = `cw-chip cw-is-${state}`;
      chip.textContent = letter;
      setAttributes(chip, { title: words, 'aria-label': words, role: 'img' });
    }
  }

  goTo(cell: string, range?: Range): void {
    const found = this.#cells.get(cell);
    if (found === undefined) return;
    for (const { element: own } of this.#cells.values()) own.classList.remove('cw-here');
    found.element.classList.add('cw-here');
    const pre = found.element.querySelector('pre');
    const text = pre?.firstChild;
    if (pre !== null && range !== undefined && text !== null && text !== undefined) select(text, found.source, range);
    found.element.scrollIntoView({ block: 'center' });
  }

  highlight(cells: readonly string[]): void {
    const marked = new Set(cells);
    for (const [cell, { element: own }] of this.#cells) own.classList.toggle('cw-near', marked.has(cell));
  }

  #draw(states: readonly CellState[]): void {
    this.#cells = new Map();
    const shown = states.map(({ cell, number, source }) => {
      const chip = element('span', { class: 'cw-chip' });
      const own = element(
        'section',
        {
          class: 'cw-cell',
          attributes: {
            'data-cell': cell,
            'aria-label': number === 0 ? 'Cell that is not executed' : `Cell ${number}`,
          },
          on: { click: () => this.#onSelect(cell) },
        },
        [
          element('div', { class: 'cw-in' }, [chip, element('span', { text: number === 0 ? '' : `[${number}]` })]),
          element('pre', {
            text: source,
            attributes: { tabindex: 0, role: 'group', 'aria-label': `Source of cell ${number}` },
          }),
        ],
      );
      this.#cells.set(cell, { element: own, source, chip });
      return own;
    });
    this.#list.replaceChildren(...shown);
  }
}

function select(text: Node, source: string, { start, end }: Range): void {
  const lines = source.split('\n');
  const offset = ({ line, column }: Range['start']): number =>
    Math.min(source.length, lines.slice(0, line).reduce((sum, own) => sum + own.length + 1, 0) + column);
  const range = document.createRange();
  range.setStart(text, offset(start));
  range.setEnd(text, offset(end));
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}
