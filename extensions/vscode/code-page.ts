/** What a diagnostic code means, as a page of the editor; the catalogue is in the extension, so nothing is loaded for it. */
import * as vscode from 'vscode';
import { diagnosticCatalogue } from '../../compiler/bundle/codes.ts';

const scheme = 'cellwright-code';

/** The entry of the catalogue as Markdown. */
export function codeText(code: string): string {
  const entry = Object.entries(diagnosticCatalogue).find(([name]) => name === code)?.[1];
  if (entry === undefined) return `# ${code}\n\nThere is no such code.\n`;
  return `# ${code}: ${entry.title}\n\n${entry.why}\n\n**What to do.** ${entry.next}\n`;
}

/** Makes the pages, and the command that opens one. */
export function registerCodePages(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(scheme, {
      provideTextDocumentContent: ({ path }) => codeText(path.replace(/\.md$/, '')),
    }),
    vscode.commands.registerCommand('cellwright.explainCode', async (code: unknown) => {
      if (typeof code !== 'string') return;
      const page = vscode.Uri.from({ scheme, path: `${code}.md` });
      const commands = await vscode.commands.getCommands(true);
      // The editor's own Markdown extension, which can be switched off.
      if (commands.includes('markdown.showPreviewToSide'))
        await vscode.commands.executeCommand('markdown.showPreviewToSide', page);
      else await vscode.window.showTextDocument(page, { viewColumn: vscode.ViewColumn.Beside });
    }),
  );
}
