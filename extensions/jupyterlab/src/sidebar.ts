import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Panel, Widget } from '@lumino/widgets';
import { pipelineIcon } from './icons.ts';
import { NotebookView } from './notebook-view.ts';
import type { Surroundings } from './notebook-host.ts';
import type { LiveSettings } from './settings.ts';

export interface SidebarParts {
  readonly tracker: INotebookTracker;
  /** Known once the server was asked. */
  readonly surroundings: Promise<Surroundings>;
  readonly settings: LiveSettings;
  readonly trans: TranslationBundle;
}

/** The panel at the right: the pipeline of the notebook that is in front. */
export class PipelineSidebar extends Panel {
  readonly #parts: SidebarParts;
  readonly #views = new Map<NotebookPanel, Promise<NotebookView>>();
  readonly #empty: Widget;

  constructor(parts: SidebarParts) {
    super();
    this.#parts = parts;
    this.id = 'cellwright-pipeline';
    this.addClass('cellwright-sidebar');
    this.title.icon = pipelineIcon;
    this.title.caption = parts.trans.__('Pipeline');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', parts.trans.__('Pipeline'));
    this.#empty = emptyWidget(parts.trans);
    this.addWidget(this.#empty);
    parts.tracker.currentChanged.connect(() => this.#follow());
    const showAll = (): void => {
      if (parts.settings.current.automatic) parts.tracker.forEach((notebook) => void this.viewOf(notebook));
    };
    parts.tracker.widgetAdded.connect(showAll);
    parts.settings.onChange(showAll);
  }

  /** The view of a notebook, which is made when it is first asked for and goes with the notebook. */
  viewOf(notebook: NotebookPanel): Promise<NotebookView> {
    const known = this.#views.get(notebook);
    if (known !== undefined) return known;
    const made = this.#make(notebook);
    this.#views.set(notebook, made);
    notebook.disposed.connect(() => {
      this.#views.delete(notebook);
      this.#follow();
    });
    return made;
  }

  /** The view of the notebook in front; undefined while there is none, or none was asked for. */
  currentView(): Promise<NotebookView> | undefined {
    const notebook = this.#parts.tracker.currentWidget;
    return notebook === null ? undefined : this.#views.get(notebook);
  }

  protected override onAfterShow(): void {
    this.#follow();
  }

  async #make(notebook: NotebookPanel): Promise<NotebookView> {
    const [surroundings] = await Promise.all([this.#parts.surroundings, notebook.context.ready, notebook.revealed]);
    if (notebook.isDisposed) throw new Error('the notebook was closed before its pipeline was shown');
    const view = new NotebookView(notebook, surroundings, this.#parts.settings);
    view.hide();
    this.addWidget(view);
    this.#show();
    return view;
  }

  #follow(): void {
    const notebook = this.#parts.tracker.currentWidget;
    if (notebook !== null && this.isVisible) void this.viewOf(notebook).then(() => this.#show());
    else this.#show();
  }

  /** Only the view of the notebook in front is seen; the others go on. */
  #show(): void {
    const front = this.#parts.tracker.currentWidget;
    let isAny = false;
    for (const widget of this.widgets) {
      const isFront = widget instanceof NotebookView && widget.notebook === front;
      if (widget !== this.#empty) widget.setHidden(!isFront);
      isAny ||= isFront;
    }
    this.#empty.setHidden(isAny);
  }
}

function emptyWidget(trans: TranslationBundle): Widget {
  const widget = new Widget();
  widget.addClass('cellwright-empty');
  widget.node.textContent = trans.__('Open a notebook to see its pipeline.');
  return widget;
}
