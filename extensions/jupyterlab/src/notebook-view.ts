import type { NotebookPanel } from '@jupyterlab/notebook';
import { Widget } from '@lumino/widgets';
import { mountPanel, type Panel } from '../../ui/panel.ts';
import { CellMarks } from './cell-marks.ts';
import { NotebookHost, type Surroundings } from './notebook-host.ts';
import { notebookText } from './notebook-text.ts';
import type { LiveSettings } from './settings.ts';

/** The pipeline of one open notebook: the view, and the marks at its cells. */
export class NotebookView extends Widget {
  readonly panel: Panel;
  readonly notebook: NotebookPanel;
  readonly host: NotebookHost;
  readonly #marks: CellMarks;

  constructor(notebook: NotebookPanel, surroundings: Surroundings, settings: LiveSettings) {
    super();
    this.addClass('cellwright-view');
    this.notebook = notebook;
    this.host = new NotebookHost(notebook, surroundings, (cellId) => this.panel.cells.get(cellId)?.index);
    this.panel = mountPanel(this.node, this.host);
    this.#marks = new CellMarks({
      notebook: notebook.content,
      panel: this.panel,
      host: this.host,
      settings,
      trans: surroundings.trans,
    });
    notebook.context.model.contentChanged.connect(this.#compile, this);
    notebook.context.saveState.connect(this.#saved, this);
    notebook.content.activeCellChanged.connect(this.#select, this);
    notebook.disposed.connect(() => this.dispose());
    this.#compile();
    this.#select();
  }

  /** The id by which the view knows the cell that is active in the notebook. */
  get activeCell(): string | undefined {
    const { activeCell, activeCellIndex } = this.notebook.content;
    if (activeCell === null) return undefined;
    const { cells } = this.panel;
    return (cells.get(activeCell.model.id) ?? cells.all().find(({ index }) => index === activeCellIndex))?.cell;
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.notebook.context.model.contentChanged.disconnect(this.#compile, this);
    this.notebook.context.saveState.disconnect(this.#saved, this);
    this.notebook.content.activeCellChanged.disconnect(this.#select, this);
    this.#marks.dispose();
    this.panel.dispose();
    super.dispose();
  }

  #compile(): void {
    this.panel.setNotebook(notebookText(this.notebook.context.model), 'notebook.ipynb');
  }

  #saved(_: unknown, state: string): void {
    if (state === 'completed') this.panel.notebookSaved();
  }

  #select(): void {
    this.panel.selectCell(this.activeCell);
  }
}
