import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import { droppedEvent, fusedEvent, startedEvent } from './attempt-events.ts';
import { beginWork } from './begin-work.ts';
import { remember } from './cache.ts';
import { ChangedInputs } from './changed-input.ts';
import { ConfirmedErrors } from './confirmed-errors.ts';
import { ExpectedReuse } from './expected-reuse.ts';
import { finishedEvent } from './history/finished.ts';
import { endProcess, Holders, type Holder } from './holders.ts';
import { importSteps } from './import-steps.ts';
import { rememberLane } from './lane-cache.ts';
import { sharedValues, whyTogether } from './ladder.ts';
import { runLane, skip } from './lane.ts';
import { listenTo } from './listen.ts';
import { isClosed } from './measures/gates.ts';
import { madeFrom, outdatedAttempts } from './outdated.ts';
import type { FromAttempt } from './process/protocol.ts';
import type { Displacement, ForkWish, TaskProcess } from './process/worker-parent.ts';
import { effectsLast, interpreterUnusable, processDied, workerFailed } from './refusal.ts';
import { forget, initialStates, isFailure, isStopped, mostLosses, putBack, statusOf, whatCameOf } from './run-state.ts';
import type { RunContext, RunOutcome, State } from './run-state.ts';
import { Retries } from './retries.ts';
import { Standing } from './standing.ts';
import { precedenceOf, startable, unmetNeed, type Precedence } from './schedule.ts';
import { answerTo, everyName, namesToLoad } from './task-inputs.ts';
import { takeFromCache } from './take-from-cache.ts';
import { takeIn } from './take-in.ts';
import { undoEffects } from './undo.ts';
import { endedByLimit, startLimits, stopLimits, timeoutsIn } from './timed-out.ts';
import { Turn } from './turn.ts';

/**
 * Executes tasks out of order and retires them in notebook order.
 *
 * Invariants: a retired result was made from the values that the sequential run would have had; only the oldest task that is not
 * retired may act on the outside; a result that is thrown away leaves nothing behind.
 */
export class Run {
  readonly #context: RunContext;
  readonly #states: State[];
  readonly #standing: Standing;
  readonly #precedence: Precedence;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #holders: Holders;
  readonly #inputs: ChangedInputs;
  readonly #reuse: ExpectedReuse;
  readonly #errors: ConfirmedErrors;
  readonly #retries: Retries;
  readonly #turn: Turn;
  #head = 0;
  #failed = false;
  #finish: () => void = () => undefined;
  #crash: (error: unknown) => void = () => undefined;
  #over = false;
  /** Why all cells run in one process, when they do. */
  #lane: string | undefined;
  #damaged: string | undefined;

  constructor(context: RunContext) {
    this.#context = context;
    this.#states = initialStates(context.bundle.tasks, context.isHome);
    this.#standing = new Standing(this.#states, context.crew.room);
    this.#inputs = new ChangedInputs(context, this.#states);
    this.#holders = new Holders(this.#states);
    this.#reuse = new ExpectedReuse(context, this.#states);
    this.#errors = new ConfirmedErrors(context, this.#states);
    this.#retries = new Retries(context, this.#holders, this.#tell.bind(this));
    this.#turn = new Turn(context.crew, this.#inputs);
    this.#precedence = precedenceOf(context.bundle, this.#states, context.profile);
  }

  /** Runs to the end; rejects only for a bug of ours, or when the store cannot be written. */
  async execute(): Promise<RunOutcome> {
    const { crew } = this.#context;
    crew.join({
      active: (isHome) =>
        this.#lane === undefined ? this.#standing.taken(isHome) : Number(isHome && this.#turn.hasCome),
      // Runs beside this one have gone on.
      look: () => {
        this.#reuse.forget();
        this.#pump();
      },
    });
    try {
      await this.#runAll();
      await this.#turn.end(this.#holders.size > 0, () => !isStopped(this.#context) && this.#damaged === undefined);
    } finally {
      await this.#stop();
    }
    if (!this.#context.isLaneAsked) this.#context.notes.ended(this.#lane ?? '');
    return {
      status: statusOf(this.#diagnostics, this.#failed),
      ...whatCameOf(this.#states, this.#lane),
      ...{ diagnostics: this.#diagnostics, damaged: this.#damaged, outdated: this.#turn.outdated },
    };
  }

  async #runAll(): Promise<void> {
    if (isStopped(this.#context)) this.#over = true;
    else if (this.#context.lane !== undefined) this.#chooseLane(this.#context.lane);
    else {
      await new Promise<void>((resolve, reject) => {
        this.#finish = resolve;
        this.#crash = reject;
        this.#context.signal?.addEventListener('abort', () => this.#end(), { once: true });
        this.#pump();
      });
    }
    if (this.#lane !== undefined) await this.#runLane(this.#lane);
  }

  async #stop(): Promise<void> {
    if (isStopped(this.#context)) this.#holders.killAll();
    await this.#holders.endAll();
    await this.#context.crew.leave(importSteps(this.#states, this.#states.length, this.#context.notes.profile));
  }

  /** One look at everything that could go on; called after every event. */
  #pump(): void {
    this.#guard(() => {
      if (this.#over || this.#lane !== undefined || !this.#takeTurn() || !this.#retire()) return;
      this.#answer();
      this.#startTasks();
    });
  }

  /** When its turn comes: false when runs before it have changed what it has used, and it has to be made again. */
  #takeTurn(): boolean {
    if (!this.#turn.take()) this.#end();
    return !this.#over;
  }

  /** Nothing that goes wrong in an event may be lost: the run rejects. */
  #guard(action: () => void): void {
    try {
      action();
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
      if (this.#failed && this.#skip(state)) continue;
      if (state.status === 'waiting' && takeFromCache(this.#context, this.#states, state)) continue;
      if (state.status !== 'ended') return !this.#over;
      if (!this.#retireOne(state)) return !this.#over;
    }
  }

  /** False when the run is over or the task must run again. */
  #retireOne(state: State): boolean {
    const result = state.result;
    if (result === undefined) return false;
    const heldHere = this.#holders.kept(state.holder, state.index);
    // What came from the cache was compared with all inputs just now.
    const changed = state.cached === undefined ? this.#inputs.find(state, result, heldHere) : undefined;
    if (changed !== undefined) {
      this.#drop(state, `${changed} changed`);
      return !this.#over;
    }
    if (isFailure(state)) {
      const { isTurn } = this.#context.crew;
      if (state.permit === 'given' || (isTurn && state.timedOut === true)) return this.#fail(state);
      if (!isTurn) return false;
      this.#drop(state, 'an error is only believed when all earlier cells have retired');
      return !this.#over;
    }
    this.#settle(state, result.status === 'error' ? 'failed' : state.cached === undefined ? 'ran' : 'cached');
    return !isClosed(state) || this.#stopHere();
  }

  #settle(state: State, status: 'ran' | 'cached' | 'failed'): void {
    state.status = 'retired';
    for (const [later, name] of outdatedAttempts(this.#states, state, this.#standing.running)) {
      this.#inputs.learn(later, name);
      this.#drop(later, `${name} changed`);
    }
    this.#head++;
    const { result } = state;
    this.#context.notes.retired(this.#states, state, this.#context.secrets);
    if (!isFailure(state)) this.#retries.succeeded(state);
    if (status === 'ran' && this.#context.useCache) state.identity = remember(this.#context, this.#states, state);
    this.#context.crew.ended(state.task);
    if (result !== undefined && result.filesWritten.length + result.outside.length > 0) this.#context.crew.acted();
    this.#holders.settle(state);
    this.#context.onEvent(finishedEvent(state, status), state.outputs);
    this.#context.gates.judge(state);
  }

  /** A cell raised: believed at once, or shown by all cells in one process. */
  #fail(state: State): boolean {
    if (this.#tryAgain(state)) return !this.#over;
    if (this.#errors.needProof(state)) {
      this.#goLane(`the error in ${state.task.name} is confirmed without stored values`);
      return false;
    }
    this.#settle(state, 'failed');
    for (const late of timeoutsIn([state])) this.#tell(late);
    return this.#stopHere();
  }

  /** A failed cell whose directive asks for another try waits again; false when nothing asks for it, or it could do harm. */
  #tryAgain(state: State): boolean {
    if (!this.#retries.again(state)) return false;
    this.#restart(state);
    return true;
  }

  /** A cell failed, or a gate does not hold: true when the run goes on with what does not depend on it. */
  #stopHere(): boolean {
    this.#failed = true;
    if (!this.#context.keepGoing) this.#end();
    return this.#context.keepGoing;
  }

  /** After a failure with `keepGoing`: what depends on a task that gave no result does not run. */
  #skip(state: State): boolean {
    const unmet = unmetNeed(state, this.#precedence) ?? this.#holders.lostNeed(state);
    if (unmet === undefined) return false;
    if (state.status === 'running') this.#abandon(state);
    skip(this.#context, state, unmet);
    this.#head++;
    return true;
  }

  #end(): void {
    this.#over = true;
    for (const state of this.#states) if (state.status === 'running') this.#abandon(state);
    this.#finish();
  }

  /** Ends all attempts, and makes files as they were before the run; false, and the run refused, where that is not possible. */
  #takeBack(reason: string): boolean {
    this.#end();
    this.#holders.killAll();
    // Before its turn it has done nothing to the outside.
    const lasting = this.#context.crew.isTurn ? undoEffects(this.#context.journal) : [];
    if (lasting.length > 0) this.#refuse(effectsLast(reason, lasting));
    return lasting.length === 0;
  }

  /** The last step of the ladder: all cells again, in one process, on files as they were before the run. */
  #goLane(reason: string): void {
    if (this.#takeBack(reason)) this.#chooseLane(reason);
  }

  #chooseLane(reason: string): void {
    this.#lane = reason;
    this.#context.crew.keepsToItself();
    this.#context.onEvent({ type: 'lane', reason });
  }

  #abandon(state: State): void {
    stopLimits(state);
    state.attempts++;
    this.#context.crew.stirred();
    state.holder?.process.kill();
    this.#holders.lose(state);
  }

  /** Lets a task wait as though it had not run. */
  #restart(state: State): void {
    this.#abandon(state);
    putBack(state);
    this.#reuse.forget();
  }

  #drop(state: State, reason: string): void {
    const acted = state.permit === 'given';
    const lost = state.result;
    state.drops++;
    if (state.index === this.#head) state.dropsAtHead++;
    this.#context.onEvent(droppedEvent(state, reason));
    this.#restart(state);
    for (const [later, name] of lost === undefined ? [] : madeFrom(this.#states.slice(this.#head), state, lost))
      if (later.status === 'ended') this.#drop(later, `${name} of ${state.task.name} is made again`);
    if (acted || state.dropsAtHead > 2) this.#goLane(`${state.task.name} could not settle on its inputs (${reason})`);
  }

  #answer(): void {
    for (const state of this.#standing.asking()) {
      if (state.status !== 'running') continue;
      if (state.permit === 'asked' && this.#isHead(state)) this.#permit(state);
      const { needs } = state;
      state.needs = [];
      for (const need of needs) this.#need(state, need);
    }
  }

  /** The head may act on the outside, unless it has already read something that is not so any more. */
  #permit(state: State): void {
    const read = state.readSoFar ?? { reads: {}, shadowed: [], filesRead: [] };
    const heldHere = this.#holders.kept(state.holder, state.index);
    const changed = this.#inputs.find(state, { ...read, filesWritten: [] }, heldHere);
    if (changed !== undefined) {
      this.#drop(state, `${changed} changed`);
      return;
    }
    state.permit = 'given';
    this.#retries.mayAct(state);
    state.holder?.process.send({ type: 'permit', variables: everyName(this.#states, state.index) });
  }

  #need(state: State, need: State['needs'][number]): void {
    const answer = answerTo(this.#states, state, need, this.#head);
    if (answer.kind === 'wait') state.needs = [...state.needs, need];
    else if (answer.kind === 'elsewhere') this.#moveTo(state, need.name, answer.origin);
    else state.holder?.process.send({ type: 'binding', name: need.name, binding: answer.binding });
  }

  /** A running attempt turned out to need a value that another process holds, or that nobody kept. */
  #moveTo(state: State, name: string, origin: { readonly kind: 'held' | 'unsaved'; readonly at: number }): void {
    const holder = origin.kind === 'held' ? this.#holders.ofTask(origin.at) : undefined;
    if (holder === undefined || state.permit === 'given') {
      this.#goLane(whyTogether(this.#states, state.index, { lost: name, names: [] }));
      return;
    }
    this.#restart(state);
    this.#startIn(state, holder, name);
  }

  /** True when the task may act on the outside. */
  #isHead(state: State): boolean {
    return state.index === this.#head && this.#context.crew.isTurn;
  }

  #startTasks(): void {
    const known = { precedence: this.#precedence, reuse: this.#reuse, standing: this.#standing };
    for (const state of startable(this.#states, this.#head, { context: this.#context, ...known })) {
      if (this.#over) return;
      this.#start(state);
    }
  }

  #start(state: State): void {
    const names = namesToLoad(this.#states, state);
    const { holders, lost } = this.#holders.ofNames(names, state.index);
    const [holder, second] = holders;
    if (lost !== undefined || second !== undefined)
      this.#goLane(whyTogether(this.#states, state.index, { lost, names }));
    else if (holder !== undefined) this.#startIn(state, holder, [...holder.holds].join(', '));
    else void this.#startFresh(state);
  }

  #startIn(state: State, holder: Holder, reason: string): void {
    const { place } = holder.process;
    if (state.isHome && place !== undefined) {
      this.#goLane(`${state.task.name} has to run on this machine and needs what only a process on ${place} has`);
      return;
    }
    const kept = [...this.#holders.kept(holder, state.index)];
    state.fused = sharedValues(this.#states, state.index, kept);
    this.#context.onEvent(fusedEvent(state, kept, reason));
    this.#send(state, holder, kept);
  }

  async #startFresh(state: State): Promise<void> {
    state.status = 'running';
    const attempt = state.attempts;
    const process = await this.#fork(state.index, { isFresh: false, isHome: state.isHome });
    void this.#context.crew.processes.prepare(importSteps(this.#states, state.index + 1, this.#context.profile));
    if (process === undefined) return;
    if (state.attempts !== attempt || this.#over) {
      process.kill();
      return;
    }
    const holder = this.#holders.add(process, state.index);
    this.#send(state, holder, []);
  }

  async #fork(index: number, wish: ForkWish): Promise<TaskProcess | undefined> {
    try {
      const { processes } = this.#context.crew;
      const process = await processes.fork(importSteps(this.#states, index, this.#context.profile), wish);
      if (process === undefined && !this.#over)
        this.#refuse(processes.problem ?? interpreterUnusable(this.#context.executable, processes.complaint));
      return process;
    } catch (error) {
      this.#over = true;
      this.#crash(error);
      return undefined;
    }
  }

  #refuse(diagnostic: Diagnostic): void {
    this.#tell(diagnostic);
    this.#end();
  }

  #tell(diagnostic: Diagnostic): void {
    this.#diagnostics.push(diagnostic);
    this.#context.onEvent({ type: 'diagnostic', diagnostic });
  }

  #send(state: State, holder: Holder, keep: readonly string[]): void {
    Object.assign(state, { status: 'running', holder, kept: keep, identity: undefined, outputs: [] });
    const attempt = ++state.attempts;
    const started = performance.now();
    const isLatest = (): boolean => state.attempts === attempt;
    const isCurrent = (): boolean => isLatest() && !this.#over;
    const exit = (): void => {
      if (isLatest()) stopLimits(state);
      if (isCurrent() && state.status === 'running') this.#died(state);
      else this.#holders.remove(holder);
    };
    const message = (received: FromAttempt): void => this.#receive(state, received, started);
    const displaced = (displacement: Displacement): void => this.#displaced(state, displacement);
    listenTo(holder.process, { isCurrent, message, displaced, exit }, this.#guard.bind(this));
    startLimits(this.#context, state, holder.process);
    const { place } = holder.process;
    const isHead = this.#isHead(state);
    // What is on another machine never acts on the outside.
    const head = isHead && place === undefined;
    Object.assign(state, { permit: head ? 'given' : 'none', place });
    if (head) this.#retries.mayAct(state);
    this.#context.onEvent(startedEvent(state, holder, !isHead));
    beginWork(this.#context, this.#states, { state, holder, head });
  }

  /** The worker itself failed; one process needs less of it. */
  #broke(state: State, traceback: string): void {
    const diagnostic = workerFailed(state.task, traceback);
    this.#tell(this.#lane !== undefined ? diagnostic : { ...diagnostic, severity: 'warning' });
    if (this.#lane !== undefined) this.#end();
    else this.#goLane(`the worker failed in ${state.task.name}`);
  }

  /** An attempt on another machine does not count. */
  #displaced(state: State, { isForHome, reason }: Displacement): void {
    state.isHome ||= isForHome || ++state.losses >= mostLosses;
    if (isForHome) this.#context.notes.belongsHome(state.task);
    this.#context.onEvent(droppedEvent(state, reason));
    this.#restart(state);
    this.#pump();
  }

  /** Whoever ended it, perhaps because memory ran out: an attempt that cannot have acted on the outside is made once more. */
  #died(state: State): void {
    if (this.#lane !== undefined) this.#refuse(processDied(state.task));
    else if (endedByLimit(state, this.#holders)) this.#pump();
    else if (state.permit !== 'given') {
      this.#drop(state, 'its process ended');
      this.#pump();
    } else if (this.#tryAgain(state)) this.#pump();
    else this.#goLane(`the process of ${state.task.name} ended before the cell did`);
  }

  #receive(state: State, message: FromAttempt, started: number): void {
    if (message.type === 'one-process') this.#goLane(`${state.task.name}: ${message.reason}`);
    else if (message.type === 'broken') this.#broke(state, message.traceback);
    else if (message.type === 'damaged') {
      // Nothing that came from the store in this run is believed.
      if (this.#takeBack(`The store is damaged (${message.object})`)) this.#damaged = message.object;
    } else if (takeIn(state, message, { secrets: this.#context.secrets, started })) {
      if (message.type === 'done') this.#precedence.restless.observe(state.task, message.result);
      if (message.type === 'done') this.#reuse.forget();
      this.#context.crew.stirred();
      this.#pump();
    }
  }

  async #runLane(why: string): Promise<void> {
    await this.#context.crew.turn();
    if (isStopped(this.#context)) return;
    this.#over = false;
    this.#turn.hasCome = true;
    this.#states.forEach((state) => forget(state));
    const first = this.#states.findIndex(({ task }) => task.executionCount > 0);
    const process = await this.#fork(Math.max(first, 0), { isFresh: true, isHome: true });
    if (process === undefined) return;
    this.#context.signal?.addEventListener('abort', () => process.kill(), { once: true });
    const end = await runLane({ context: this.#context, states: this.#states, precedence: this.#precedence }, process);
    this.#failed = end.failed;
    this.#errors.settle();
    this.#context.crew.acted();
    for (const late of timeoutsIn(this.#states)) this.#tell(late);
    if (isStopped(this.#context)) return;
    if (end.died !== undefined && end.broken !== undefined) this.#broke(end.died, end.broken);
    else if (end.died !== undefined) this.#died(end.died);
    await endProcess(process);
    if (end.observed !== undefined) rememberLane(this.#context, this.#states, { observed: end.observed, why });
  }
}
