/** The checks of a notebook's cells, as `cellwright test` keeps them. */
import * as vscode from 'vscode';

/** One check. */
export interface Check {
  readonly name: string;
  /** Id of the cell whose function it calls. */
  readonly cell: string;
}

/** The folder of a notebook's checks: its name as Python may write it, below `tests/fixtures`. */
export function checksFolder(notebook: vscode.Uri): vscode.Uri {
  const name = notebook.path.replace(/^.*\//, '').replace(/\.[^.]*$/, '');
  const stem = name.replaceAll(/\W+/g, '_').replace(/^(?=\d)/, '_');
  return vscode.Uri.joinPath(notebook, '..', 'tests', 'fixtures', stem);
}

/** Reads what is there; none where there is no such folder. */
export async function checksOf(notebook: vscode.Uri): Promise<readonly Check[]> {
  const folder = checksFolder(notebook);
  let entries: [string, vscode.FileType][];
  try {
    entries = await vscode.workspace.fs.readDirectory(folder);
  } catch {
    return [];
  }
  const found = await Promise.all(
    entries
      .filter(([, type]) => type === vscode.FileType.Directory)
      .map(async ([name]) => await readCheck(folder, name)),
  );
  return found.flatMap((check) => check ?? []).sort((one, other) => (one.name < other.name ? -1 : 1));
}

async function readCheck(folder: vscode.Uri, name: string): Promise<Check | undefined> {
  try {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, name, 'fixture.json'));
    const { cell } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly cell?: unknown };
    return { name, cell: typeof cell === 'string' ? cell : '' };
  } catch {
    // Being written at this moment, or no check; the watcher comes back when it is.
    return undefined;
  }
}
