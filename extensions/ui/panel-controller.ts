import { diagnosticsByCell, statesOf } from './cell-states.ts';
import { CompileClient } from './compile-client.ts';
import { showDetails, showDiagnostic, type DetailsActions } from './details-view.ts';
import { element } from './element.ts';
import { showComparison, showHistory } from './history-view.ts';
import { keepOpen } from './keep-open.ts';
import { PanelFrame, type PageName } from './panel-frame.ts';
import type { CellDiagnostic, CellState, CellStates, Panel, PanelActivity, PanelHost, RunRequest } from './panel.ts';
import type { StatesOf } from './picture.ts';
import { PipelinePage } from './pipeline-page.ts';
import { pipelineOf, type CompiledNotebook, type Pipeline } from './pipeline.ts';
import type { Plan } from './plan.ts';
import type { RunState } from './run-fold.ts';
import { showRun } from './run-view.ts';
import { ServiceSession, type Trouble } from './service-session.ts';
import { ShownOutputs } from './shown-outputs.ts';
import { statusText } from './status-text.ts';
import { addStyle } from './style.ts';

/** Milliseconds after which is drawn although the page shows no frames. */
const longestFrame = 200;

/** The view of one notebook: what the compiler, the service and the person say comes together here. */
export class PanelController implements Panel {
  readonly #host: PanelHost;
  readonly #frame: PanelFrame;
  readonly #page: PipelinePage;
  readonly #compiler: CompileClient;
  readonly #session: ServiceSession | undefined;
  readonly #changed = new Set<() => void>();
  readonly #acted = new Set<() => void>();
  readonly #tick: ReturnType<typeof setInterval>;
  readonly #outputs = { details: new ShownOutputs(), run: new ShownOutputs() };
  #pipeline: Pipeline | undefined;
  #plan: Plan | undefined;
  #run: RunState | undefined;
  /** An earlier run that somebody looks at. */
  #viewed: RunState | undefined;
  #isPlanNewer = false;
  #states: readonly CellState[] = [];
  #byCell: ReadonlyMap<string, CellState> = new Map();
  #trouble: Trouble | undefined;
  #failure = '';
  #drawing: { readonly cancel: () => void } | undefined;
  #hasOtherRows = false;
  #name = 'notebook.ipynb';

  constructor(place: HTMLElement, host: PanelHost) {
    this.#host = host;
    addStyle(place.ownerDocument);
    this.#frame = new PanelFrame({
      onRun: () => void this.start(),
      onStop: () => void this.stop(),
      onPage: (page) => this.#showPage(page),
      onShape: (shape) => this.#page.setShape(shape),
      onSearch: (words) => this.#page.search(words),
      onNextFound: () => this.#page.nextFound(),
      onFoldAll: (folded) => this.#page.foldAll(folded),
    });
    this.#page = new PipelinePage(
      this.#frame,
      {
        onChosen: () => this.#drawDetails(),
        goTo: (cell) => host.goTo(cell),
        highlight: (cells) => host.highlight(cells),
        saveSettings: (settings) => host.saveSettings(settings),
      },
      host.loadSettings(),
    );
    place.replaceChildren(this.#frame.element);
    this.#compiler = new CompileClient(host.createWorker(), host.compilerFiles, {
      onCompiled: (compiled) => this.#compiled(compiled),
      onFailed: (reason) => {
        this.#failure = reason;
        this.#redraw();
      },
    });
    this.#session = host.service === undefined ? undefined : this.#openSession(host.service);
    this.#tick = setInterval(() => {
      if (this.activity === 'running') this.#redraw();
    }, 1000);
    this.#redraw();
  }

  get cells(): CellStates {
    return {
      all: () => this.#states,
      get: (cell) => this.#byCell.get(cell),
      general: () => this.#general(),
      onChange: (listener) => listen(this.#changed, listener),
    };
  }

  get activity(): PanelActivity {
    return this.#session?.activity ?? 'idle';
  }

  get run(): string | undefined {
    return this.#run?.id;
  }

  onActivity(listener: () => void): () => void {
    return listen(this.#acted, listener);
  }

  setNotebook(text: string, name: string = this.#name): void {
    this.#name = name;
    this.#compiler.compile(text, name);
  }

  notebookSaved(): void {
    if (this.activity === 'idle') void this.#session?.refreshPlan();
  }

  selectCell(cell: string | undefined): void {
    if (cell !== this.#page.chosen) this.#page.choose(cell);
  }

  async start(request: RunRequest = {}): Promise<boolean> {
    if (this.#session === undefined || this.#host.runsRefused !== undefined) return false;
    return await this.#session.start(request);
  }

  async stop(): Promise<void> {
    await this.#session?.stop();
  }

  follow(run: string): void {
    if (run !== this.run) void this.#session?.follow(run);
  }

  async runCell(cell: string): Promise<boolean> {
    return await this.start({ only: cell });
  }

  async debugCell(cell: string): Promise<void> {
    const run = this.#run?.id;
    const document = run === undefined ? undefined : await this.#ask(['debug', run, '--task', cell]);
    if (document === undefined) return;
    const path = document['notebook'];
    if (document.status === 'ok' && typeof path === 'string') this.#host.open({ kind: 'notebook', path, cell });
    else this.#tell({ message: 'The cell cannot be opened with its inputs.', diagnostics: document.diagnostics });
  }

  async openReport(): Promise<void> {
    try {
      const report = await this.#session?.report();
      if (report !== undefined) this.#host.open({ kind: 'report', ...report });
    } catch (error) {
      this.#tell({ message: wordsOf(error), diagnostics: [] });
    }
  }

  focus(): void {
    this.#page.focus();
  }

  dispose(): void {
    clearInterval(this.#tick);
    this.#drawing?.cancel();
    this.#compiler.dispose();
    this.#session?.dispose();
    this.#host.highlight([]);
    this.#frame.element.remove();
  }

  #openSession(service: NonNullable<PanelHost['service']>): ServiceSession {
    const session = new ServiceSession(this.#host, service, {
      onPlan: (plan) => {
        this.#plan = plan;
        this.#isPlanNewer = this.#run === undefined || this.#run.end !== undefined;
        this.#redraw();
      },
      onRun: (run) => {
        if (run?.end === undefined) this.#isPlanNewer = false;
        this.#run = run;
        this.#redraw();
      },
      onViewed: (run) => {
        this.#viewed = run;
        this.#redraw();
      },
      onActivity: () => {
        for (const listener of this.#acted) listener();
        this.#redraw();
        if (this.activity === 'idle' && this.#frame.page === 'history') void this.#loadHistory();
      },
      onTrouble: (trouble) => this.#tell(trouble),
    });
    queueMicrotask(() => void session.begin());
    return session;
  }

  #compiled(compiled: CompiledNotebook): void {
    this.#failure = '';
    this.#pipeline = pipelineOf(compiled, this.#pipeline);
    this.#hasOtherRows = true;
    this.#redraw();
  }

  #showPage(page: PageName): void {
    this.#frame.showPage(page);
    if (page === 'history') void this.#loadHistory();
    this.#redraw();
  }

  #tell(trouble: Trouble | undefined): void {
    this.#trouble = trouble;
    this.#redraw();
  }

  #general(): readonly CellDiagnostic[] {
    if (this.#pipeline === undefined) return [];
    return diagnosticsByCell({ pipeline: this.#pipeline, run: this.#run }).get('') ?? [];
  }

  /** Draws with the next frame: of many changes at once only the last is seen. */
  #redraw(): void {
    if (this.#drawing !== undefined) return;
    const draw = (): void => {
      this.#drawing?.cancel();
      this.#drawing = undefined;
      this.#draw();
    };
    // A page that is not seen has no frames, and its states are wanted all the same.
    const frame = requestAnimationFrame(draw);
    const timer = setTimeout(draw, longestFrame);
    this.#drawing = {
      cancel: () => {
        cancelAnimationFrame(frame);
        clearTimeout(timer);
      },
    };
  }

  #draw(): void {
    const pipeline = this.#pipeline;
    if (pipeline !== undefined) {
      const [plan, run, isPlanNewer] = [this.#plan, this.#run, this.#isPlanNewer];
      this.#states = statesOf({ pipeline, plan, run, isPlanNewer });
      this.#byCell = new Map(this.#states.map((state) => [state.cell, state]));
      this.#page.draw(pipeline, this.#statesOf(), this.#hasOtherRows);
      this.#hasOtherRows = false;
    }
    this.#drawDetails();
    this.#drawProblems();
    this.#drawRun();
    const why = this.#whyNoRun();
    const { activity } = this;
    this.#frame.showControls({ canRun: this.#canRun() && why === '', canStop: activity === 'running', why });
    this.#frame.showStatus(statusText({ activity, run: this.#run, states: this.#states }));
    for (const listener of this.#changed) listener();
  }

  #statesOf(): StatesOf {
    return {
      of: (cell) => this.#byCell.get(cell),
      total: this.#states.filter(({ number }) => number > 0).length,
      since: (cell) => this.#run?.cells.get(cell)?.since,
    };
  }

  #drawDetails(): void {
    const chosen = this.#page.chosen ?? '';
    const [state, task, place] = [this.#byCell.get(chosen), this.#pipeline?.byId.get(chosen), this.#frame.details];
    place.hidden = state === undefined || task === undefined;
    if (state === undefined || task === undefined) return;
    const outputs = this.#run?.outputs.get(state.cell) ?? [];
    const shown = showDetails(
      {
        state,
        task,
        numbers: (cell) => this.#byCell.get(cell)?.number,
        outputs: outputs.length === 0 ? undefined : this.#outputs.details.of(state.cell, outputs),
        canRun: this.#canRun(),
        again: this.#run?.cells.get(state.cell)?.again ?? [],
      },
      this.#cellActions(),
    );
    keepOpen(place, shown, state.cell);
  }

  #cellActions(): DetailsActions {
    const host = this.#host;
    return {
      goTo: (cell, range) => this.#host.goTo(cell, range),
      choose: (cell) => {
        this.#frame.showPage('pipeline');
        this.#page.reveal(cell);
        this.#host.goTo(cell);
      },
      runCell: (cell) => void this.runCell(cell),
      debugCell: (cell) => void this.debugCell(cell),
      applyEdit: host.applyEdit === undefined ? undefined : (edit) => host.applyEdit?.(edit),
    };
  }

  #canRun(): boolean {
    return this.#session !== undefined && this.#host.runsRefused === undefined && this.activity === 'idle';
  }

  #whyNoRun(): string {
    if (this.#host.runsRefused !== undefined) return this.#host.runsRefused;
    if (this.#session === undefined) return 'Without a server notebooks are compiled, not run.';
    return this.#host.notebookPath === undefined ? 'Save the notebook first.' : '';
  }

  #drawProblems(): void {
    const shown = this.#general().filter(({ severity, run }) => severity !== 'info' && run === undefined);
    const [trouble, act] = [this.#trouble, this.#cellActions()];
    const said = [
      ...(this.#failure === '' ? [] : [element('p', { text: `The compiler failed: ${this.#failure}` })]),
      ...(trouble === undefined ? [] : [element('p', { text: trouble.message })]),
      ...(trouble?.diagnostics ?? []).map((one) => showDiagnostic({ ...one, remedies: [] }, act)),
      ...shown.map((one) => showDiagnostic(one, act)),
    ];
    this.#frame.problems.hidden = said.length === 0;
    keepOpen(this.#frame.problems, element('div', {}, said), 'problems');
  }

  #drawRun(): void {
    if (this.#frame.page !== 'run') return;
    const [run, pipeline] = [this.#viewed ?? this.#run, this.#pipeline];
    if (run === undefined) {
      const text = 'No run is shown yet.';
      this.#frame.run.replaceChildren(element('p', { class: 'cw-pad cw-soft', text }));
      return;
    }
    const shown = showRun(
      { run, pipeline, diagnostics: this.#diagnosticsOf(run), outputs: this.#outputs.run },
      {
        ...this.#cellActions(),
        openReport: () => void this.openReport(),
        compareWithBefore: (id) => void this.#compare([id]),
        show: (id) => void this.#session?.view(id),
        showCurrent: this.#viewed === undefined ? undefined : () => void this.#session?.view(undefined),
      },
    );
    keepOpen(this.#frame.run, shown, run.id);
  }

  #diagnosticsOf(run: RunState): readonly CellDiagnostic[] {
    return run.diagnostics.map((diagnostic): CellDiagnostic => {
      const own = this.#byCell.get(diagnostic.location?.cell ?? '');
      const known = own?.diagnostics.find(
        ({ code, message }) => code === diagnostic.code && message === diagnostic.message,
      );
      return known ?? { ...diagnostic, run: run.id, remedies: [] };
    });
  }

  /** A command of the service; what goes wrong is told. */
  async #ask(
    words: readonly string[],
  ): Promise<Awaited<ReturnType<ServiceSession['command']>>['document'] | undefined> {
    try {
      return (await this.#session?.command(words))?.document;
    } catch (error) {
      this.#tell({ message: wordsOf(error), diagnostics: [] });
      return undefined;
    }
  }

  async #loadHistory(): Promise<void> {
    const notebook = this.#host.notebookPath;
    const document = notebook === undefined ? undefined : await this.#ask(['runs', notebook, '--limit', '50']);
    const shown = showHistory(document, {
      show: (run) => {
        this.#showPage('run');
        void this.#session?.view(run);
      },
      compare: (before, now) => void this.#compare([before, now]),
    });
    this.#frame.history.replaceChildren(shown);
  }

  async #compare(runs: readonly string[]): Promise<void> {
    const document = await this.#ask(['diff', ...runs]);
    if (document === undefined) return;
    if (document.status !== 'ok') {
      this.#tell({ message: 'These runs cannot be compared.', diagnostics: document.diagnostics });
      return;
    }
    this.#frame.showPage('history');
    const shown = showComparison(document, {
      choose: (name) => {
        const task = this.#pipeline?.tasks.find((one) => one.name === name);
        if (task !== undefined) this.#cellActions().choose(task.id);
      },
      back: () => void this.#loadHistory(),
    });
    this.#frame.history.replaceChildren(shown);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function listen(to: Set<() => void>, listener: () => void): () => void {
  to.add(listener);
  return () => to.delete(listener);
}
