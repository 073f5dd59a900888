/** Shows the report of a run, a page that needs no scripts and loads nothing. */
import * as vscode from 'vscode';

/** Where the report of the last run is: beside the results of the notebook. */
export function reportOf(notebook: vscode.Uri): vscode.Uri {
  const stem = notebook.path.replace(/^.*\//, '').replace(/\.[^.]*$/, '');
  return vscode.Uri.joinPath(notebook, '..', `${stem}.cellwright`, `${stem}.report.html`);
}

const policy =
  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-src 'self' data: blob:;\">";

/** Opens a report; says so when there is none. */
export async function showReport(report: vscode.Uri): Promise<void> {
  let html: string;
  try {
    html = new TextDecoder().decode(await vscode.workspace.fs.readFile(report));
  } catch {
    await vscode.window.showInformationMessage(
      `There is no report at ${vscode.workspace.asRelativePath(report)}. Run the pipeline first.`,
    );
    return;
  }
  const name = report.path.replace(/^.*\//, '');
  const panel = vscode.window.createWebviewPanel('cellwright.report', name, vscode.ViewColumn.Active, {
    enableScripts: false,
    localResourceRoots: [],
  });
  // Whatever a cell showed, the page loads nothing.
  panel.webview.html = html.replace(/<head>/i, `<head>${policy}`);
}
