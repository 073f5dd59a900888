/** The status bar of each code cell. */
import * as vscode from 'vscode';
import { idOf } from './notebook-text.ts';
import type { Session, Sessions } from './session.ts';
import { settingsOf } from './settings.ts';
import { statusTexts } from './status-texts.ts';

/** Shows below each cell what it reads and writes, and in what state it is. */
export class StatusItems implements vscode.NotebookCellStatusBarItemProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCellStatusBarItems: vscode.Event<void> = this.#changed.event;
  readonly #sessions: Sessions;
  readonly #subscription: vscode.Disposable;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#subscription = vscode.Disposable.from(
      sessions.onDidChange(() => this.#changed.fire()),
      sessions.onDidClose(() => this.#changed.fire()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('cellwright.cellStatus')) this.#changed.fire();
      }),
    );
  }

  provideCellStatusBarItems(cell: vscode.NotebookCell): vscode.NotebookCellStatusBarItem[] {
    const session = this.#sessions.of(cell.notebook);
    if (session === undefined || !settingsOf(cell.notebook.uri).cellStatus) return [];
    return itemsOf(session, cell);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

function itemsOf(session: Session, cell: vscode.NotebookCell): vscode.NotebookCellStatusBarItem[] {
  const state = session.stateOf(cell);
  if (state === undefined) return [];
  // What was found out of another text of the cell may be wrong by now; its new text is being looked at.
  if (!session.isCurrent(state)) return [stale()];
  return statusTexts(state).map(({ text, tooltip, label }, place) => {
    const item = new vscode.NotebookCellStatusBarItem(text, vscode.NotebookCellStatusBarAlignment.Left);
    item.tooltip = tooltip;
    item.accessibilityInformation = { label };
    item.priority = 100 - place;
    item.command = {
      command: 'cellwright.showCell',
      title: 'Show Cell in Pipeline',
      arguments: [idOf(cell.metadata) ?? state.cell],
    };
    return item;
  });
}

function stale(): vscode.NotebookCellStatusBarItem {
  const item = new vscode.NotebookCellStatusBarItem('$(edit) edited', vscode.NotebookCellStatusBarAlignment.Left);
  item.tooltip = 'The cell was edited; what it reads and writes is being found out.';
  item.accessibilityInformation = { label: 'Cellwright: edited' };
  item.priority = 100;
  return item;
}
