/** Quick fixes: what can be done about a problem with one click. */
import * as vscode from 'vscode';
import type { CellEdit } from '../ui/panel.ts';
import { rangeOf } from './open-notebook.ts';
import type { Problems } from './problems.ts';

/** Offers the remedies of the problems at the place that is asked for, and the explanation of each. */
export class QuickFixes implements vscode.CodeActionProvider {
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    return this.#problems.at(document.uri, range).flatMap((shown) => {
      const { code, remedies } = shown.problem;
      const fixes = remedies
        // An edit that was made for another text would hit the wrong place.
        .filter(({ edit }) => edit.source === document.getText())
        .map(({ title, edit }, place) => {
          const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
          action.edit = workspaceEdit(document, edit);
          action.diagnostics = [shown];
          action.isPreferred = place === 0;
          return action;
        });
      if (code === '') return fixes;
      const explain = new vscode.CodeAction(`Explain ${code}`, vscode.CodeActionKind.QuickFix);
      explain.command = { command: 'cellwright.explainCode', title: explain.title, arguments: [code] };
      explain.diagnostics = [shown];
      return [...fixes, explain];
    });
  }
}

/** An edit of a cell as one of the editor, which can be undone there. */
export function workspaceEdit(document: vscode.TextDocument, { range, newText }: CellEdit): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  if (range === undefined) edit.insert(document.uri, new vscode.Position(0, 0), newText);
  else edit.replace(document.uri, rangeOf(range), newText);
  return edit;
}
