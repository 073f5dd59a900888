import { Notification } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Range } from '../../../compiler/bundle/diagnostic.ts';
import type { CellEdit, OpenRequest, PanelHost, ServiceConnection, ViewSettings } from '../../ui/panel.ts';
import { compilerFiles, createCompileWorker } from './compiler-files.ts';
import type { PipelineSettings } from './settings.ts';

/** What every notebook's view shares. */
export interface Surroundings {
  readonly service: ServiceConnection | undefined;
  /** The folder that the server serves, as a real path; undefined without a service. */
  readonly root: string | undefined;
  /** Why the server's part cannot run anything, where it is there and cannot. */
  readonly runsRefused: string | undefined;
  readonly documents: IDocumentManager;
  readonly settings: () => PipelineSettings;
  readonly trans: TranslationBundle;
}

/** Class of cells that a task in the view speaks of. */
const highlighted = 'cellwright-highlighted';

/** Gives the view what it needs of one open notebook. */
export class NotebookHost implements PanelHost {
  readonly service: ServiceConnection | undefined;
  readonly runsRefused: string | undefined;
  readonly createWorker: () => Worker = createCompileWorker;
  readonly compilerFiles: PanelHost['compilerFiles'] = compilerFiles;
  readonly #notebook: NotebookPanel;
  readonly #surroundings: Surroundings;
  /** The place of a cell that the compiler had to name itself. */
  readonly #indexOf: (cellId: string) => number | undefined;

  constructor(
    notebook: NotebookPanel,
    surroundings: Surroundings,
    indexOf: (cellId: string) => number | undefined = () => undefined,
  ) {
    this.#notebook = notebook;
    this.#surroundings = surroundings;
    this.#indexOf = indexOf;
    this.service = surroundings.service;
    this.runsRefused = surroundings.runsRefused;
  }

  /** From the server's root, as all paths of the contents API. */
  get notebookPath(): string {
    const path = this.#surroundings.documents.services.contents.localPath(this.#notebook.context.path);
    // A command line would take it for an option.
    return path.startsWith('-') ? `./${path}` : path;
  }

  runArguments(): readonly string[] {
    const { jobs, keepGoing, executionTimeout } = this.#surroundings.settings();
    return [
      ...(jobs > 0 ? ['--jobs', String(jobs)] : []),
      ...(keepGoing ? ['--keep-going'] : []),
      ...(executionTimeout > 0 ? ['--execution-timeout', String(executionTimeout)] : []),
    ];
  }

  goTo(cellId: string, range?: Range): void {
    const cell = this.findCell(cellId);
    if (cell === undefined) return;
    const notebook = this.#notebook.content;
    NotebookActions.expandParent(cell, notebook);
    notebook.deselectAll();
    notebook.activeCellIndex = notebook.widgets.indexOf(cell);
    void notebook.scrollToCell(cell, 'auto').then(() => {
      if (range === undefined || cell.editor === null) return;
      cell.editor.setSelection({ start: { ...range.start }, end: { ...range.end } });
      cell.editor.revealSelection({ start: { ...range.start }, end: { ...range.end } });
    });
  }

  highlight(cellIds: readonly string[]): void {
    const marked = new Set(cellIds.map((id) => this.findCell(id)));
    for (const cell of this.#notebook.content.widgets) cell.toggleClass(highlighted, marked.has(cell));
  }

  async beforeRun(): Promise<boolean> {
    const { context } = this.#notebook;
    if (!context.model.dirty) return true;
    // A refusal to save is told by the editor itself.
    await context.save();
    return !context.model.dirty;
  }

  open(what: OpenRequest): void {
    const { root, documents, trans } = this.#surroundings;
    const path = servedPath(what.path, root);
    if (path === undefined) {
      Notification.warning(trans.__('%1 is outside of the folder that this server serves.', what.path));
      return;
    }
    const widget = documents.openOrReveal(path, what.kind === 'report' ? 'HTML Viewer' : 'default');
    const { cell } = what;
    if (widget === undefined || cell === undefined) return;
    void widget.context.ready.then(() => {
      new NotebookHost(widget as unknown as NotebookPanel, this.#surroundings).goTo(cell);
    });
  }

  applyEdit({ cell: cellId, range, newText, source }: CellEdit): void {
    const cell = this.findCell(cellId);
    if (cell === undefined) return;
    const text = cell.model.sharedModel.getSource();
    if (text !== source) {
      Notification.warning(this.#surroundings.trans.__('The cell was edited since; nothing was changed.'));
      return;
    }
    const [start, end] = range === undefined ? [0, 0] : [offsetOf(text, range.start), offsetOf(text, range.end)];
    cell.model.sharedModel.updateSource(start, end, newText);
  }

  saveSettings(settings: ViewSettings): void {
    try {
      localStorage.setItem(this.#settingsKey, JSON.stringify(settings));
    } catch (error) {
      // Full or forbidden: the view is then as it is for somebody new.
      if (!(error instanceof DOMException)) throw error;
    }
  }

  loadSettings(): ViewSettings | undefined {
    try {
      const text = localStorage.getItem(this.#settingsKey);
      return text === null ? undefined : (JSON.parse(text) as ViewSettings);
    } catch (error) {
      if (error instanceof DOMException || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** The widget of a cell by its nbformat id, or by its place where the compiler had to name it. */
  findCell(cellId: string): Cell | undefined {
    const { widgets } = this.#notebook.content;
    const index = this.#indexOf(cellId);
    return widgets.find(({ model }) => model.id === cellId) ?? (index === undefined ? undefined : widgets[index]);
  }

  get #settingsKey(): string {
    return `cellwright:view:${this.notebookPath}`;
  }
}

/** What the contents API calls a file that the service names; undefined when the server does not serve it. */
export function servedPath(path: string, root: string | undefined): string | undefined {
  const given = path.replaceAll('\\', '/');
  if (!/^(?:\/|[A-Za-z]:\/)/.test(given)) return PathExt.normalize(given);
  const base = root?.replaceAll('\\', '/').replace(/\/$/, '');
  return base !== undefined && given.startsWith(`${base}/`) ? given.slice(base.length + 1) : undefined;
}

/** UTF-16 units from the beginning of the text. */
function offsetOf(text: string, { line, column }: Range['start']): number {
  const before = text.split('\n').slice(0, line);
  return before.reduce((sum, one) => sum + one.length + 1, 0) + column;
}
