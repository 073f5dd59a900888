import type { Cell } from '@jupyterlab/cells';
import { NotebookTools, type INotebookModel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { commentMark } from '../../ui/comment-mark.ts';
import { readDirectives, withDirectiveLines } from '../../ui/directive-edit.ts';
import { CellCheck } from './cell-check.ts';
import { PropertyField, type FieldKind } from './property-field.ts';

interface Described {
  readonly name: string;
  readonly kind: FieldKind;
  readonly label: string;
  readonly hint: string;
}

/** Tags that mean something to the pipeline. */
function describedTags(trans: TranslationBundle): readonly Described[] {
  const flag = (name: string, label: string, hint: string): Described => ({ name, kind: 'flag', label, hint });
  return [
    flag('parameters', trans.__('Parameters'), trans.__('A run may give other values to what this cell sets.')),
    flag('gate', trans.__('Gate'), trans.__('When this cell raises, the run stops, and nothing after it acts.')),
    flag('raises-exception', trans.__('May raise'), trans.__('An error of this cell is a result like any other.')),
    flag('skip-execution', trans.__('Skip'), trans.__('This cell is not run.')),
  ];
}

/** Directives: comments at the top of a cell. */
function describedDirectives(trans: TranslationBundle): readonly Described[] {
  const text = (name: string, label: string, hint: string): Described => ({ name, kind: 'text', label, hint });
  const lines = (name: string, label: string, hint: string): Described => ({ name, kind: 'lines', label, hint });
  return [
    text('label', trans.__('Label'), 'train'),
    lines('gate', trans.__('Gate conditions'), 'rmse <= previous.rmse + 0.5'),
    lines('metric', trans.__('Metrics'), 'rmse (lower), auc (higher)'),
    lines('slices', trans.__('Slices'), 'carrier, origin'),
    text('retries', trans.__('Retries'), '2'),
    text('timeout', trans.__('Time limit, seconds'), '600'),
    text('cpu', trans.__('Processors'), '4'),
    text('mem', trans.__('Memory'), '8Gi'),
    text('gpu', trans.__('GPUs'), '1'),
    text('image', trans.__('Container image'), 'ghcr.io/team/train:1.4'),
    lines('env', trans.__('Variables'), 'OMP_NUM_THREADS=4'),
    text('cache', trans.__('Remember the result'), 'true'),
  ];
}

/** What is wrong with the text of a directive or a tag itself; names that other cells bind are the view's to judge. */
const ofDirectives: ReadonlySet<string> = new Set(['CW120', 'CW121', 'CW122', 'CW123', 'CW130']);

/** Tags and directives of the selected cell as a form in the property inspector; the compiler judges each value before it is written. */
export class CellProperties extends NotebookTools.Tool {
  readonly #trans: TranslationBundle;
  readonly #check = new CellCheck();
  readonly #tags = new Map<string, PropertyField>();
  readonly #directives = new Map<string, PropertyField>();
  readonly #note = document.createElement('p');
  #cell: Cell | null = null;
  #last: Promise<void> = Promise.resolve();

  constructor(trans: TranslationBundle) {
    super();
    this.#trans = trans;
    this.addClass('cellwright-properties');
    this.#note.className = 'cellwright-note';
    const form = document.createElement('form');
    form.onsubmit = (event) => event.preventDefault();
    for (const described of describedTags(trans)) {
      const field = new PropertyField(described, (values) => this.#setTag(described.name, values));
      this.#tags.set(described.name, field);
      form.append(field.element);
    }
    for (const described of describedDirectives(trans)) {
      const field = new PropertyField(described, (values) => this.#setDirective(described.name, values));
      this.#directives.set(described.name, field);
      form.append(field.element);
    }
    this.node.append(this.#note, form);
  }

  protected override onActiveCellChanged(): void {
    this.#cell?.model.contentChanged.disconnect(this.#changed, this);
    const cell = this.notebookTools.activeCell;
    this.#cell = cell;
    cell?.model.contentChanged.connect(this.#changed, this);
    cell?.disposed.connect(() => {
      if (this.#cell === cell) this.#cell = null;
    });
    this.#read(true);
  }

  protected override onActiveCellMetadataChanged(): void {
    this.#read(false);
  }

  #changed(): void {
    this.#read(false);
  }

  /** @param isOther it is another cell than before */
  #read(isOther: boolean): void {
    const cell = this.#cell;
    const trans = this.#trans;
    const source = cell?.model.sharedModel.getSource() ?? '';
    const isText = source.startsWith('%%');
    const isCode = cell?.model.type === 'code';
    this.#note.textContent = !isCode
      ? trans.__('Select a code cell.')
      : isText
        ? trans.__('Under a cell magic a directive is text like any other.')
        : '';
    const tags = cell === null ? [] : tagsOf(cell);
    for (const [name, field] of this.#tags)
      field.show(tags.includes(name) ? ['true'] : [], { isEnabled: isCode, isOther });
    const directives = readDirectives(source);
    for (const [name, field] of this.#directives)
      field.show(directives.get(name) ?? [], { isEnabled: isCode && !isText, isOther });
  }

  get #notebook(): INotebookModel | null | undefined {
    return this.notebookTools.activeNotebookPanel?.content.model;
  }

  /** As the notebook says it; undefined when it does not, and the compiler goes by the name of the kernel. */
  get #language(): string | undefined {
    const kernel = this.#notebook?.getMetadata('kernelspec') as { readonly language?: string } | undefined;
    return this.#notebook?.defaultKernelLanguage || kernel?.language;
  }

  #setTag(name: string, values: readonly string[]): void {
    const cell = this.#cell;
    if (cell === null) return;
    const others = tagsOf(cell).filter((tag) => tag !== name);
    const tags = values.includes('true') ? [...others, name] : others;
    if (tags.length > 0) cell.model.setMetadata('tags', [...tags]);
    else cell.model.deleteMetadata('tags');
  }

  /** One value after the other: an answer of the compiler comes later than the next keystroke. */
  #setDirective(name: string, values: readonly string[]): void {
    const cell = this.#cell;
    if (cell !== null) this.#last = this.#last.then(() => this.#write(cell, name, values));
  }

  /** Writes the lines of one directive, unless the compiler says that they are wrong. */
  async #write(cell: Cell, name: string, values: readonly string[]): Promise<void> {
    const problem = await this.#problemOf(name, values, cell);
    const isShown = cell === this.#cell;
    if (isShown) this.#directives.get(name)?.tell(problem ?? '');
    if (problem !== undefined || cell.isDisposed) return;
    const before = cell.model.sharedModel.getSource();
    const after = withDirectiveLines(before, { name, values, mark: commentMark(this.#language) }) ?? before;
    if (after !== before) cell.model.sharedModel.setSource(after);
  }

  /** What the compiler says of these lines alone; undefined when nothing is wrong with their text. */
  async #problemOf(name: string, values: readonly string[], cell: Cell): Promise<string | undefined> {
    const { defaultKernelName: kernel = '' } = this.#notebook ?? {};
    const mark = commentMark(this.#language);
    const source = withDirectiveLines(mark === '#' ? 'pass' : '0;', { name, values, mark }) ?? '';
    const told = await this.#check.check({ source, tags: tagsOf(cell), language: this.#language, kernel });
    const wrong = told?.find(({ code, severity }) => severity === 'error' && ofDirectives.has(code));
    return wrong === undefined ? undefined : `${wrong.message} ${wrong.help}`;
  }
}

function tagsOf(cell: Cell): readonly string[] {
  const tags = cell.model.getMetadata('tags') as unknown;
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}
