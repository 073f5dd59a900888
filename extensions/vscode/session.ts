/** One open notebook with what is known of it, and all of them. */
import * as vscode from 'vscode';
import type { CellState } from '../ui/panel.ts';
import type { NotebookModel } from './notebook-model.ts';
import { idOf } from './notebook-text.ts';
import { cellOf, nameOf, notebookType, textOf } from './open-notebook.ts';

/** An open notebook, compiled at every change. */
export class Session implements vscode.Disposable {
  readonly notebook: vscode.NotebookDocument;
  readonly model: NotebookModel;

  constructor(notebook: vscode.NotebookDocument, model: NotebookModel) {
    this.notebook = notebook;
    this.model = model;
    this.changed();
  }

  /** The notebook was edited. */
  changed(): void {
    this.model.setNotebook(textOf(this.notebook), nameOf(this.notebook));
  }

  /** What is known of a cell. */
  stateOf(cell: vscode.NotebookCell): CellState | undefined {
    const id = idOf(cell.metadata);
    if (id !== undefined) return this.model.cells.get(id);
    return this.model.cells.all().find(({ index }) => index === cell.index);
  }

  /** The cell that a state, an edge or a diagnostic names. */
  cellWith(id: string): vscode.NotebookCell | undefined {
    return cellOf(this.notebook, id, this.model.cells.get(id)?.index ?? -1);
  }

  /** A cell's text, as the compiler is given it. */
  sourceOf(cell: vscode.NotebookCell): string {
    return cell.document.getText().replaceAll('\r\n', '\n');
  }

  /** The text that a cell has now. */
  textOf(id: string): string | undefined {
    const cell = this.cellWith(id);
    return cell === undefined ? undefined : this.sourceOf(cell);
  }

  /** False when the cell was edited since: what is said of its old text may be wrong by now. */
  isCurrent({ cell, source }: CellState): boolean {
    return this.textOf(cell) === source;
  }

  dispose(): void {
    this.model.dispose();
  }
}

/** The sessions of all notebooks that are open. */
export class Sessions implements vscode.Disposable {
  readonly #open = new Map<vscode.NotebookDocument, Session>();
  readonly #changed = new vscode.EventEmitter<Session>();
  readonly #closed = new vscode.EventEmitter<Session>();
  readonly #activated = new vscode.EventEmitter<Session | undefined>();
  readonly #subscription: vscode.Disposable;
  readonly #makeModel: (notebook: vscode.NotebookDocument) => NotebookModel;
  #active: Session | undefined;
  /** Something of what is known of a notebook is another one now. */
  readonly onDidChange: vscode.Event<Session> = this.#changed.event;
  readonly onDidClose: vscode.Event<Session> = this.#closed.event;
  /** Another notebook has come to the front. */
  readonly onDidActivate: vscode.Event<Session | undefined> = this.#activated.event;

  constructor(makeModel: (notebook: vscode.NotebookDocument) => NotebookModel) {
    this.#makeModel = makeModel;
    this.#subscription = vscode.Disposable.from(
      vscode.workspace.onDidOpenNotebookDocument((notebook) => this.#add(notebook)),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => this.#remove(notebook)),
      vscode.workspace.onDidChangeNotebookDocument(({ notebook, metadata: own, contentChanges, cellChanges }) => {
        const isEdit =
          own !== undefined ||
          contentChanges.length > 0 ||
          cellChanges.some(({ document, metadata }) => document ?? metadata);
        const session = this.#open.get(notebook);
        if (!isEdit || session === undefined) return;
        session.changed();
        // At once, and not when it was compiled: what is said of the old text must not stand.
        this.#changed.fire(session);
      }),
      vscode.workspace.onDidSaveNotebookDocument((notebook) => this.#open.get(notebook)?.model.notebookSaved()),
      vscode.window.onDidChangeActiveNotebookEditor((editor) => this.#activate(editor?.notebook)),
    );
  }

  /** Makes sessions of the notebooks that are open; again, when what can be done with them has changed. */
  start(): void {
    for (const notebook of [...this.#open.keys()]) this.#remove(notebook);
    for (const notebook of vscode.workspace.notebookDocuments) this.#add(notebook);
    this.#activate(vscode.window.activeNotebookEditor?.notebook);
  }

  all(): readonly Session[] {
    return [...this.#open.values()];
  }

  of(notebook: vscode.NotebookDocument): Session | undefined {
    return this.#open.get(notebook);
  }

  /** The session of the notebook in front, or of the one that was last. */
  get active(): Session | undefined {
    return this.#active;
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const notebook of [...this.#open.keys()]) this.#remove(notebook);
    for (const emitter of [this.#changed, this.#closed, this.#activated]) emitter.dispose();
  }

  #add(notebook: vscode.NotebookDocument): void {
    if (notebook.notebookType !== notebookType || this.#open.has(notebook)) return;
    const session = new Session(notebook, this.#makeModel(notebook));
    this.#open.set(notebook, session);
    session.model.onChange(() => this.#changed.fire(session));
    if (this.#active === undefined || vscode.window.activeNotebookEditor?.notebook === notebook)
      this.#activate(notebook);
  }

  #remove(notebook: vscode.NotebookDocument): void {
    const session = this.#open.get(notebook);
    if (session === undefined) return;
    this.#open.delete(notebook);
    this.#closed.fire(session);
    session.dispose();
    if (this.#active === session) this.#activate(vscode.window.activeNotebookEditor?.notebook);
  }

  #activate(notebook: vscode.NotebookDocument | undefined): void {
    const session = notebook === undefined ? undefined : this.#open.get(notebook);
    // When the focus goes to the pipeline view, no notebook is in front; the last one is still meant.
    const last =
      this.#active !== undefined && this.#open.get(this.#active.notebook) === this.#active ? this.#active : undefined;
    this.#active = session ?? last ?? [...this.#open.values()].at(-1);
    this.#activated.fire(this.#active);
  }
}
