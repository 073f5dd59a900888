/** The Problems panel: what the compiler and the last run say, at the cell and the place that they speak of. */
import * as vscode from 'vscode';
import type { CellState } from '../ui/panel.ts';
import { cellOf, rangeOf } from './open-notebook.ts';
import { problemsOf, type Problem, type ProblemPlace } from './problem-list.ts';
import { raisedLine } from './raised-line.ts';
import type { Session, Sessions } from './session.ts';
import { settingsOf } from './settings.ts';

const severities = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
} as const;

/** A diagnostic as the editor shows it, with the problem that it stands for. */
export class ShownProblem extends vscode.Diagnostic {
  readonly problem: Problem;

  constructor(range: vscode.Range, problem: Problem) {
    super(range, problem.message, severities[problem.severity]);
    this.problem = problem;
  }
}

/** Keeps the panel as the sessions are. */
export class Problems implements vscode.Disposable {
  readonly #shown = vscode.languages.createDiagnosticCollection('cellwright');
  readonly #places = new Map<Session, readonly vscode.Uri[]>();
  readonly #subscription: vscode.Disposable;

  constructor(sessions: Sessions) {
    this.#subscription = vscode.Disposable.from(
      sessions.onDidChange((session) => this.#show(session)),
      sessions.onDidClose((session) => this.#clear(session)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('cellwright')) for (const session of sessions.all()) this.#show(session);
      }),
    );
  }

  /** What is shown of a cell at a place. */
  at(cell: vscode.Uri, range: vscode.Range): readonly ShownProblem[] {
    const found = this.#shown.get(cell) ?? [];
    return found.filter(
      (one): one is ShownProblem => one instanceof ShownProblem && one.range.intersection(range) !== undefined,
    );
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#shown.dispose();
  }

  #show(session: Session): void {
    const { notebook, model } = session;
    const source = {
      states: model.cells.all(),
      general: model.cells.general(),
      textOf: (state: CellState) => session.textOf(state.cell),
      raisedAt: ({ cell }: CellState) => raisedLine(model.runState?.outputs.get(cell)),
    };
    const problems = problemsOf(source, settingsOf(notebook.uri).problems);
    const byPlace = new Map<string, { readonly uri: vscode.Uri; readonly found: ShownProblem[] }>();
    for (const problem of problems) {
      const { uri, range } = this.#placeOf(notebook, problem.place);
      const entry = byPlace.get(uri.toString()) ?? { uri, found: [] };
      byPlace.set(uri.toString(), entry);
      entry.found.push(this.#shownAs(notebook, problem, range));
    }
    const now = [...byPlace.values()];
    for (const uri of this.#places.get(session) ?? []) if (!byPlace.has(uri.toString())) this.#shown.delete(uri);
    for (const { uri, found } of now) this.#shown.set(uri, found);
    this.#places.set(
      session,
      now.map(({ uri }) => uri),
    );
  }

  #shownAs(notebook: vscode.NotebookDocument, problem: Problem, range: vscode.Range): ShownProblem {
    const shown = new ShownProblem(range, problem);
    shown.source = 'cellwright';
    if (problem.code !== '') {
      const asked = encodeURIComponent(JSON.stringify([problem.code]));
      shown.code = { value: problem.code, target: vscode.Uri.parse(`command:cellwright.explainCode?${asked}`) };
    }
    shown.relatedInformation = problem.related.map(({ message, place }) => {
      const { uri, range: where } = this.#placeOf(notebook, place);
      return new vscode.DiagnosticRelatedInformation(new vscode.Location(uri, where), message);
    });
    return shown;
  }

  #placeOf(
    notebook: vscode.NotebookDocument,
    place: ProblemPlace | undefined,
  ): { uri: vscode.Uri; range: vscode.Range } {
    const cell = place === undefined ? undefined : cellOf(notebook, place.cell, place.index);
    if (place === undefined || cell === undefined) return { uri: notebook.uri, range: new vscode.Range(0, 0, 0, 0) };
    return { uri: cell.document.uri, range: cell.document.validateRange(rangeOf(place.range)) };
  }

  #clear(session: Session): void {
    for (const uri of this.#places.get(session) ?? []) this.#shown.delete(uri);
    this.#places.delete(session);
  }
}
