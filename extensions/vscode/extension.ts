/** Puts the extension together, in Node and in a browser alike. */
import * as vscode from 'vscode';
import { ChecksView } from './checks-view.ts';
import { registerCodePages } from './code-page.ts';
import { goToCell, registerCommands } from './commands.ts';
import { NotebookModel } from './notebook-model.ts';
import { fileOf, kernelOf, notebookType } from './open-notebook.ts';
import { PipelineViews } from './pipeline-views.ts';
import type { Place } from './place.ts';
import { Problems } from './problems.ts';
import { QuickFixes } from './quick-fixes.ts';
import { showReport } from './report-view.ts';
import { RunTasks, taskType } from './run-tasks.ts';
import { RunsTree } from './runs-tree.ts';
import { Services } from './services.ts';
import { Sessions, type Session } from './session.ts';
import { StatusItems } from './status-items.ts';
import { TasksTree } from './tasks-tree.ts';
import { tellProblems } from './tell.ts';

/** Starts everything; what it registers ends with the extension. */
export function startExtension(context: vscode.ExtensionContext, place: Place): void {
  const log = vscode.window.createOutputChannel('Cellwright', { log: true });
  const services = new Services(place, log);
  const sessions = new Sessions((notebook) => makeModel(notebook, { place, services, log }));
  const views = new PipelineViews(sessions, {
    extension: context.extensionUri,
    memory: context.workspaceState,
    connect: ({ notebook }) => services.connect(notebook),
    refusal: ({ notebook }) => services.refusal(notebook),
    runArguments: async ({ notebook }) => await runArguments(notebook, services),
    save: async ({ notebook }) => await saved(notebook),
    open: async (_, { path, html }) => {
      if (html !== undefined) showReport({ path, html });
      else await vscode.window.showNotebookDocument(await vscode.workspace.openNotebookDocument(vscode.Uri.file(path)));
    },
    goTo: goToCell,
  });
  const problems = new Problems(sessions);
  const runs = new RunsTree(sessions, services);
  const tasks = new TasksTree(sessions);
  const items = new StatusItems(sessions);
  context.subscriptions.push(
    ...[log, services, sessions, views, problems, runs, tasks, items, new ChecksView(sessions, services)],
    registerCodePages(),
    registerCommands({ sessions, services, views, runs }),
    vscode.notebooks.registerNotebookCellStatusBarItemProvider(notebookType, items),
    vscode.languages.registerCodeActionsProvider({ notebookType }, new QuickFixes(problems), {
      providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
    }),
    vscode.window.registerTreeDataProvider('cellwright.tasks', tasks),
    vscode.window.registerTreeDataProvider('cellwright.runs', runs),
    keepContext(sessions, services),
    vscode.workspace.onDidGrantWorkspaceTrust(() => views.keep(() => sessions.start())),
  );
  const { processes } = place;
  if (processes !== undefined) {
    context.subscriptions.push(
      vscode.tasks.registerTaskProvider(
        taskType,
        new RunTasks({
          openTerminal: (call) => processes.openTerminal(call),
          placeArguments: async (notebook) => await services.placeArguments(notebook, await kernelNamed(notebook)),
        }),
      ),
      processes.onInterpreterChange(() => sessions.all().forEach(({ model }) => model.notebookSaved())),
    );
  }
  sessions.start();
}

interface Around {
  readonly place: Place;
  readonly services: Services;
  readonly log: vscode.LogOutputChannel;
}

function makeModel(notebook: vscode.NotebookDocument, { place, services, log }: Around): NotebookModel {
  let words: readonly string[] = [];
  return new NotebookModel({
    service: services.connect(notebook),
    get notebookPath() {
      return fileOf(notebook);
    },
    createThread: place.createThread,
    compilerFiles: place.compilerFiles,
    prepare: async () => {
      words = await runArguments(notebook, services);
    },
    runArguments: () => words,
    beforeRun: async () => await saved(notebook),
    onTrouble: ({ message, diagnostics }) => {
      log.error(message);
      tellProblems(message, { diagnostics });
    },
  });
}

async function runArguments(notebook: vscode.NotebookDocument, services: Services): Promise<readonly string[]> {
  return [...(await services.placeArguments(notebook.uri, kernelOf(notebook))), ...services.runArguments(notebook.uri)];
}

/** The kernel that a notebook names which may not be open. */
async function kernelNamed(notebook: vscode.Uri): Promise<string | undefined> {
  return kernelOf(await vscode.workspace.openNotebookDocument(notebook));
}

/** A run reads the file. */
async function saved(notebook: vscode.NotebookDocument): Promise<boolean> {
  return !notebook.isDirty || (await notebook.save());
}

/** What decides which buttons and commands there are. */
function keepContext(sessions: Sessions, services: Services): vscode.Disposable {
  const set = (session: Session | undefined): void => {
    const canRun = session !== undefined && services.refusal(session.notebook) === undefined;
    void vscode.commands.executeCommand('setContext', 'cellwright.canRun', canRun);
    const isRunning = session !== undefined && session.model.activity !== 'idle';
    void vscode.commands.executeCommand('setContext', 'cellwright.isRunning', isRunning);
  };
  return vscode.Disposable.from(
    sessions.onDidActivate(set),
    sessions.onDidChange((session) => {
      if (session === sessions.active) set(session);
    }),
  );
}
