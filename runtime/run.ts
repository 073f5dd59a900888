import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import { findCached, remember, stillSame } from './cache.ts';
import { runLane } from './lane.ts';
import type { AttemptResult, Binding, FromWorker } from './process/protocol.ts';
import type { TaskProcess, WorkerParent } from './process/worker-parent.ts';
import {
  initialState,
  inputHistory,
  outcomeOf,
  type Holder,
  type RunContext,
  type RunOutcome,
  type State,
} from './run-state.ts';
import { implicitNames, isExpectedToWrite, originOf, staleRead } from './versions.ts';

export type { TaskOutcome } from './run-state.ts';

/**
 * Executes tasks out of order and retires them in notebook order.
 *
 * Invariants: a retired result was made from the values that the sequential run would have had; only the oldest task that is not
 * retired may act on the outside; a result that is thrown away leaves nothing behind.
 */
export class Run {
  readonly #context: RunContext;
  readonly #states: State[];
  readonly #waitsFor: ReadonlyMap<string, readonly string[]>;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #holders = new Set<Holder>();
  #parent: Promise<WorkerParent> | undefined;
  #head = 0;
  #failed = false;
  #finish: () => void = () => undefined;
  #crash: (error: unknown) => void = () => undefined;
  #over = false;
  #lane = false;

  constructor(context: RunContext) {
    this.#context = context;
    this.#states = context.bundle.tasks.map(initialState);
    const waits = new Map<string, string[]>();
    for (const edge of context.bundle.edges) {
      if (edge.assumed) continue;
      const list = waits.get(edge.to) ?? [];
      list.push(edge.from);
      waits.set(edge.to, list);
    }
    this.#waitsFor = waits;
  }

  /** Runs to the end; rejects only for a bug of ours. */
  async execute(): Promise<RunOutcome> {
    if (this.#context.lane) await this.#runLane('asked for');
    else {
      await new Promise<void>((resolve, reject) => {
        this.#finish = resolve;
        this.#crash = reject;
        this.#pump();
      });
      if (this.#inLane()) await this.#runLane('');
    }
    await this.#stop();
    return {
      status: this.#diagnostics.some((diagnostic) => diagnostic.severity === 'error')
        ? 'refused'
        : this.#failed
          ? 'failed'
          : 'ok',
      tasks: this.#states.map((state) => outcomeOf(state)),
      diagnostics: this.#diagnostics,
      lane: this.#lane || this.#context.lane,
    };
  }

  #isOver(): boolean {
    return this.#over;
  }

  #inLane(): boolean {
    return this.#lane;
  }

  async #stop(): Promise<void> {
    if (this.#parent === undefined) return;
    const parent = await this.#parent;
    for (const holder of this.#holders) holder.process.kill();
    parent.stop();
  }

  /** One look at everything that could go on; called after every event. */
  #pump(): void {
    if (this.#over) return;
    try {
      if (!this.#retire()) return;
      this.#answer();
      this.#startTasks();
    } catch (error) {
      this.#over = true;
      this.#crash(error);
    }
  }

  /** Retires all that can be; false when the run is over. */
  #retire(): boolean {
    for (;;) {
      const state = this.#states[this.#head];
      if (state === undefined || this.#head > this.#context.until) {
        this.#end();
        return false;
      }
      if (state.task.executionCount === 0) {
        state.status = 'retired';
        this.#head++;
        continue;
      }
      if (state.status === 'waiting' && this.#takeFromCache(state)) continue;
      if (state.status !== 'ended') return !this.#isOver();
      if (!this.#retireOne(state)) return !this.#isOver();
    }
  }

  /** False when the run is over or the task must run again. */
  #retireOne(state: State): boolean {
    const result = state.result;
    if (result === undefined) return false;
    const heldHere = state.holder === undefined ? new Set<string>() : state.holder.holds;
    const stale = staleRead(this.#states, state.index, result, heldHere);
    // A result from the cache was compared with the files just now, by content.
    const checked = state.permit === 'given' || state.cached !== undefined;
    const changed = checked
      ? undefined
      : result.filesRead.find((file) => !result.filesWritten.includes(file.path) && !stillSame(file));
    if (stale !== undefined || changed !== undefined) {
      this.#drop(state, `${stale ?? changed?.path ?? ''} changed`);
      return true;
    }
    if (result.status === 'error' && !state.task.directives.raisesException) return this.#fail(state, result);
    this.#settle(state, result.status === 'error' ? 'failed' : state.cached === undefined ? 'ran' : 'cached');
    return true;
  }

  #settle(state: State, status: 'ran' | 'cached' | 'failed'): void {
    state.status = 'retired';
    this.#head++;
    const { result } = state;
    if (result !== undefined && status === 'ran' && this.#context.useCache) {
      const { store, environment, id } = this.#context;
      remember(store, environment, id, state.task, state.index, this.#states, result, state.outputs);
    }
    const held = Object.entries(result?.held ?? {});
    if (state.holder !== undefined) {
      state.holder.holds.clear();
      for (const [name] of held) state.holder.holds.add(name);
      if (held.length === 0) this.#release(state);
    }
    this.#context.onEvent({
      type: 'task-finished',
      task: state.task.id,
      name: state.task.name,
      status,
      seconds: state.seconds,
      reason: state.because,
    });
  }

  #release(state: State): void {
    if (state.holder === undefined) return;
    this.#holders.delete(state.holder);
    state.holder.process.send({ type: 'exit' });
    state.holder = undefined;
  }

  /** A cell raised: believed at once when nothing came from the store, else shown by running all cells in one process. */
  #fail(state: State, result: AttemptResult): boolean {
    const fed = Object.values(result.reads).some((content) => content !== 'absent');
    const acted = this.#states.slice(0, state.index + 1).some((other) => (other.result?.outside.length ?? 0) > 0);
    if (fed && !acted) {
      this.#goLane(`the error in ${state.task.name} is confirmed without stored values`);
      return false;
    }
    this.#settle(state, 'failed');
    this.#failed = true;
    if (!this.#context.keepGoing) this.#end();
    return this.#context.keepGoing;
  }

  #end(): void {
    this.#over = true;
    for (const state of this.#states) if (state.status === 'running') this.#abandon(state);
    this.#finish();
  }

  #goLane(reason: string): void {
    this.#lane = true;
    this.#context.onEvent({ type: 'lane', reason });
    this.#end();
  }

  #abandon(state: State): void {
    state.attempts++;
    if (state.holder !== undefined) {
      this.#holders.delete(state.holder);
      state.holder.process.kill();
      state.holder = undefined;
    }
  }

  #drop(state: State, reason: string): void {
    const acted = state.permit === 'given';
    this.#context.onEvent({ type: 'task-dropped', task: state.task.id, name: state.task.name, reason });
    this.#abandon(state);
    Object.assign(state, {
      status: 'waiting',
      result: undefined,
      outputs: [],
      needs: [],
      permit: 'none',
      cached: undefined,
    });
    if (acted) this.#goLane(`${state.task.name} had acted on the outside before its inputs were known (${reason})`);
  }

  #takeFromCache(state: State): boolean {
    const { store, environment, readCache } = this.#context;
    if (!readCache) return false;
    const found = findCached(store, environment, this.#states, state.index);
    if ('miss' in found) {
      state.because = found.miss.name === '' ? found.miss.part : `${found.miss.part}: ${found.miss.name}`;
      return false;
    }
    state.result = found.entry.result;
    state.outputs = [...found.entry.outputs];
    state.cached = found.entry.run;
    state.because = `same inputs as in run ${found.entry.run}`;
    state.status = 'ended';
    return true;
  }

  // Answers to running attempts.

  #answer(): void {
    for (const state of this.#states) {
      if (state.status !== 'running') continue;
      if (state.permit === 'asked' && state.index === this.#head) {
        state.permit = 'given';
        state.holder?.process.send({ type: 'permit' });
      }
      for (const name of state.needs.splice(0)) this.#need(state, name);
    }
  }

  #need(state: State, name: string): void {
    const origin = originOf(this.#states, name, state.index);
    const from = origin.kind === 'absent' ? 0 : origin.at + 1;
    const writer = this.#states
      .slice(from, state.index)
      .find((other) => other.result === undefined && other.status !== 'retired' && isExpectedToWrite(other.task, name));
    if (writer !== undefined) {
      state.needs.push(name);
      return;
    }
    if (origin.kind === 'held' || origin.kind === 'unsaved') {
      if (state.index === this.#head) this.#moveTo(state, name, origin);
      else state.needs.push(name);
      return;
    }
    const binding: Binding = origin.kind === 'value' ? origin.binding : { kind: 'absent' };
    state.holder?.process.send({ type: 'binding', name, binding });
  }

  /** A running attempt turned out to need a value that another process holds, or that nobody kept. */
  #moveTo(state: State, name: string, origin: { readonly kind: 'held' | 'unsaved'; readonly at: number }): void {
    const holder = origin.kind === 'held' ? this.#holderOf(name) : undefined;
    if (holder === undefined || state.permit === 'given') {
      this.#goLane(`${state.task.name} needs ${name}, which no store has`);
      return;
    }
    this.#abandon(state);
    Object.assign(state, { status: 'waiting', result: undefined, outputs: [], needs: [], permit: 'none' });
    this.#startIn(state, holder, name);
  }

  #holderOf(name: string): Holder | undefined {
    return [...this.#holders].find((holder) => holder.holds.has(name));
  }

  // Starting.

  #startTasks(): void {
    for (const state of this.#states) {
      if (this.#over) return;
      if (state.status !== 'waiting' || state.task.executionCount === 0 || state.index > this.#context.until) continue;
      const active = this.#states.filter(
        (other) => other.status === 'running' && other.needs.length === 0 && other.permit !== 'asked',
      );
      if (active.length >= this.#context.jobs && state.index !== this.#head) return;
      if (this.#mayStart(state)) this.#start(state);
    }
  }

  #mayStart(state: State): boolean {
    if (state.index === this.#head) return true;
    const waits = this.#waitsFor.get(state.task.id) ?? [];
    if (waits.some((id) => this.#states.find((other) => other.task.id === id)?.result === undefined)) return false;
    if (state.task.accesses.some((access) => access.resource.kind === 'outside')) return false;
    const names = [...this.#wanted(state), ...implicitNames(this.#states, state.index)];
    return !names.some((name) => {
      const { kind } = originOf(this.#states, name, state.index);
      return kind === 'held' || kind === 'unsaved';
    });
  }

  #wanted(state: State): readonly string[] {
    const names = new Set<string>(state.task.preload === '*' ? this.#everyName(state.index) : state.task.preload);
    for (const access of state.task.accesses) {
      if (access.resource.kind === 'variable' && access.access !== 'bind') names.add(access.resource.name);
    }
    return [...names];
  }

  #everyName(index: number): readonly string[] {
    const names = new Set<string>();
    for (const state of this.#states.slice(0, index)) {
      for (const name of [...Object.keys(state.result?.writes ?? {}), ...Object.keys(state.result?.held ?? {})])
        names.add(name);
    }
    return [...names].filter((name) => !name.includes(':'));
  }

  #start(state: State): void {
    const names = [...this.#wanted(state), ...implicitNames(this.#states, state.index)];
    const holders = new Set<Holder>();
    for (const name of names) {
      const { kind } = originOf(this.#states, name, state.index);
      if (kind !== 'held' && kind !== 'unsaved') continue;
      const holder = kind === 'held' ? this.#holderOf(name) : undefined;
      if (holder === undefined) {
        this.#goLane(`${state.task.name} needs ${name}, which no store has`);
        return;
      }
      holders.add(holder);
    }
    const [holder, second] = holders;
    if (second !== undefined) this.#goLane(`${state.task.name} needs values of two processes`);
    else if (holder !== undefined) this.#startIn(state, holder, [...holder.holds].join(', '));
    else void this.#startFresh(state);
  }

  #startIn(state: State, holder: Holder, reason: string): void {
    const { name, id } = state.task;
    this.#context.onEvent({ type: 'task-fused', task: id, name, with: [...holder.holds].join(', '), reason });
    this.#send(state, holder, [...holder.holds]);
  }

  async #startFresh(state: State): Promise<void> {
    state.status = 'running';
    const attempt = state.attempts;
    const process = await this.#fork();
    if (process === undefined) return;
    if (state.attempts !== attempt || this.#over) {
      process.kill();
      return;
    }
    const holder: Holder = { process, holds: new Set(), busy: false };
    this.#holders.add(holder);
    this.#send(state, holder, []);
  }

  async #fork(): Promise<TaskProcess | undefined> {
    try {
      this.#parent ??= this.#context.startParent();
      const parent = await this.#parent;
      const process = await parent.fork();
      if (process === undefined && !this.#over) {
        this.#refuse(
          'CW501',
          `The Python interpreter could not be used: ${parent.complaint.trim().split('\n').at(-1) ?? ''}`,
          'Name an interpreter that has IPython with --python, or install ipykernel in this one.',
        );
      }
      return process;
    } catch (error) {
      this.#over = true;
      this.#crash(error);
      return undefined;
    }
  }

  #refuse(code: string, message: string, help: string, state?: State): void {
    const diagnostic: Diagnostic = {
      code,
      severity: 'error',
      message,
      help,
      related: [],
      ...(state === undefined ? {} : { location: { cell: state.task.id, index: state.task.index } }),
    };
    this.#diagnostics.push(diagnostic);
    this.#context.onEvent({ type: 'diagnostic', diagnostic });
    this.#end();
  }

  #send(state: State, holder: Holder, keep: readonly string[]): void {
    state.status = 'running';
    state.holder = holder;
    state.outputs = [];
    const attempt = ++state.attempts;
    const started = performance.now();
    holder.process.onMessage = (message) => {
      if (state.attempts === attempt && !this.#over) this.#receive(state, message, started);
    };
    holder.process.onExit = () => {
      if (state.attempts === attempt && state.status === 'running' && !this.#over) {
        this.#died(state);
      } else this.#holders.delete(holder);
    };
    const head = state.index === this.#head;
    state.permit = head ? 'given' : 'none';
    this.#context.onEvent({ type: 'task-started', task: state.task.id, name: state.task.name, speculative: !head });
    holder.process.send({
      type: 'run',
      attempt: String(attempt),
      task: state.task.id,
      source: state.task.source,
      executionCount: state.task.executionCount,
      inputHistory: inputHistory(this.#states, state.index),
      preload: this.#bindings(state, keep),
      exposes: state.task.exposes === '*' ? '*' : [...state.task.exposes, ...keep],
      shadowedBuiltins: this.#context.bundle.shadowedBuiltins,
      head,
      keep,
      allowErrors: state.task.directives.raisesException,
    });
  }

  #died(state: State): void {
    this.#refuse(
      'CW502',
      `The process of ${state.task.name} ended before the cell did.`,
      'The cell may have used more memory than there is, or crashed the interpreter; run it alone with --only.',
      state,
    );
  }

  #bindings(state: State, keep: readonly string[]): Record<string, Binding> {
    const bindings: Record<string, Binding> = {};
    for (const name of [...implicitNames(this.#states, state.index), ...this.#wanted(state)]) {
      if (keep.includes(name)) continue;
      const origin = originOf(this.#states, name, state.index);
      if (origin.kind === 'value') bindings[name] = origin.binding;
    }
    return bindings;
  }

  #receive(state: State, message: FromWorker, started: number): void {
    switch (message.type) {
      case 'output':
        state.outputs.push(message.output);
        return;
      case 'need':
        state.needs.push(message.name);
        break;
      case 'effect':
        state.permit = 'asked';
        break;
      case 'done':
        state.result = message.result;
        state.seconds = (performance.now() - started) / 1000;
        state.status = 'ended';
        break;
      case 'broken':
        this.#refuse(
          'CW503',
          `The worker failed in ${state.task.name}: ${message.traceback.trim().split('\n').at(-1) ?? ''}`,
          'This is a fault of Cellwright; please report it with the notebook.',
          state,
        );
        return;
      case 'hello':
        return;
    }
    this.#pump();
  }

  async #runLane(reason: string): Promise<void> {
    if (reason !== '') this.#context.onEvent({ type: 'lane', reason });
    this.#over = false;
    this.#lane = true;
    const process = await this.#fork();
    if (process === undefined) return;
    const end = await runLane(this.#context, this.#states, process);
    this.#failed = end.failed;
    if (end.died !== undefined) this.#died(end.died);
    process.kill();
  }
}
