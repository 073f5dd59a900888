/** The tree of runs: what is recorded of the notebook in front, the newest first. */
import * as vscode from 'vscode';
import { runItems, type RunItem } from './run-items.ts';
import type { Session, Sessions } from './session.ts';
import type { Services } from './services.ts';

/** So many runs are shown. */
const most = 50;

/** Asks again when a run came to its end and when another notebook came to the front. */
export class RunsTree implements vscode.TreeDataProvider<RunItem>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData: vscode.Event<void> = this.#changed.event;
  readonly #sessions: Sessions;
  readonly #services: Services;
  readonly #subscription: vscode.Disposable;
  /** What the list depends on, as it was when it was last shown. */
  #seen = '';

  constructor(sessions: Sessions, services: Services) {
    this.#sessions = sessions;
    this.#services = services;
    this.#subscription = vscode.Disposable.from(
      sessions.onDidChange(() => this.#refreshIfOther()),
      sessions.onDidActivate(() => this.#refreshIfOther()),
    );
  }

  refresh(): void {
    this.#changed.fire();
  }

  async getChildren(item?: RunItem): Promise<RunItem[]> {
    const session = this.#sessions.active;
    if (item !== undefined || session === undefined) return [];
    const document = await this.#services.command(session.notebook, ['runs'], ['--limit', String(most)]);
    return document === undefined ? [] : [...runItems(document, session.model.run)];
  }

  getTreeItem(item: RunItem): vscode.TreeItem {
    const shown = new vscode.TreeItem(item.label);
    shown.id = item.run;
    shown.description = item.description;
    shown.tooltip = item.tooltip;
    shown.iconPath = new vscode.ThemeIcon(item.icon);
    shown.contextValue = item.isGoingOn ? 'running' : 'run';
    shown.accessibilityInformation = { label: `${item.label}, ${item.description}` };
    shown.command = { command: 'cellwright.openRunReport', title: 'Show Run', arguments: [item.run] };
    return shown;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  #refreshIfOther(): void {
    const now = whatMatters(this.#sessions.active);
    if (now === this.#seen) return;
    this.#seen = now;
    this.#changed.fire();
  }
}

function whatMatters(session: Session | undefined): string {
  if (session === undefined) return '';
  return [session.notebook.uri.toString(), session.model.run ?? '', session.model.activity].join('\n');
}
