import { showLegend } from './details-view.ts';
import { button, element, setAttributes } from './element.ts';

/** The pages of the view. */
export type PageName = 'pipeline' | 'run' | 'history';

/** What the controls of the view do. */
export interface FrameListener {
  onRun(): void;
  onStop(): void;
  onPage(page: PageName): void;
  onShape(shape: 'rail' | 'layers'): void;
  onSearch(words: string): void;
  /** Return in the search: go to the next cell that was found. */
  onNextFound(): void;
  onFoldAll(folded: boolean): void;
}

const titles: Readonly<Record<PageName, string>> = { pipeline: 'Pipeline', run: 'Run', history: 'History' };

let frames = 0;

/** The parts of the view that stay: controls, pages, and where things are put. */
export class PanelFrame {
  readonly element: HTMLElement;
  readonly picture: HTMLElement;
  readonly details: HTMLElement;
  readonly problems: HTMLElement;
  readonly run: HTMLElement;
  readonly history: HTMLElement;
  readonly search: HTMLInputElement;
  readonly #found: HTMLElement;
  readonly #status: HTMLElement;
  readonly #runButton: HTMLButtonElement;
  readonly #stopButton: HTMLButtonElement;
  readonly #shapes: Readonly<Record<'rail' | 'layers', HTMLButtonElement>>;
  readonly #folders: HTMLElement;
  readonly #tabs = new Map<PageName, HTMLButtonElement>();
  readonly #pages = new Map<PageName, HTMLElement>();
  #page: PageName = 'pipeline';

  constructor(listener: FrameListener) {
    const id = `cw-${++frames}`;
    this.#status = element('div', { class: 'cw-status', attributes: { role: 'status' } });
    this.#runButton = button({ label: 'Run', class: 'cw-main' }, () => listener.onRun());
    this.#stopButton = button({ label: 'Stop' }, () => listener.onStop());
    this.#shapes = {
      rail: button({ label: 'List', attributes: { 'aria-pressed': 'true' } }, () => listener.onShape('rail')),
      layers: button({ label: 'Graph', attributes: { 'aria-pressed': 'false' } }, () => listener.onShape('layers')),
    };
    this.search = this.#makeSearch(listener);
    this.#found = element('span', { class: 'cw-soft', attributes: { role: 'status' } });
    this.#folders = element('div', { class: 'cw-acts', attributes: { role: 'group', 'aria-label': 'Sections' } }, [
      button({ label: 'Fold all sections', sign: '▸' }, () => listener.onFoldAll(true)),
      button({ label: 'Unfold all sections', sign: '▾' }, () => listener.onFoldAll(false)),
    ]);
    this.#folders.style.margin = '0';
    this.picture = element('div', { class: 'cw-page' });
    this.details = element('section', {
      class: 'cw-details',
      attributes: { 'aria-label': 'The chosen cell', tabindex: 0 },
    });
    this.details.hidden = true;
    this.problems = element('section', { class: 'cw-problems', attributes: { 'aria-label': 'Problems', tabindex: 0 } });
    this.problems.hidden = true;
    this.run = element('div', { class: 'cw-scroll' });
    this.history = element('div', { class: 'cw-scroll' });
    this.element = this.#assemble(id, listener);
    this.showPage('pipeline');
  }

  get page(): PageName {
    return this.#page;
  }

  showPage(page: PageName): void {
    this.#page = page;
    for (const [name, own] of this.#pages) own.hidden = name !== page;
    for (const [name, tab] of this.#tabs)
      setAttributes(tab, { 'aria-selected': String(name === page), tabindex: name === page ? 0 : -1 });
  }

  showShape(shape: 'rail' | 'layers'): void {
    for (const [name, own] of Object.entries(this.#shapes))
      setAttributes(own, { 'aria-pressed': String(name === shape) });
  }

  showSections(any: boolean): void {
    this.#folders.hidden = !any;
  }

  showFound(text: string): void {
    this.#found.textContent = text;
  }

  showStatus(text: string): void {
    if (this.#status.textContent !== text) this.#status.textContent = text;
    this.#status.title = text;
  }

  /** @param why there can be no run, when there can be none */
  showControls({
    canRun,
    canStop,
    why,
  }: {
    readonly canRun: boolean;
    readonly canStop: boolean;
    readonly why: string;
  }): void {
    this.#runButton.disabled = !canRun;
    this.#runButton.title = why;
    this.#stopButton.disabled = !canStop;
  }

  #makeSearch(listener: FrameListener): HTMLInputElement {
    const input = element('input', {
      attributes: { type: 'search', placeholder: 'Search (/)', 'aria-label': 'Search the cells' },
      on: {
        input: () => listener.onSearch(input.value),
        keydown: (event) => {
          const { key } = event as KeyboardEvent;
          if (key === 'Enter') listener.onNextFound();
          if (key === 'Escape') {
            input.value = '';
            listener.onSearch('');
          }
        },
      },
    });
    return input;
  }

  #assemble(id: string, listener: FrameListener): HTMLElement {
    const legend = element('details', { class: 'cw-pad' }, [element('summary', { text: 'Letters' }), showLegend()]);
    const tools = element('div', { class: 'cw-tools' }, [
      element('div', { class: 'cw-acts', attributes: { role: 'group', 'aria-label': 'Shape' } }, [
        this.#shapes.rail,
        this.#shapes.layers,
      ]),
      this.search,
      this.#found,
      this.#folders,
    ]);
    for (const group of tools.querySelectorAll<HTMLElement>('.cw-acts')) group.style.margin = '0';
    const pages: readonly (readonly [PageName, readonly HTMLElement[]])[] = [
      ['pipeline', [tools, this.picture, legend, this.details]],
      ['run', [this.run]],
      ['history', [this.history]],
    ];
    for (const [name, children] of pages) {
      const attributes = { role: 'tabpanel', id: `${id}-${name}`, 'aria-labelledby': `${id}-tab-${name}` };
      this.#pages.set(name, element('div', { class: 'cw-page', attributes }, children));
      const tab = button(
        {
          label: titles[name],
          class: 'cw-tab',
          attributes: { role: 'tab', id: `${id}-tab-${name}`, 'aria-controls': `${id}-${name}` },
          on: { keydown: (event) => this.#walkTabs(event as KeyboardEvent, listener) },
        },
        () => listener.onPage(name),
      );
      this.#tabs.set(name, tab);
    }
    return element('div', { class: 'cw' }, [
      element('div', { class: 'cw-top' }, [this.#runButton, this.#stopButton, this.#status]),
      element('div', { class: 'cw-tabs', attributes: { role: 'tablist', 'aria-label': 'Pages' } }, [
        ...this.#tabs.values(),
      ]),
      this.problems,
      ...this.#pages.values(),
    ]);
  }

  #walkTabs(event: KeyboardEvent, listener: FrameListener): void {
    const names = [...this.#tabs.keys()];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const to = names[(names.indexOf(this.#page) + step + names.length) % names.length] ?? 'pipeline';
    listener.onPage(to);
    this.#tabs.get(to)?.focus();
    event.preventDefault();
  }
}
