import { element } from './element.ts';
import { LayersView } from './layers-view.ts';
import type { PanelFrame } from './panel-frame.ts';
import type { CellState, ViewSettings } from './panel.ts';
import type { Picture, PictureListener, StatesOf } from './picture.ts';
import type { Pipeline } from './pipeline.ts';
import { RailView } from './rail-view.ts';
import { matches, showRows, type Shown } from './visible-rows.ts';

/** The graph is drawn with folded sections when more cells than these would be boxes. */
const mostBoxes = 60;

/** What somebody does on the page of the pipeline. */
export interface PipelineListener {
  /** A cell is the chosen one; undefined: none. */
  onChosen(cell: string | undefined): void;
  goTo(cell: string): void;
  highlight(cells: readonly string[]): void;
  saveSettings(settings: ViewSettings): void;
}

/** The pipeline as a list or as a graph: what is folded, what is looked for, what is chosen. */
export class PipelinePage {
  readonly #frame: PanelFrame;
  readonly #listener: PipelineListener;
  readonly #pictures: Readonly<Record<'rail' | 'layers', Picture>>;
  /** False until somebody has folded something: then a long notebook is folded by itself. */
  #isOwn: boolean;
  #settings: ViewSettings;
  #pipeline: Pipeline | undefined;
  #states: StatesOf = { of: () => undefined, total: 0, since: () => undefined };
  #shown: Shown | undefined;
  #chosen: string | undefined;
  #words = '';

  constructor(frame: PanelFrame, listener: PipelineListener, settings: ViewSettings | undefined) {
    this.#frame = frame;
    this.#listener = listener;
    this.#isOwn = settings !== undefined;
    this.#settings = settings ?? { shape: 'rail', folded: [], zoom: 0 };
    const of = this.#pictureListener();
    const onZoom = (zoom: number): void => this.#save({ zoom });
    this.#pictures = { rail: new RailView(of), layers: new LayersView(of, { zoom: this.#settings.zoom, onZoom }) };
    this.#placePicture();
  }

  get chosen(): string | undefined {
    return this.#chosen;
  }

  /** @param rows true when there may be others than before */
  draw(pipeline: Pipeline, states: StatesOf, rows: boolean): void {
    if (this.#pipeline === undefined) this.#foldLong(pipeline);
    this.#pipeline = pipeline;
    this.#states = states;
    if (rows || this.#shown === undefined) this.#drawRows();
    else this.#picture.refresh(states);
  }

  setShape(shape: 'rail' | 'layers'): void {
    this.#save({ shape });
    this.#placePicture();
    this.#drawRows();
  }

  search(words: string): void {
    this.#words = words.trim();
    const found = this.#foundCells();
    const rows = new Set(found.map((id) => this.#shown?.standsFor.get(id) ?? id));
    this.#picture.find(this.#words === '' ? undefined : rows);
    this.#frame.showFound(this.#words === '' ? '' : found.length === 1 ? '1 cell' : `${found.length} cells`);
  }

  /** Goes to the next cell that was found, which unfolds what it is below. */
  nextFound(): void {
    const found = this.#foundCells();
    const next = found[(found.indexOf(this.#chosen ?? '') + 1) % Math.max(1, found.length)];
    if (next === undefined) return;
    this.reveal(next);
    this.#listener.goTo(next);
  }

  foldAll(folded: boolean): void {
    const sections = this.#pipeline?.sections ?? [];
    this.#fold(folded ? innermost(sections) : sections.map(({ id }) => id), folded);
  }

  choose(id: string | undefined, focus = false): void {
    this.#chosen = id;
    // First, since it takes room from the picture, in which the row has to be seen.
    this.#listener.onChosen(id);
    this.#picture.choose(id === undefined ? undefined : (this.#shown?.standsFor.get(id) ?? id), { focus });
  }

  /** Chooses a cell, and unfolds the headings that it is below. */
  reveal(cell: string): void {
    const above: string[] = [];
    const sections = new Map(this.#pipeline?.sections.map((section) => [section.id, section]));
    for (let at = sections.get(this.#pipeline?.byId.get(cell)?.section ?? ''); at !== undefined;) {
      above.push(at.id);
      at = sections.get(at.parent ?? '');
    }
    const folded = this.#folded();
    if (above.some((id) => folded.has(id))) this.#fold(above, false);
    this.choose(cell);
  }

  focus(): void {
    this.#picture.element.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }

  get #picture(): Picture {
    return this.#pictures[this.#settings.shape];
  }

  #drawRows(): void {
    const pipeline = this.#pipeline;
    if (pipeline === undefined) return;
    this.#shown = showRows(pipeline, this.#folded());
    this.#picture.draw(this.#shown, this.#states);
    this.#frame.showSections(pipeline.sections.length > 0);
    const { chosen } = this;
    if (chosen !== undefined) this.#picture.choose(this.#shown.standsFor.get(chosen) ?? chosen, { focus: false });
    this.search(this.#words);
  }

  /** A graph of more boxes than can be read begins with its sections. */
  #foldLong({ tasks, sections }: Pipeline): void {
    if (this.#isOwn || tasks.length <= mostBoxes) return;
    this.#settings = { ...this.#settings, folded: innermost(sections).map((id) => `layers:${id}`) };
  }

  #folded(): ReadonlySet<string> {
    const prefix = `${this.#settings.shape}:`;
    return new Set(this.#settings.folded.flatMap((id) => (id.startsWith(prefix) ? [id.slice(prefix.length)] : [])));
  }

  #fold(sections: readonly string[], folded: boolean): void {
    const keys = new Set(sections.map((id) => `${this.#settings.shape}:${id}`));
    const others = this.#settings.folded.filter((key) => !keys.has(key));
    this.#save({ folded: folded ? [...others, ...keys] : others });
    this.#drawRows();
  }

  #save(changes: Partial<ViewSettings>): void {
    this.#isOwn = true;
    this.#settings = { ...this.#settings, ...changes };
    this.#listener.saveSettings(this.#settings);
  }

  #placePicture(): void {
    const { shape } = this.#settings;
    this.#frame.showShape(shape);
    const own = this.#picture.element;
    const place = shape === 'rail' ? element('div', { class: 'cw-scroll' }, [own]) : own;
    this.#frame.picture.replaceChildren(place);
  }

  #pictureListener(): PictureListener {
    return {
      onPoint: (row) => {
        this.#picture.mark(row);
        this.#listener.highlight(row === undefined ? [] : this.#cellsAround(row));
      },
      onChoose: (row) => this.choose(row),
      onOpen: (row) => {
        if (this.#pipeline?.sections.some(({ id }) => id === row) === true) this.#fold([row], !this.#folded().has(row));
        else this.#listener.goTo(row);
      },
      onFold: (section, folded) => this.#fold([section], folded),
      onSearch: () => {
        this.#frame.search.focus();
        this.#frame.search.select();
      },
    };
  }

  /** A cell with those that it reads from and gives to; all cells of a section. */
  #cellsAround(row: string): readonly string[] {
    const state: CellState | undefined = this.#states.of(row);
    if (state === undefined) return this.#pipeline?.sections.find(({ id }) => id === row)?.all ?? [];
    const near = [...state.reads, ...state.writes].filter(
      ({ kind, assumed, isImport }) => kind === 'data' && !assumed && !isImport,
    );
    return [row, ...new Set(near.map(({ cell }) => cell))];
  }

  #foundCells(): readonly string[] {
    if (this.#words === '') return [];
    return (this.#pipeline?.tasks ?? []).filter((task) => matches(task, this.#words)).map(({ id }) => id);
  }
}

/** Sections without sections in them: folded, what is left is a picture of the notebook's parts. */
function innermost(sections: Pipeline['sections']): readonly string[] {
  const parents = new Set(sections.map(({ parent }) => parent));
  return sections.filter(({ id }) => !parents.has(id)).map(({ id }) => id);
}
