/** The tree of tasks: the cells of the notebook in front, below its headings. */
import * as vscode from 'vscode';
import type { CellState, CellStateName } from '../ui/panel.ts';
import type { Section } from '../ui/sections.ts';
import { sayDuration } from '../ui/state-words.ts';
import type { Session, Sessions } from './session.ts';
import { iconOf, namesRead, namesWritten } from './status-texts.ts';

type Node =
  | { readonly kind: 'section'; readonly session: Session; readonly section: Section }
  | { readonly kind: 'task'; readonly session: Session; readonly state: CellState };

const colours: Readonly<Partial<Record<CellStateName, string>>> = {
  done: 'testing.iconPassed',
  cached: 'charts.blue',
  fused: 'testing.iconPassed',
  failed: 'testing.iconFailed',
  gated: 'testing.iconFailed',
  refused: 'editorWarning.foreground',
  stale: 'charts.orange',
};

/** Follows the notebook in front. */
export class TasksTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData: vscode.Event<void> = this.#changed.event;
  readonly #sessions: Sessions;
  readonly #subscription: vscode.Disposable;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#subscription = vscode.Disposable.from(
      sessions.onDidChange((session) => {
        if (session === sessions.active) this.#changed.fire();
      }),
      sessions.onDidActivate(() => this.#changed.fire()),
      sessions.onDidClose(() => this.#changed.fire()),
    );
  }

  getChildren(node?: Node): Node[] {
    const session = node?.session ?? this.#sessions.active;
    const sections = session?.model.pipeline?.sections ?? [];
    if (session === undefined || node?.kind === 'task') return [];
    const parent = node?.section.id;
    const own =
      node === undefined
        ? withoutSection(session)
        : node.section.cells.flatMap((id) => session.model.cells.get(id) ?? []);
    return [
      ...own.map((state): Node => ({ kind: 'task', session, state })),
      ...sections
        .filter((one) => one.parent === parent)
        .map((section): Node => ({ kind: 'section', session, section })),
    ];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node.kind === 'section' ? sectionItem(node.section) : taskItem(node.session, node.state);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

/** Cells above the first heading, and all where there is none. */
function withoutSection({ model }: Session): readonly CellState[] {
  return model.cells.all().filter(({ cell }) => model.pipeline?.byId.get(cell)?.section === undefined);
}

function sectionItem({ id, title, all }: Section): vscode.TreeItem {
  const item = new vscode.TreeItem(title, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `section:${id}`;
  item.description = String(all.length);
  return item;
}

/** A cell whose new text is being looked at. */
function editedItem(state: CellState): vscode.TreeItem {
  const item = new vscode.TreeItem(titleOf(state));
  item.description = 'edited';
  item.iconPath = new vscode.ThemeIcon(iconOf.stale);
  item.accessibilityInformation = { label: `Task ${String(state.number)}, ${state.label}: edited` };
  return item;
}

function titleOf({ number, label }: CellState): string {
  return number > 0 ? `[${String(number)}] ${label}` : label;
}

function taskItem(session: Session, state: CellState): vscode.TreeItem {
  const { notebook } = session;
  if (!session.isCurrent(state)) return editedItem(state);
  const item = new vscode.TreeItem(titleOf(state));
  const time = state.seconds === undefined ? '' : `  ${sayDuration(state.seconds)}`;
  item.id = `task:${notebook.uri.toString()}:${state.cell}`;
  item.description = `${state.words}${time}`;
  const colour = colours[state.state];
  item.iconPath = new vscode.ThemeIcon(
    iconOf[state.state],
    colour === undefined ? undefined : new vscode.ThemeColor(colour),
  );
  item.contextValue = state.state === 'failed' || state.state === 'gated' ? 'failed' : 'task';
  const lines = [
    `${state.label}: ${state.words}`,
    ...(state.why === '' ? [] : [state.why]),
    `Reads ${namesRead(state).join(', ') || 'nothing of other cells'}`,
    `Writes ${namesWritten(state).join(', ') || 'nothing that other cells could use'}`,
  ];
  item.tooltip = lines.join('\n');
  item.accessibilityInformation = { label: `Task ${String(state.number)}, ${lines.join(', ')}` };
  item.command = { command: 'cellwright.goToCell', title: 'Go to Cell', arguments: [notebook.uri, state.cell] };
  return item;
}
