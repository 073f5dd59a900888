/** The pipeline view: a page beside the notebook with the shared view in it. */
import * as vscode from 'vscode';
import { errorCodes, type Method, type ParamsOf, type ResponseError } from '../service/protocol.ts';
import { ServiceRefusal } from '../ui/service-refusal.ts';
import type { CellEdit, OpenRequest, ViewSettings } from '../ui/panel.ts';
import { fileOf, nameOf, rangeOf, textOf } from './open-notebook.ts';
import type { FromHost, FromPage } from './panel-messages.ts';
import { makeNonce, panelPage } from './panel-page.ts';
import { workspaceEdit } from './quick-fixes.ts';
import type { HostService } from './place.ts';
import type { Session } from './session.ts';

/** What a view needs of the extension. */
export interface ViewTools {
  readonly extension: vscode.Uri;
  readonly memory: vscode.Memento;
  /** The service for the notebook; undefined where it may not run. */
  connect(session: Session): HostService | undefined;
  /** Why it may not, for people. */
  refusal(session: Session): string | undefined;
  runArguments(session: Session): Promise<readonly string[]>;
  save(session: Session): Promise<boolean>;
  open(session: Session, what: OpenRequest): Promise<void>;
  goTo(session: Session, cell: string, range?: vscode.Range): Promise<void>;
}

const viewType = 'cellwright.pipeline';
const settingsKey = 'view';

/** Draws a frame around cells while their task is hovered in the view. */
const marked = vscode.window.createTextEditorDecorationType({
  isWholeLine: true,
  backgroundColor: new vscode.ThemeColor('editor.rangeHighlightBackground'),
});

/** The view of one notebook. */
export class PipelineView implements vscode.Disposable {
  readonly #session: Session;
  readonly #tools: ViewTools;
  readonly #panel: vscode.WebviewPanel;
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #closed = new vscode.EventEmitter<void>();
  readonly onDidClose: vscode.Event<void> = this.#closed.event;

  /** @param column where it is shown; beside the notebook when it is not said */
  constructor(session: Session, tools: ViewTools, column: vscode.ViewColumn = vscode.ViewColumn.Beside) {
    this.#session = session;
    this.#tools = tools;
    const dist = vscode.Uri.joinPath(tools.extension, 'dist');
    this.#panel = vscode.window.createWebviewPanel(
      viewType,
      `Pipeline: ${nameOf(session.notebook)}`,
      { viewColumn: column, preserveFocus: true },
      // The page is not drawn again when another tab was in front: it follows a run and has a place that it was scrolled to.
      { enableScripts: true, retainContextWhenHidden: true, localResourceRoots: [dist], enableFindWidget: true },
    );
    this.#panel.iconPath = vscode.Uri.joinPath(tools.extension, 'media', 'icon.svg');
    const { webview } = this.#panel;
    const address = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
    this.#subscriptions.push(
      webview.onDidReceiveMessage((message: FromPage) => void this.#take(message)),
      this.#panel.onDidDispose(() => this.#end()),
      vscode.window.onDidChangeNotebookEditorSelection(({ notebookEditor }) => this.#select(notebookEditor)),
      vscode.workspace.onDidChangeNotebookDocument(({ notebook }) => {
        if (notebook === session.notebook) this.#sendNotebook();
      }),
      vscode.workspace.onDidSaveNotebookDocument((notebook) => {
        if (notebook === session.notebook) void this.#saved();
      }),
    );
    const files = {
      script: address('webview.js'),
      worker: address('compile-worker.js'),
      runtimeWasm: address('web-tree-sitter.wasm'),
      languageWasm: address('tree-sitter-python.wasm'),
      typescript: address('typescript.mjs'),
      source: webview.cspSource,
    };
    webview.html = panelPage(files, makeNonce());
  }

  /** Where it is shown. */
  get column(): vscode.ViewColumn | undefined {
    return this.#panel.viewColumn;
  }

  reveal(): void {
    this.#panel.reveal(undefined, true);
  }

  /** Shows a run that was started elsewhere. */
  follow(run: string): void {
    this.#send({ type: 'follow', run });
  }

  /** Marks a cell in the picture. */
  select(cell: string): void {
    this.#send({ type: 'select', cell });
  }

  dispose(): void {
    this.#panel.dispose();
  }

  #end(): void {
    this.#highlight([]);
    for (const one of this.#subscriptions) one.dispose();
    this.#closed.fire();
    this.#closed.dispose();
  }

  #send(message: FromHost): void {
    void this.#panel.webview.postMessage(message);
  }

  async #take(message: FromPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        await this.#begin();
        return;
      case 'request':
        await this.#pass(message.id, message.method, message.params);
        return;
      case 'save':
        this.#send({ type: 'answer', id: message.id, result: await this.#tools.save(this.#session) });
        return;
      case 'go-to':
        await this.#tools.goTo(this.#session, message.cell, message.range && rangeOf(message.range));
        return;
      case 'highlight':
        this.#highlight(message.cells);
        return;
      case 'open':
        await this.#tools.open(this.#session, message.what);
        return;
      case 'edit':
        await this.#edit(message.edit);
        return;
      case 'settings':
        await this.#tools.memory.update(settingsKey, message.settings);
        return;
    }
  }

  async #begin(): Promise<void> {
    const service = this.#tools.connect(this.#session);
    if (service !== undefined) {
      const ends = [
        service.onNotification((notification) => this.#send({ type: 'notification', notification })),
        service.onConnected?.((connected) => this.#send({ type: 'connected', connected })),
      ];
      this.#subscriptions.push(new vscode.Disposable(() => ends.forEach((end) => end?.())));
    }
    this.#send({
      type: 'start',
      hasService: service !== undefined,
      notebookPath: fileOf(this.#session.notebook),
      runsRefused: this.#tools.refusal(this.#session),
      runArguments: await this.#tools.runArguments(this.#session),
      settings: this.#tools.memory.get<ViewSettings>(settingsKey),
    });
    this.#sendNotebook();
    const editor = vscode.window.visibleNotebookEditors.find(({ notebook }) => notebook === this.#session.notebook);
    if (editor !== undefined) this.#select(editor);
    const { run } = this.#session.model;
    if (run !== undefined) this.follow(run);
  }

  /** Passes a request on, and tells the extension of a run that began with it. */
  async #pass(id: number, method: Method, params: unknown): Promise<void> {
    try {
      const service = this.#tools.connect(this.#session);
      if (service === undefined) throw new Error(this.#tools.refusal(this.#session) ?? 'There is no service.');
      const result = await service.request(method, params as ParamsOf<Method>);
      if (method === 'start' && result !== null && 'run' in result) this.#session.model.follow(result.run);
      this.#send({ type: 'answer', id, result });
    } catch (error) {
      this.#send({ type: 'refusal', id, error: errorOf(error) });
    }
  }

  #sendNotebook(): void {
    const { notebook } = this.#session;
    this.#send({ type: 'notebook', text: textOf(notebook), name: nameOf(notebook) });
  }

  async #saved(): Promise<void> {
    const runArguments = await this.#tools.runArguments(this.#session);
    this.#send({ type: 'path', notebookPath: fileOf(this.#session.notebook), runArguments });
    this.#send({ type: 'saved' });
  }

  #select(editor: vscode.NotebookEditor): void {
    if (editor.notebook !== this.#session.notebook) return;
    const [selection] = editor.selections;
    const cell = selection === undefined ? undefined : editor.notebook.getCells()[selection.start];
    this.#send({ type: 'select', cell: cell && this.#session.stateOf(cell)?.cell });
  }

  #highlight(ids: readonly string[]): void {
    const wanted = new Set(ids.flatMap((id) => this.#session.cellWith(id)?.document ?? []));
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.scheme !== 'vscode-notebook-cell') continue;
      const whole = new vscode.Range(0, 0, editor.document.lineCount, 0);
      editor.setDecorations(marked, wanted.has(editor.document) ? [whole] : []);
    }
  }

  async #edit(edit: CellEdit): Promise<void> {
    const cell = this.#session.cellWith(edit.cell);
    // The remedy was made for another text: its place would be wrong.
    if (cell === undefined || this.#session.sourceOf(cell) !== edit.source) return;
    await vscode.workspace.applyEdit(workspaceEdit(cell.document, edit));
  }
}

/** What is told of a request that did not succeed. */
function errorOf(error: unknown): ResponseError {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ServiceRefusal)) return { code: errorCodes.internal, message };
  const { code, data } = error;
  return { code: Object.values(errorCodes).find((known) => known === code) ?? errorCodes.internal, message, data };
}
