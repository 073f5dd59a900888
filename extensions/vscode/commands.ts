/** The commands of the extension. */
import * as vscode from 'vscode';
import type { RunRequest } from '../ui/panel.ts';
import { emitNotebook } from './emit-command.ts';
import { idOf } from './notebook-text.ts';
import { fileOf, notebookType } from './open-notebook.ts';
import type { PipelineViews } from './pipeline-views.ts';
import type { RunsTree } from './runs-tree.ts';
import type { Services } from './services.ts';
import type { Session, Sessions } from './session.ts';
import { tellProblems } from './tell.ts';

/** What commands work with. */
export interface CommandTools {
  readonly sessions: Sessions;
  readonly services: Services;
  readonly views: PipelineViews;
  readonly runs: RunsTree;
}

/** A cell of a session. */
interface Chosen {
  readonly session: Session;
  readonly cell: string;
}

/** Registers all commands. */
export function registerCommands(tools: CommandTools): vscode.Disposable {
  const { sessions, services, views, runs } = tools;
  const on = (name: string, act: (...given: unknown[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`cellwright.${name}`, act);
  const onCell = (name: string, act: (chosen: Chosen) => Promise<void>): vscode.Disposable =>
    on(name, async (given) => {
      const chosen = chosenCell(sessions, given);
      if (chosen !== undefined) await act(chosen);
    });
  return vscode.Disposable.from(
    on('showPipeline', async (given) => {
      const session = await sessionFor(sessions, given);
      if (session !== undefined) views.show(session);
    }),
    on('run', async (given) => {
      const session = await sessionFor(sessions, given);
      if (session === undefined) return;
      views.show(session);
      await run(session, {});
    }),
    on('stop', async (given) => (await sessionFor(sessions, given))?.model.stop()),
    onCell('runCell', async ({ session, cell }) => await run(session, { only: cell })),
    onCell('runUntil', async ({ session, cell }) => await run(session, { until: cell })),
    onCell('debugCell', async (chosen) => await debugCell(chosen, services)),
    onCell('captureCheck', async (chosen) => await captureCheck(chosen, services)),
    onCell('showCell', async ({ session, cell }) => {
      views.show(session).select(cell);
      await Promise.resolve();
    }),
    on('openReport', async (given) => {
      const session = await sessionFor(sessions, given);
      if (session !== undefined) await services.showReport(session.notebook);
    }),
    on('verify', async (given) => {
      const session = await sessionFor(sessions, given);
      if (session !== undefined) await runTask(session, 'verify');
    }),
    on('emit', async (given) => {
      const session = await sessionFor(sessions, given);
      if (session !== undefined) await emitNotebook(session, services);
    }),
    on('goToCell', async (uri, cell) => {
      const session = sessions.all().find(({ notebook }) => notebook.uri.toString() === String(uri));
      if (session !== undefined && typeof cell === 'string') await goToCell(session, cell);
    }),
    on('openRunReport', (run) => {
      const session = sessions.active;
      if (session === undefined || typeof run !== 'string') return;
      session.model.follow(run);
      views.show(session).follow(run);
    }),
    on('refreshRuns', () => runs.refresh()),
  );
}

/** Starts a run; where it does not start, the model has told why. */
async function run(session: Session, request: RunRequest): Promise<void> {
  await session.model.start(request);
}

/** The notebook that is meant: of a button in its toolbar or of a file in the explorer, else the one in front. */
async function sessionFor(sessions: Sessions, given: unknown): Promise<Session | undefined> {
  const uri = given instanceof vscode.Uri ? given : uriOfToolbar(given);
  if (uri === undefined) return sessions.active;
  const open = await vscode.workspace.openNotebookDocument(uri);
  const isShown = vscode.window.visibleNotebookEditors.some(({ notebook }) => notebook === open);
  if (!isShown && open.notebookType === notebookType) await vscode.window.showNotebookDocument(open);
  return sessions.of(open);
}

/** A button of a notebook's toolbar gives the place that it stands in. */
function uriOfToolbar(given: unknown): vscode.Uri | undefined {
  if (typeof given !== 'object' || given === null || !('notebookEditor' in given)) return undefined;
  const { notebookEditor } = given as { readonly notebookEditor?: { readonly notebookUri?: unknown } };
  return notebookEditor?.notebookUri instanceof vscode.Uri ? notebookEditor.notebookUri : undefined;
}

/** The cell that is meant: of a menu of a cell, of a task in the tree, by its id, else the one that is selected. */
function chosenCell(sessions: Sessions, given: unknown): Chosen | undefined {
  if (typeof given === 'object' && given !== null) {
    if ('session' in given && 'state' in given) {
      const { session, state } = given as { readonly session: Session; readonly state: { readonly cell: string } };
      return { session, cell: state.cell };
    }
    if ('notebook' in given) {
      const cell = given as vscode.NotebookCell;
      return inSession(sessions.of(cell.notebook), cell);
    }
  }
  if (typeof given === 'string') return sessions.active && { session: sessions.active, cell: given };
  const editor = vscode.window.activeNotebookEditor;
  const [selection] = editor?.selections ?? [];
  if (editor === undefined || selection === undefined) return undefined;
  return inSession(sessions.of(editor.notebook), editor.notebook.cellAt(selection.start));
}

function inSession(session: Session | undefined, cell: vscode.NotebookCell): Chosen | undefined {
  const id = session?.stateOf(cell)?.cell ?? idOf(cell.metadata);
  return session === undefined || id === undefined ? undefined : { session, cell: id };
}

/** Shows and selects a cell, and a place in it. */
export async function goToCell(session: Session, id: string, range?: vscode.Range): Promise<void> {
  const cell = session.cellWith(id);
  if (cell === undefined) return;
  const visible = vscode.window.visibleNotebookEditors.find(({ notebook }) => notebook === session.notebook);
  const selection = new vscode.NotebookRange(cell.index, cell.index + 1);
  const editor = await vscode.window.showNotebookDocument(session.notebook, {
    selections: [selection],
    ...(visible?.viewColumn === undefined ? {} : { viewColumn: visible.viewColumn }),
  });
  editor.revealRange(selection, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
  if (range === undefined) return;
  const code = vscode.window.visibleTextEditors.find(({ document }) => document === cell.document);
  if (code === undefined) return;
  code.selection = new vscode.Selection(range.start, range.end);
  code.revealRange(range);
}

/** Writes a notebook that opens at a cell with what it started with, and opens it. */
async function debugCell({ session, cell }: Chosen, services: Services): Promise<void> {
  const { notebook, model } = session;
  const file = fileOf(notebook);
  if (model.run === undefined || file === undefined) {
    void vscode.window.showInformationMessage('There is no run yet whose inputs the cell could be opened with.');
    return;
  }
  const name = model.cells.get(cell)?.task ?? 'cell';
  const target = vscode.Uri.joinPath(notebook.uri, '..', `${name}.debug.ipynb`);
  const words = ['--task', cell, '-o', target.fsPath];
  const document = await services.about(notebook, ['debug', model.run, ...words]);
  if (document === undefined) return;
  if (document.status !== 'ok') {
    tellProblems('The cell could not be opened with its inputs.', document);
    return;
  }
  const opened = await vscode.workspace.openNotebookDocument(target);
  const editor = await vscode.window.showNotebookDocument(opened);
  const last = new vscode.NotebookRange(Math.max(0, opened.cellCount - 1), opened.cellCount);
  editor.selection = last;
  editor.revealRange(last);
}

/** Makes a check of what the last run has left of a cell. */
async function captureCheck({ session, cell }: Chosen, services: Services): Promise<void> {
  const document = await services.command(session.notebook, ['test'], ['--capture', cell]);
  if (document === undefined) return;
  if (document.status === 'ok') {
    const checks = (document['checks'] ?? []) as readonly string[];
    void vscode.window.showInformationMessage(
      `The check was made; the notebook has ${String(checks.length)} now. They are in the Testing view.`,
    );
  } else tellProblems('No check could be made of the cell.', document);
}

/** Runs one of the tasks that the extension offers for the notebook, in a terminal. */
async function runTask({ notebook }: Session, command: string): Promise<void> {
  if (notebook.isDirty && !(await notebook.save())) return;
  const path = vscode.workspace.asRelativePath(notebook.uri, false);
  const tasks = await vscode.tasks.fetchTasks({ type: 'cellwright' });
  const task = tasks.find(({ definition }) => definition['command'] === command && definition['notebook'] === path);
  if (task === undefined) {
    void vscode.window.showInformationMessage(
      `${path} is not in a folder of this workspace; open its folder to ${command} it.`,
    );
    return;
  }
  await vscode.tasks.executeTask(task);
}
