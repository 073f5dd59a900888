import { CompileClient } from './compile-client.ts';
import { diagnosticsByCell, statesOf } from './cell-states.ts';
import { showDetails, showDiagnostic } from './details-view.ts';
import { element } from './element.ts';
import { showComparison, showHistory } from './history-view.ts';
import { LayersView } from './layers-view.ts';
import { PanelFrame, type PageName } from './panel-frame.ts';
import type {
  CellDiagnostic,
  CellState,
  CellStates,
  Panel,
  PanelActivity,
  PanelHost,
  RunRequest,
  ViewSettings,
} from './panel.ts';
import type { Picture, PictureListener, StatesOf } from './picture.ts';
import { pipelineOf, type CompiledNotebook, type Pipeline } from './pipeline.ts';
import type { Plan } from './plan.ts';
import { RailView } from './rail-view.ts';
import type { RunState } from './run-fold.ts';
import { showRun } from './run-view.ts';
import { ServiceSession, type Trouble } from './service-session.ts';
import { sayDuration } from './state-words.ts';
import { addStyle } from './style.ts';
import { matches, showRows, type Shown } from './visible-rows.ts';

/** The graph is drawn with folded sections when more cells than these would be boxes. */
const mostBoxes = 60;

/** The view of one notebook: what the compiler, the service and the person say comes together here. */
export class PanelController implements Panel {
  readonly #host: PanelHost;
  readonly #frame: PanelFrame;
  readonly #compiler: CompileClient;
  readonly #session: ServiceSession | undefined;
  readonly #pictures: Readonly<Record<'rail' | 'layers', Picture>>;
  readonly #changed = new Set<() => void>();
  readonly #acted = new Set<() => void>();
  readonly #tick: ReturnType<typeof setInterval>;
  #pipeline: Pipeline | undefined;
  #plan: Plan | undefined;
  #run: RunState | undefined;
  #isPlanNewer = false;
  #states: readonly CellState[] = [];
  #byCell: ReadonlyMap<string, CellState> = new Map();
  #settings: ViewSettings;
  #shown: Shown | undefined;
  #chosen: string | undefined;
  #words = '';
  #trouble: Trouble | undefined;
  #failure = '';
  #drawing: number | undefined;
  #needsRows = false;
  #name = 'notebook.ipynb';

  constructor(place: HTMLElement, host: PanelHost) {
    this.#host = host;
    this.#settings = host.loadSettings() ?? { shape: 'rail', folded: [], zoom: 1 };
    addStyle(place.ownerDocument);
    this.#frame = new PanelFrame({
      onRun: () => void this.start(),
      onStop: () => void this.stop(),
      onPage: (page) => this.#showPage(page),
      onShape: (shape) => this.#setShape(shape),
      onSearch: (words) => this.#search(words),
      onNextFound: () => this.#nextFound(),
      onFoldAll: (folded) => this.#foldAll(folded),
    });
    const listener = this.#pictureListener();
    const onZoom = (zoom: number): void => this.#save({ zoom });
    this.#pictures = {
      rail: new RailView(listener),
      layers: new LayersView(listener, { zoom: this.#settings.zoom, onZoom }),
    };
    place.replaceChildren(this.#frame.element);
    this.#compiler = new CompileClient(host.createWorker(), host.wasm, {
      onCompiled: (compiled) => this.#compiled(compiled),
      onFailed: (reason) => {
        this.#failure = reason;
        this.#redraw(false);
      },
    });
    this.#session = host.service === undefined ? undefined : this.#openSession(host.service);
    this.#placePicture();
    this.#tick = setInterval(() => {
      if (this.activity === 'running') this.#redraw(false);
    }, 1000);
    this.#redraw(false);
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
    if (cell === this.#chosen) return;
    this.#choose(cell, { focus: false });
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
    if (this.#session === undefined || run === undefined) return;
    const { document } = await this.#session.command(['debug', run, '--task', cell]);
    const path = document['written'] ?? document['notebook'];
    if (document.status === 'ok' && typeof path === 'string') this.#host.open({ kind: 'notebook', path, cell });
    else this.#tell({ message: 'The cell cannot be opened with its inputs.', diagnostics: document.diagnostics });
  }

  async openReport(): Promise<void> {
    const notebook = this.#host.notebookPath;
    if (notebook === undefined || this.#session === undefined) return;
    this.#host.open({ kind: 'report', path: notebook.replace(/\.(?:ipynb|py)$/i, '.report.html') });
    await Promise.resolve();
  }

  focus(): void {
    this.#frame.element.querySelector<HTMLElement>('.cw-picture [tabindex="0"], .cw-main')?.focus();
  }

  dispose(): void {
    clearInterval(this.#tick);
    if (this.#drawing !== undefined) cancelAnimationFrame(this.#drawing);
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
        this.#redraw(false);
      },
      onRun: (run) => {
        if (run?.end === undefined) this.#isPlanNewer = false;
        this.#run = run;
        this.#redraw(false);
      },
      onActivity: () => {
        for (const listener of this.#acted) listener();
        this.#redraw(false);
        if (this.activity === 'idle' && this.#frame.page === 'history') void this.#loadHistory();
      },
      onTrouble: (trouble) => this.#tell(trouble),
    });
    queueMicrotask(() => void session.begin());
    return session;
  }

  #compiled(compiled: CompiledNotebook): void {
    const before = this.#pipeline;
    this.#failure = '';
    this.#pipeline = pipelineOf(compiled, before);
    if (this.#pipeline !== undefined && before === undefined) this.#foldLong(this.#pipeline);
    this.#redraw(true);
  }

  /** A graph of more boxes than can be read begins with its sections. */
  #foldLong({ tasks, sections }: Pipeline): void {
    if (this.#host.loadSettings() !== undefined || tasks.length <= mostBoxes) return;
    const folded = sections.filter(({ cells }) => cells.length > 0).map(({ id }) => `layers:${id}`);
    this.#settings = { ...this.#settings, folded };
  }

  #folded(): ReadonlySet<string> {
    const prefix = `${this.#settings.shape}:`;
    return new Set(this.#settings.folded.flatMap((id) => (id.startsWith(prefix) ? [id.slice(prefix.length)] : [])));
  }

  #pictureListener(): PictureListener {
    return {
      onPoint: (row) => this.#point(row),
      onChoose: (row) => this.#choose(row, { focus: false }),
      onOpen: (row) => this.#open(row),
      onFold: (section, folded) => this.#fold([section], folded),
      onSearch: () => {
        this.#frame.search.focus();
        this.#frame.search.select();
      },
    };
  }

  get #picture(): Picture {
    return this.#pictures[this.#settings.shape];
  }

  #point(row: string | undefined): void {
    this.#picture.mark(row);
    const task = row === undefined ? undefined : this.#byCell.get(row);
    if (task === undefined) {
      const section = this.#pipeline?.sections.find(({ id }) => id === row);
      this.#host.highlight(section?.all ?? []);
      return;
    }
    const near = [...task.reads, ...task.writes].filter(
      (need) => need.kind === 'data' && !need.assumed && !need.isImport,
    );
    this.#host.highlight([task.cell, ...new Set(near.map(({ cell }) => cell))]);
  }

  #choose(id: string | undefined, { focus }: { readonly focus: boolean }): void {
    this.#chosen = id;
    const row = id === undefined ? undefined : (this.#shown?.standsFor.get(id) ?? id);
    this.#picture.choose(row, { focus });
    this.#drawDetails();
  }

  #open(row: string): void {
    const section = this.#pipeline?.sections.find(({ id }) => id === row);
    if (section !== undefined) this.#fold([row], !this.#folded().has(row));
    else this.#host.goTo(row);
  }

  #fold(sections: readonly string[], folded: boolean): void {
    const prefix = this.#settings.shape;
    const keys = new Set(sections.map((id) => `${prefix}:${id}`));
    const others = this.#settings.folded.filter((key) => !keys.has(key));
    this.#save({ folded: folded ? [...others, ...keys] : others });
    this.#redraw(true);
  }

  #foldAll(folded: boolean): void {
    const sections = this.#pipeline?.sections ?? [];
    this.#fold(
      sections.filter(({ cells }) => cells.length > 0 || !folded).map(({ id }) => id),
      folded,
    );
  }

  #save(changes: Partial<ViewSettings>): void {
    this.#settings = { ...this.#settings, ...changes };
    this.#host.saveSettings(this.#settings);
  }

  #setShape(shape: 'rail' | 'layers'): void {
    this.#save({ shape });
    this.#placePicture();
    this.#redraw(true);
  }

  #placePicture(): void {
    const { shape } = this.#settings;
    this.#frame.showShape(shape);
    const own = this.#picture.element;
    const place = shape === 'rail' ? element('div', { class: 'cw-scroll' }, [own]) : own;
    place.classList.add('cw-picture');
    this.#frame.picture.replaceChildren(place);
  }

  #search(words: string): void {
    this.#words = words;
    const found = this.#found();
    this.#picture.find(found);
    const cells = this.#foundCells().length;
    this.#frame.showFound(words.trim() === '' ? '' : cells === 1 ? '1 cell' : `${cells} cells`);
  }

  #foundCells(): readonly string[] {
    if (this.#words.trim() === '') return [];
    return (this.#pipeline?.tasks ?? []).filter((task) => matches(task, this.#words.trim())).map(({ id }) => id);
  }

  #found(): ReadonlySet<string> | undefined {
    if (this.#words.trim() === '') return undefined;
    return new Set(this.#foundCells().map((id) => this.#shown?.standsFor.get(id) ?? id));
  }

  #nextFound(): void {
    const found = this.#foundCells();
    const next = found[(found.indexOf(this.#chosen ?? '') + 1) % Math.max(1, found.length)];
    if (next === undefined) return;
    this.#choose(next, { focus: false });
    this.#host.goTo(next);
  }

  #showPage(page: PageName): void {
    this.#frame.showPage(page);
    if (page === 'history') void this.#loadHistory();
    this.#redraw(false);
  }

  #tell(trouble: Trouble | undefined): void {
    this.#trouble = trouble;
    this.#redraw(false);
  }

  #general(): readonly CellDiagnostic[] {
    if (this.#pipeline === undefined) return [];
    return diagnosticsByCell({ pipeline: this.#pipeline, run: this.#run }).get('') ?? [];
  }

  /** Draws with the next frame: of many changes at once only the last is seen. @param rows there may be others now */
  #redraw(rows: boolean): void {
    this.#needsRows ||= rows;
    this.#drawing ??= requestAnimationFrame(() => {
      this.#drawing = undefined;
      this.#draw();
    });
  }

  #draw(): void {
    const pipeline = this.#pipeline;
    if (pipeline !== undefined) {
      const { plan, run } = { plan: this.#plan, run: this.#run };
      this.#states = statesOf({ pipeline, plan, run, isPlanNewer: this.#isPlanNewer });
      this.#byCell = new Map(this.#states.map((state) => [state.cell, state]));
      if (this.#needsRows) {
        this.#shown = showRows(pipeline, this.#folded());
        this.#picture.draw(this.#shown, this.#statesOf());
        this.#frame.showSections(pipeline.sections.length > 0);
        this.#search(this.#words);
      } else this.#picture.refresh(this.#statesOf());
      this.#needsRows = false;
    }
    this.#drawDetails();
    this.#drawProblems();
    this.#drawRun();
    this.#drawStatus();
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
    const state = this.#byCell.get(this.#chosen ?? '');
    const task = this.#pipeline?.byId.get(this.#chosen ?? '');
    const place = this.#frame.details;
    place.hidden = state === undefined || task === undefined;
    if (state === undefined || task === undefined) return;
    const shown = showDetails(
      {
        state,
        task,
        numbers: (cell) => this.#byCell.get(cell)?.number,
        outputs: this.#run?.outputs.get(state.cell),
        canRun: this.#canRun(),
        again: this.#run?.cells.get(state.cell)?.again ?? [],
      },
      this.#cellActions(),
    );
    keepOpen(place, shown);
  }

  #cellActions(): Parameters<typeof showDetails>[1] {
    return {
      goTo: (cell, range) => this.#host.goTo(cell, range),
      choose: (cell) => {
        this.#frame.showPage('pipeline');
        this.#choose(cell, { focus: false });
        this.#host.goTo(cell);
      },
      runCell: (cell) => void this.runCell(cell),
      debugCell: (cell) => void this.debugCell(cell),
      applyEdit: this.#host.applyEdit === undefined ? undefined : (edit) => this.#host.applyEdit?.(edit),
    };
  }

  #canRun(): boolean {
    return this.#session !== undefined && this.#host.runsRefused === undefined && this.activity === 'idle';
  }

  #drawProblems(): void {
    const shown = this.#general().filter(({ severity, run }) => severity !== 'info' && run === undefined);
    const trouble = this.#trouble;
    const said = [
      ...(this.#failure === '' ? [] : [element('p', { text: `The compiler failed: ${this.#failure}` })]),
      ...(trouble === undefined ? [] : [element('p', { text: trouble.message })]),
      ...(trouble?.diagnostics ?? []).map((one) => showDiagnostic({ ...one, remedies: [] }, this.#cellActions())),
      ...shown.map((one) => showDiagnostic(one, this.#cellActions())),
    ];
    this.#frame.problems.hidden = said.length === 0;
    this.#frame.problems.replaceChildren(...said);
  }

  #drawRun(): void {
    if (this.#frame.page !== 'run') return;
    const run = this.#run;
    if (run === undefined) {
      this.#frame.run.replaceChildren(element('p', { class: 'cw-pad cw-soft', text: 'No run is shown yet.' }));
      return;
    }
    const diagnostics = run.diagnostics.map((diagnostic): CellDiagnostic => {
      const own = this.#byCell.get(diagnostic.location?.cell ?? '');
      const known = own?.diagnostics.find(
        ({ code, message }) => code === diagnostic.code && message === diagnostic.message,
      );
      return known ?? { ...diagnostic, run: run.id, remedies: [] };
    });
    const shown = showRun(
      { run, pipeline: this.#pipeline, diagnostics, chosen: this.#chosen },
      {
        ...this.#cellActions(),
        openReport: () => void this.openReport(),
        compareWithBefore: (id) => void this.#compare([id]),
      },
    );
    keepOpen(this.#frame.run, shown);
  }

  async #loadHistory(): Promise<void> {
    try {
      const runs = (await this.#session?.runs()) ?? [];
      const shown = showHistory(runs, {
        show: (run) => {
          this.#showPage('run');
          void this.#session?.follow(run);
        },
        compare: (before, now) => void this.#compare([before, now]),
      });
      this.#frame.history.replaceChildren(shown);
    } catch (error) {
      this.#tell({ message: error instanceof Error ? error.message : String(error), diagnostics: [] });
    }
  }

  async #compare(runs: readonly string[]): Promise<void> {
    const { document } = (await this.#session?.command(['diff', ...runs])) ?? {};
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

  #drawStatus(): void {
    const why = this.#whyNoRun();
    this.#frame.showControls({ canRun: this.#canRun() && why === '', canStop: this.activity === 'running', why });
    this.#frame.showStatus(this.#statusText());
  }

  #whyNoRun(): string {
    if (this.#host.runsRefused !== undefined) return this.#host.runsRefused;
    if (this.#session === undefined) return 'Without a server notebooks are compiled, not run.';
    if (this.#host.notebookPath === undefined) return 'Save the notebook first.';
    return '';
  }

  #statusText(): string {
    const run = this.#run;
    if (this.activity === 'starting') return 'Starting…';
    if (this.activity === 'stopping') return 'Stopping…';
    if (this.activity === 'running' && run !== undefined) {
      const ended = [...run.cells.values()].filter(({ status }) => !['running', 'waiting'].includes(status)).length;
      return `Running: ${ended} of ${run.total}`;
    }
    const executed = this.#states.filter(({ number }) => number > 0);
    const count = (...names: string[]): number => executed.filter(({ state }) => names.includes(state)).length;
    const parts = [executed.length === 1 ? '1 cell' : `${executed.length} cells`];
    for (const [names, word] of statusParts) if (count(...names) > 0) parts.push(`${count(...names)} ${word}`);
    if (run?.end === 'ok' && run.seconds !== undefined && count('will-run', 'stale') === 0)
      parts.push(`last run ${sayDuration(run.seconds)}`);
    return parts.join(', ');
  }
}

const statusParts: readonly (readonly [readonly string[], string])[] = [
  [['failed'], 'failed'],
  [['gated'], 'stopped by a gate'],
  [['refused'], 'refused'],
  [['stale'], 'edited'],
  [['will-run', 'not-run'], 'to run'],
  [['cached'], 'cached'],
  [['done', 'fused'], 'done'],
];

function listen(to: Set<() => void>, listener: () => void): () => void {
  to.add(listener);
  return () => to.delete(listener);
}

/** Puts new content in the place of old, and leaves open what somebody had opened, and the place that was scrolled to. */
function keepOpen(place: HTMLElement, content: HTMLElement): void {
  const open = new Set<string>();
  for (const one of place.querySelectorAll('details[open]')) open.add(one.querySelector('summary')?.textContent ?? '');
  const { scrollTop } = place;
  for (const one of content.querySelectorAll('details'))
    if (open.has(one.querySelector('summary')?.textContent ?? '')) one.open = true;
  place.replaceChildren(content);
  place.scrollTop = scrollTop;
}
