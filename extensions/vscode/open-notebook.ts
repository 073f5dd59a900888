/** Reads what the editor holds of a notebook. */
import * as vscode from 'vscode';
import { idOf, kernelNameOf, notebookText, type OpenNotebook } from './notebook-text.ts';

/** The type under which the editor opens .ipynb files. */
export const notebookType = 'jupyter-notebook';

/** The notebook as it is now, saved or not. */
export function readOpen(notebook: vscode.NotebookDocument): OpenNotebook {
  return {
    cells: notebook.getCells().map((cell) => ({
      kind: kindOf(cell),
      source: cell.document.getText().replaceAll('\r\n', '\n'),
      metadata: cell.metadata,
    })),
    metadata: notebook.metadata,
  };
}

/** The editor has no kind for raw cells: they are code in a language of that name. */
function kindOf(cell: vscode.NotebookCell): 'code' | 'markdown' | 'raw' {
  if (cell.kind === vscode.NotebookCellKind.Markup) return 'markdown';
  return cell.document.languageId === 'raw' ? 'raw' : 'code';
}

/** Its text as a file would have it. */
export function textOf(notebook: vscode.NotebookDocument): string {
  return notebookText(readOpen(notebook));
}

/** The kernel that it names. */
export function kernelOf(notebook: vscode.NotebookDocument): string | undefined {
  return kernelNameOf(readOpen(notebook));
}

/** The base name of its file. */
export function nameOf(notebook: vscode.NotebookDocument): string {
  return notebook.uri.path.split('/').pop() ?? 'notebook.ipynb';
}

/** Its file, where there is one that a process can read. */
export function fileOf(notebook: vscode.NotebookDocument): string | undefined {
  return notebook.uri.scheme === 'file' && !notebook.isUntitled ? notebook.uri.fsPath : undefined;
}

/**
 * The cell with an id. Of notebooks from before nbformat 4.5 the compiler makes ids, which only it knows: there its place decides.
 * @param index where the compiler saw it
 */
export function cellOf(notebook: vscode.NotebookDocument, id: string, index: number): vscode.NotebookCell | undefined {
  const cells = notebook.getCells();
  return cells.find((cell) => idOf(cell.metadata) === id) ?? cells[index];
}

/** A range of the compiler as one of the editor. */
export function rangeOf({
  start,
  end,
}: {
  readonly start: { readonly line: number; readonly column: number };
  readonly end: { readonly line: number; readonly column: number };
}): vscode.Range {
  return new vscode.Range(start.line, start.column, end.line, end.column);
}
