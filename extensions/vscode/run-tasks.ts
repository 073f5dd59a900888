/** Tasks of the editor that call the command line in a terminal: run, verify, test, status. */
import * as vscode from 'vscode';
import type { TerminalCall } from './place.ts';
import { taskArguments, type TaskOrder } from './task-line.ts';

export const taskType = 'cellwright';

/** What tasks need of the place that they run on. */
export interface TaskPlace {
  /** A terminal in which the command line runs. */
  openTerminal(call: TerminalCall): vscode.Pseudoterminal;
  /** Arguments that say which interpreter a command of a notebook gets. */
  placeArguments(notebook: vscode.Uri): Promise<readonly string[]>;
}

const commands = ['run', 'verify'] as const;

/** Offers a task to run and one to verify each notebook of the workspace, and resolves those of tasks.json. */
export class RunTasks implements vscode.TaskProvider {
  readonly #place: TaskPlace;

  constructor(place: TaskPlace) {
    this.#place = place;
  }

  async provideTasks(): Promise<vscode.Task[]> {
    if (!vscode.workspace.isTrusted) return [];
    const found = await vscode.workspace.findFiles(
      '**/*.ipynb',
      '**/{node_modules,.ipynb_checkpoints,*.cellwright}/**',
      50,
    );
    return found.flatMap((file) => {
      const folder = vscode.workspace.getWorkspaceFolder(file);
      if (folder === undefined || file.scheme !== 'file') return [];
      const notebook = vscode.workspace.asRelativePath(file, false);
      return commands.map((command) => this.#taskOf({ type: taskType, command, notebook }, folder));
    });
  }

  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const { scope, definition } = task;
    if (!vscode.workspace.isTrusted || typeof scope !== 'object') return undefined;
    const order = definition as Partial<TaskOrder>;
    if (typeof order.command !== 'string' || typeof order.notebook !== 'string') return undefined;
    return this.#taskOf(definition as TaskOrder, scope);
  }

  /** A task for one command of one notebook. */
  #taskOf(order: TaskOrder, folder: vscode.WorkspaceFolder): vscode.Task {
    const execution = new vscode.CustomExecution(async () => {
      const notebook = vscode.Uri.joinPath(folder.uri, order.notebook);
      const words = taskArguments(order, await this.#place.placeArguments(notebook));
      return this.#place.openTerminal({ words, folder: folder.uri.fsPath, notebook: order.notebook });
    });
    const name = `${order.command} ${order.notebook}`;
    const task = new vscode.Task(order, folder, name, 'cellwright', execution, ['$cellwright']);
    task.detail = detailOf(order.command);
    if (order.command === 'test') task.group = vscode.TaskGroup.Test;
    return task;
  }
}

function detailOf(command: string): string {
  const details: Readonly<Record<string, string>> = {
    run: 'Runs the notebook as a pipeline, and takes from the cache what is as it was',
    verify: 'Compares a run, cell by cell, with Restart & Run All',
    test: 'Runs the checks of cells',
    status: 'Says what a run would reuse',
  };
  return details[command] ?? '';
}
