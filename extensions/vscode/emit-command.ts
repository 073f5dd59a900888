/** Compile to…: writes a notebook as a bundle or as a project of a workflow engine. */
import * as vscode from 'vscode';
import type { CommandDocument } from '../service/protocol.ts';
import type { Session } from './session.ts';
import { folderFor, type Services } from './services.ts';
import { tellProblems } from './tell.ts';

interface Choice extends vscode.QuickPickItem {
  /** Undefined: the bundle. */
  readonly engine: string | undefined;
}

/** Asks for what and where, and writes it. */
export async function emitNotebook({ notebook }: Session, services: Services): Promise<void> {
  const listed = await services.about(notebook, ['emit', '--list']);
  const choice = await vscode.window.showQuickPick(choicesOf(listed), {
    title: 'Compile to…',
    placeHolder: 'Executes nothing',
  });
  if (choice === undefined) return;
  const stem = notebook.uri.path.replace(/^.*\//, '').replace(/\.[^.]*$/, '');
  const around = vscode.Uri.joinPath(notebook.uri, '..');
  const proposed = vscode.Uri.joinPath(around, `${stem}.${choice.engine ?? 'bundle'}`);
  const folder = await vscode.window.showInputBox({
    title: `Compile to ${choice.label}`,
    prompt: 'Folder that is written',
    value: vscode.workspace.asRelativePath(proposed, false),
  });
  if (folder === undefined || folder === '') return;
  const words = choice.engine === undefined ? ['compile'] : ['emit', '--target', choice.engine];
  const document = await services.command(notebook, words, ['-o', folder]);
  if (document === undefined) return;
  if (document.status !== 'ok') {
    tellProblems(`${stem} could not be compiled to ${choice.label}.`, document);
    return;
  }
  const written = folder.startsWith('/')
    ? vscode.Uri.file(folder)
    : vscode.Uri.joinPath(vscode.Uri.file(folderFor(notebook)), folder);
  const reveal = 'Show Folder';
  const chosen = await vscode.window.showInformationMessage(`Written: ${folder}`, reveal);
  if (chosen === reveal) await vscode.commands.executeCommand('revealInExplorer', written);
}

function choicesOf(listed: CommandDocument | undefined): Choice[] {
  const engines = (listed?.['targets'] ?? []) as readonly { readonly name: string; readonly help: string }[];
  return [
    {
      label: 'a bundle',
      description: 'the pipeline itself, for cellwright run and as Python modules to read',
      engine: undefined,
    },
    ...engines.map(({ name, help }) => ({ label: name, description: help, engine: name })),
  ];
}
