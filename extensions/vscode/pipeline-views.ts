/** The pipeline views that are open, one a notebook. */
import * as vscode from 'vscode';
import { PipelineView, type ViewTools } from './pipeline-view.ts';
import type { Session, Sessions } from './session.ts';

/** Opens views and closes them with their notebooks. */
export class PipelineViews implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #tools: ViewTools;
  readonly #open = new Map<Session, PipelineView>();
  readonly #subscription: vscode.Disposable;

  constructor(sessions: Sessions, tools: ViewTools) {
    this.#sessions = sessions;
    this.#tools = tools;
    this.#subscription = vscode.Disposable.from(
      sessions.onDidClose((session) => this.#open.get(session)?.dispose()),
      // A run that was started from a button or found going on is shown in the view, too.
      sessions.onDidChange((session) => {
        const { run } = session.model;
        if (run !== undefined) this.#open.get(session)?.follow(run);
      }),
    );
  }

  /** Opens the views again that are open now, when sessions are made anew. */
  keep(renew: () => void): void {
    const shown = new Map([...this.#open].map(([{ notebook }, view]) => [notebook, view.column]));
    renew();
    for (const session of this.#sessions.all())
      if (shown.has(session.notebook)) this.show(session, shown.get(session.notebook));
  }

  /** The view of a notebook, brought to the front. */
  show(session: Session, column?: vscode.ViewColumn): PipelineView {
    const known = this.#open.get(session);
    if (known !== undefined) {
      known.reveal();
      return known;
    }
    const view = new PipelineView(session, this.#tools, column);
    this.#open.set(session, view);
    view.onDidClose(() => this.#open.delete(session));
    return view;
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const view of [...this.#open.values()]) view.dispose();
  }
}
