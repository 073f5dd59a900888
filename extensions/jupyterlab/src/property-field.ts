/** What a field takes: yes or no, one text, or a text a line. */
export type FieldKind = 'flag' | 'text' | 'lines';

export interface FieldDescription {
  readonly name: string;
  readonly kind: FieldKind;
  readonly label: string;
  /** What it means for a flag, an example for a text. */
  readonly hint: string;
}

/** One labelled field of the property inspector, and what is wrong with what stands in it. */
export class PropertyField {
  readonly element: HTMLElement = document.createElement('div');
  readonly #kind: FieldKind;
  readonly #input: HTMLInputElement | HTMLTextAreaElement;
  readonly #problem = document.createElement('p');
  #shown = '';

  /** @param change called with the values when somebody has entered others; none: take it away */
  constructor({ name, kind, label, hint }: FieldDescription, change: (values: readonly string[]) => void) {
    this.#kind = kind;
    this.element.className = 'cellwright-field';
    const input = document.createElement(kind === 'lines' ? 'textarea' : 'input');
    input.id = `cellwright-${kind}-${name}`;
    input.name = name;
    if (input instanceof HTMLInputElement) input.type = kind === 'flag' ? 'checkbox' : 'text';
    else input.rows = 1;
    if (kind !== 'flag') {
      input.placeholder = hint;
      input.classList.add('jp-mod-styled');
      input.spellcheck = false;
    }
    const text = document.createElement('label');
    text.htmlFor = input.id;
    text.textContent = label;
    this.#problem.id = `${input.id}-problem`;
    this.#problem.className = 'cellwright-problem';
    this.#problem.setAttribute('role', 'status');
    input.setAttribute('aria-describedby', this.#problem.id);
    input.onchange = () => change(this.#values());
    this.#input = input;
    this.element.append(...(kind === 'flag' ? [input, text] : [text, input]), this.#problem);
    if (kind === 'flag') text.title = hint;
  }

  /**
   * Shows what the cell has now. What somebody has begun to write stays, and so does a value that was not taken, until the cell itself has
   * another value.
   * @param isOther it is another cell than before
   */
  show(
    values: readonly string[],
    { isEnabled, isOther }: { readonly isEnabled: boolean; readonly isOther: boolean },
  ): void {
    const now = values.join('\n');
    this.#input.disabled = !isEnabled;
    if (now === this.#shown && !isOther) return;
    this.#shown = now;
    this.tell('');
    if (this.#input instanceof HTMLInputElement && this.#kind === 'flag') this.#input.checked = values.includes('true');
    else this.#input.value = now;
    if (this.#input instanceof HTMLTextAreaElement) this.#input.rows = Math.max(1, values.length);
  }

  /** Says what is wrong; '' when nothing is. */
  tell(problem: string): void {
    this.#problem.textContent = problem;
    this.#input.setAttribute('aria-invalid', String(problem !== ''));
  }

  #values(): readonly string[] {
    if (this.#kind === 'flag') return this.#input instanceof HTMLInputElement && this.#input.checked ? ['true'] : [];
    const lines = this.#input.value.split('\n').map((line) => line.trim());
    return lines.filter((line) => line !== '');
  }
}
