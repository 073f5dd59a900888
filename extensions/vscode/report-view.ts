/** Shows the report of a run, a page that needs no program and asks for nothing: its own content security policy says so. */
import * as vscode from 'vscode';

/** Opens a page of its own for a report. */
export function showReport({ path, html }: { readonly path: string; readonly html: string }): void {
  const name = path.replace(/^.*[\\/]/, '');
  const panel = vscode.window.createWebviewPanel('cellwright.report', name, vscode.ViewColumn.Active, {
    enableScripts: false,
    enableFindWidget: true,
    localResourceRoots: [],
  });
  panel.webview.html = html;
}
