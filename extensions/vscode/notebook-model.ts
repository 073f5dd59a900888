/** What is known of one open notebook, without a picture of it: the shared view's own parts, put together for the extension host. */
import { CompileClient, type CompileThread } from '../ui/compile-client.ts';
import { diagnosticsByCell, statesOf } from '../ui/cell-states.ts';
import type {
  CellDiagnostic,
  CellState,
  CellStates,
  PanelActivity,
  PanelHost,
  RunRequest,
  ServiceConnection,
} from '../ui/panel.ts';
import { pipelineOf, type CompiledNotebook, type Pipeline } from '../ui/pipeline.ts';
import type { Plan } from '../ui/plan.ts';
import type { RunState } from '../ui/run-fold.ts';
import { ServiceSession, type Trouble } from '../ui/service-session.ts';

/** What the extension host gives the model of a notebook. */
export interface ModelHost extends Pick<PanelHost, 'notebookPath' | 'runArguments' | 'beforeRun' | 'compilerFiles'> {
  readonly createThread: () => CompileThread;
  readonly service: ServiceConnection | undefined;
  /** Finds out what {@link runArguments} says, which may have to ask other extensions. */
  prepare(): Promise<void>;
  /** Something that a person should read: a run did not start, the service ended. */
  onTrouble(trouble: Trouble): void;
}

/** Compiles the newest text, follows the run that goes on, and says in what state each cell is. */
export class NotebookModel {
  readonly #host: ModelHost;
  readonly #compiler: CompileClient;
  readonly #session: ServiceSession | undefined;
  readonly #listeners = new Set<() => void>();
  #compiled: CompiledNotebook | undefined;
  #pipeline: Pipeline | undefined;
  #plan: Plan | undefined;
  #run: RunState | undefined;
  /** The run that had ended when the plan was asked for. */
  #planAfter: string | undefined;
  #states: readonly CellState[] | undefined;
  #byId = new Map<string, CellState>();

  readonly cells: CellStates = {
    all: () => this.#known(),
    get: (cell) => {
      this.#known();
      return this.#byId.get(cell);
    },
    general: () => this.#general(),
    onChange: (listener) => this.onChange(listener),
  };

  constructor(host: ModelHost) {
    this.#host = host;
    this.#compiler = new CompileClient(host.createThread(), host.compilerFiles, {
      onCompiled: (compiled) => this.#compiledAs(compiled),
      onFailed: (reason) => host.onTrouble({ message: `The compiler failed: ${reason}`, diagnostics: [] }),
    });
    if (host.service === undefined) return;
    this.#session = new ServiceSession(host, host.service, {
      onPlan: (plan) => {
        this.#plan = plan;
        this.#planAfter = this.#run?.end === undefined ? undefined : this.#run.id;
        this.#changed();
      },
      onRun: (run) => {
        this.#run = run;
        this.#changed();
      },
      onActivity: () => this.#changed(),
      onTrouble: (trouble) => {
        if (trouble !== undefined) host.onTrouble(trouble);
      },
    });
    const session = this.#session;
    void host.prepare().then(() => session.begin());
  }

  get pipeline(): Pipeline | undefined {
    return this.#pipeline;
  }

  /** The last compilation: gates and parameters as they are written. */
  get compiled(): CompiledNotebook | undefined {
    return this.#compiled;
  }

  get runState(): RunState | undefined {
    return this.#run;
  }

  /** The run that is shown. */
  get run(): string | undefined {
    return this.#run?.id;
  }

  get activity(): PanelActivity {
    return this.#session?.activity ?? 'idle';
  }

  setNotebook(text: string, name: string): void {
    this.#compiler.compile(text, name);
  }

  notebookSaved(): void {
    void this.#askAgain();
  }

  async #askAgain(): Promise<void> {
    await this.#host.prepare();
    if (this.activity !== 'idle') return;
    if (this.#run === undefined && this.#plan === undefined) await this.#session?.notebookOpened();
    else await this.#session?.refreshPlan();
  }

  /** Starts a run; false when it did not start, which is told. */
  async start(request: RunRequest = {}): Promise<boolean> {
    await this.#host.prepare();
    return (await this.#session?.start(request)) ?? false;
  }

  async stop(): Promise<void> {
    await this.#session?.stop();
  }

  /** Shows a run that was started elsewhere. */
  follow(run: string): void {
    if (run !== this.#run?.id) void this.#session?.follow(run);
  }

  /** Resolves when no run goes on. */
  async whenIdle(): Promise<void> {
    while (this.activity !== 'idle') {
      await new Promise<void>((resolve) => {
        const stop = this.onChange(() => {
          stop();
          resolve();
        });
      });
    }
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): void {
    this.#listeners.clear();
    this.#compiler.dispose();
    this.#session?.dispose();
  }

  #compiledAs(compiled: CompiledNotebook): void {
    this.#compiled = compiled;
    this.#pipeline = pipelineOf(compiled, this.#pipeline);
    this.#changed();
  }

  #changed(): void {
    this.#states = undefined;
    for (const listener of this.#listeners) listener();
  }

  #known(): readonly CellState[] {
    if (this.#states !== undefined) return this.#states;
    const [pipeline, run, plan] = [this.#pipeline, this.#run, this.#plan];
    const isPlanNewer = run !== undefined && this.#planAfter === run.id;
    const states = pipeline === undefined ? [] : statesOf({ pipeline, plan, run, isPlanNewer });
    this.#byId = new Map(states.map((state) => [state.cell, state]));
    this.#states = states;
    return states;
  }

  #general(): readonly CellDiagnostic[] {
    const pipeline = this.#pipeline;
    // A text that is no notebook has no cells, and what is wrong with it all the same.
    if (pipeline === undefined) return (this.#compiled?.diagnostics ?? []).map((one) => ({ ...one, remedies: [] }));
    return diagnosticsByCell({ pipeline, run: this.#run }).get('') ?? [];
  }
}
