/** The Testing panel: gates of notebooks, judged by a run, and checks of cells on what earlier runs have left. */
import * as vscode from 'vscode';
import { checksOf, type Check } from './check-list.ts';
import { gatesOf, outcomeOf, type Gate, type GateOutcome } from './gate-list.ts';
import type { Services } from './services.ts';
import type { Session, Sessions } from './session.ts';

type Entry =
  | { readonly kind: 'gate'; readonly session: Session; readonly gate: Gate }
  | { readonly kind: 'check'; readonly session: Session; readonly check: Check };

/** Entries for every open notebook that has any. */
export class ChecksView implements vscode.Disposable {
  readonly #controller = vscode.tests.createTestController('cellwright', 'Cellwright');
  readonly #sessions: Sessions;
  readonly #services: Services;
  readonly #entries = new Map<string, Entry>();
  readonly #checks = new Map<Session, readonly Check[]>();
  readonly #subscription: vscode.Disposable;
  /** By notebook the run whose verdicts are shown. */
  readonly #told = new Map<Session, string>();
  /** Notebooks of which a run was asked for here, so that it tells its verdicts itself. */
  readonly #asked = new Set<Session>();

  constructor(sessions: Sessions, services: Services) {
    this.#sessions = sessions;
    this.#services = services;
    const profile = this.#controller.createRunProfile(
      'Run',
      vscode.TestRunProfileKind.Run,
      async (request, token) => {
        await this.#run(request, token);
      },
      true,
    );
    const fixtures = vscode.workspace.createFileSystemWatcher('**/tests/fixtures/**/fixture.json');
    const again = (): void => sessions.all().forEach((session) => void this.#list(session));
    this.#controller.refreshHandler = again;
    this.#subscription = vscode.Disposable.from(
      profile,
      fixtures,
      fixtures.onDidCreate(again),
      fixtures.onDidChange(again),
      fixtures.onDidDelete(again),
      sessions.onDidChange((session) => this.#changed(session)),
      sessions.onDidClose((session) => this.#remove(session)),
    );
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#controller.dispose();
  }

  #changed(session: Session): void {
    if (!this.#checks.has(session)) {
      this.#checks.set(session, []);
      void this.#list(session);
    }
    this.#draw(session);
    this.#tellLastRun(session);
  }

  async #list(session: Session): Promise<void> {
    const found = await checksOf(session.notebook.uri);
    if (!this.#sessions.all().includes(session)) return;
    this.#checks.set(session, found);
    this.#draw(session);
  }

  #remove(session: Session): void {
    this.#checks.delete(session);
    this.#told.delete(session);
    this.#controller.items.delete(session.notebook.uri.toString());
  }

  #draw(session: Session): void {
    const { compiled } = session.model;
    // While a text is refused, the entries of the last good one stay.
    if (compiled?.bundle === undefined) return;
    const id = session.notebook.uri.toString();
    const children = [
      ...gatesOf(compiled.bundle).map((gate) => this.#gateItem(session, gate)),
      ...(this.#checks.get(session) ?? []).map((check) => this.#checkItem(session, check)),
    ];
    if (children.length === 0) {
      this.#controller.items.delete(id);
      return;
    }
    const root =
      this.#controller.items.get(id) ??
      this.#controller.createTestItem(id, vscode.workspace.asRelativePath(session.notebook.uri), session.notebook.uri);
    if (this.#controller.items.get(id) === undefined) this.#controller.items.add(root);
    // An item that is made anew loses its result.
    const kept = children.map((child) => root.children.get(child.id) ?? child);
    kept.forEach((item, place) => {
      item.range = children[place]?.range;
    });
    root.children.replace(kept);
  }

  #gateItem(session: Session, gate: Gate): vscode.TestItem {
    const id = `${session.notebook.uri.toString()}#gate#${gate.cell}#${gate.condition ?? ''}`;
    this.#entries.set(id, { kind: 'gate', session, gate });
    const item = this.#controller.createTestItem(id, gate.label, session.cellWith(gate.cell)?.document.uri);
    item.range = new vscode.Range(gate.line, 0, gate.line, 0);
    return item;
  }

  #checkItem(session: Session, check: Check): vscode.TestItem {
    const id = `${session.notebook.uri.toString()}#check#${check.name}`;
    this.#entries.set(id, { kind: 'check', session, check });
    const item = this.#controller.createTestItem(
      id,
      `Check: ${check.name}`,
      session.cellWith(check.cell)?.document.uri,
    );
    item.range = new vscode.Range(0, 0, 0, 0);
    return item;
  }

  async #run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.#controller.createTestRun(request);
    const items = this.#itemsOf(request);
    for (const item of items) run.enqueued(item);
    for (const session of new Set(items.map((item) => this.#entries.get(item.id)?.session))) {
      if (session === undefined) continue;
      const own = items.filter((item) => this.#entries.get(item.id)?.session === session);
      const of = (kind: Entry['kind']): vscode.TestItem[] =>
        own.filter((item) => this.#entries.get(item.id)?.kind === kind);
      const refusal = this.#services.refusal(session.notebook);
      if (refusal !== undefined) for (const item of own) run.errored(item, new vscode.TestMessage(refusal));
      else {
        if (of('gate').length > 0) await this.#runGates(session, of('gate'), { run, token });
        if (of('check').length > 0 && !token.isCancellationRequested) await this.#runChecks(session, of('check'), run);
      }
    }
    run.end();
  }

  #itemsOf({ include, exclude }: vscode.TestRunRequest): readonly vscode.TestItem[] {
    const left = new Set(exclude?.map(({ id }) => id));
    const found: vscode.TestItem[] = [];
    const visit = (item: vscode.TestItem): void => {
      if (left.has(item.id)) return;
      if (item.children.size === 0) found.push(item);
      item.children.forEach(visit);
    };
    if (include === undefined) this.#controller.items.forEach(visit);
    else include.forEach(visit);
    return found;
  }

  /** Runs the pipeline, and says of each gate what it says. */
  async #runGates(
    session: Session,
    items: readonly vscode.TestItem[],
    { run, token }: { readonly run: vscode.TestRun; readonly token: vscode.CancellationToken },
  ): Promise<void> {
    this.#asked.add(session);
    try {
      for (const item of items) run.started(item);
      const cancelled = token.onCancellationRequested(() => void session.model.stop());
      const started = session.model.activity !== 'idle' || (await session.model.start());
      if (started) await session.model.whenIdle();
      cancelled.dispose();
      const { runState } = session.model;
      for (const item of items) {
        const entry = this.#entries.get(item.id);
        if (entry?.kind !== 'gate') continue;
        if (!started || runState === undefined) run.errored(item, new vscode.TestMessage('The run did not start.'));
        else tell(run, item, { gate: entry.gate, session, outcome: outcomeOf(entry.gate, runState) });
      }
      if (runState !== undefined) this.#told.set(session, runState.id);
    } finally {
      this.#asked.delete(session);
    }
  }

  async #runChecks(session: Session, items: readonly vscode.TestItem[], run: vscode.TestRun): Promise<void> {
    for (const item of items) run.started(item);
    if (session.notebook.isDirty) await session.notebook.save();
    const document = await this.#services.command(session.notebook, ['test']);
    const results = (document?.['results'] ?? []) as readonly { check: string; passed: boolean; message: string }[];
    const said = (document?.diagnostics ?? []).map(({ message, help }) => `${message} ${help}`).join('\n');
    for (const item of items) {
      const entry = this.#entries.get(item.id);
      const found = entry?.kind === 'check' ? results.find(({ check }) => check === entry.check.name) : undefined;
      if (found === undefined) run.errored(item, new vscode.TestMessage(said === '' ? 'The check did not run.' : said));
      else if (found.passed) run.passed(item);
      else run.failed(item, new vscode.TestMessage(found.message));
    }
  }

  /** Gates are judged by every run, whoever asked for it: the panel shows the last one. */
  #tellLastRun(session: Session): void {
    const { runState } = session.model;
    if (runState?.end === undefined || this.#told.get(session) === runState.id || this.#asked.has(session)) return;
    const root = this.#controller.items.get(session.notebook.uri.toString());
    if (root === undefined) return;
    this.#told.set(session, runState.id);
    const judged: { readonly item: vscode.TestItem; readonly gate: Gate; readonly outcome: GateOutcome }[] = [];
    root.children.forEach((item) => {
      const entry = this.#entries.get(item.id);
      const outcome = entry?.kind === 'gate' ? outcomeOf(entry.gate, runState) : undefined;
      if (entry?.kind === 'gate' && outcome !== undefined && outcome.kind !== 'unjudged')
        judged.push({ item, gate: entry.gate, outcome });
    });
    if (judged.length === 0) return;
    const request = new vscode.TestRunRequest(judged.map(({ item }) => item));
    const run = this.#controller.createTestRun(request, `Run ${runState.id}`, false);
    for (const { item, gate, outcome } of judged) tell(run, item, { gate, session, outcome });
    run.end();
  }
}

function tell(
  run: vscode.TestRun,
  item: vscode.TestItem,
  {
    gate,
    session,
    outcome,
  }: { readonly gate: Gate; readonly session: Session; readonly outcome: GateOutcome | undefined },
): void {
  if (outcome === undefined || outcome.kind === 'unjudged') {
    run.skipped(item);
    return;
  }
  const milliseconds = outcome.seconds === undefined ? undefined : outcome.seconds * 1000;
  if (outcome.kind === 'holds') {
    run.passed(item, milliseconds);
    return;
  }
  const message = new vscode.TestMessage(outcome.why);
  const cell = session.cellWith(gate.cell);
  if (cell !== undefined) message.location = new vscode.Location(cell.document.uri, new vscode.Position(gate.line, 0));
  run.failed(item, message, milliseconds);
}
