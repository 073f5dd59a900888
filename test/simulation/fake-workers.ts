import { createHash } from 'node:crypto';
import type { Task } from '../../compiler/bundle/format.ts';
import { nothingObserved } from '../../runtime/nothing-observed.ts';
import type { AttemptResult, Binding, FromAttempt, ToWorker } from '../../runtime/process/protocol.ts';
import type { ProcessParent } from '../../runtime/process/task-processes.ts';
import type { TaskProcess } from '../../runtime/process/worker-parent.ts';
import { readsOf } from './simulated-notebook.ts';
import { randomNumbers, type VirtualTime } from './virtual-time.ts';

/** How the simulated machines behave. */
export interface Cluster {
  readonly time: VirtualTime;
  readonly tasks: ReadonlyMap<string, Task>;
  /** Of an attempt: that its process dies somewhere on the way. */
  readonly failures: number;
  /** Seconds that a cell takes on average; they are spread exponentially. */
  readonly meanSeconds: number;
  /** One in so many cells takes ten times as long. */
  readonly stragglers: number;
  readonly seed: number;
}

/** What the simulated machines have done. */
export interface ClusterCounts {
  attempts: number;
  deaths: number;
  /** Seconds of all attempts, and of those that came to their end. */
  busy: number;
  useful: number;
  /** Attempts that ran at once, at most. */
  most: number;
}

/** Hidden state that the first cell writes, so that every later task depends on some. */
const hidden = 'state:environ';
/** Seconds from the order to the first line of the cell. */
const startSeconds = 0.05;

/** The content of a variable: what a cell computes from what it reads. */
export function contentMadeBy(task: Task, reads: Readonly<Record<string, string>>): string {
  const inputs = readsOf(task).map((name) => reads[name] ?? 'absent');
  return `sha256:${createHash('sha256')
    .update(JSON.stringify([task.code, inputs]))
    .digest('hex')}`;
}

/** Processes that speak as the real ones do, and only compute digests of what they were given. */
export class FakeWorkers implements ProcessParent {
  readonly #cluster: Cluster;
  readonly #random: () => number;
  readonly counts: ClusterCounts = { attempts: 0, deaths: 0, busy: 0, useful: 0, most: 0 };
  readonly wasReady = true;
  readonly complaint = '';
  readonly problem = undefined;
  #pids = 0;
  #running = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#random = randomNumbers(cluster.seed);
  }

  fork(): Promise<TaskProcess> {
    return Promise.resolve(new FakeProcess(++this.#pids, this));
  }

  prepare(): void {
    // There is nothing to import.
  }

  stop(): void {
    // No process is left.
  }

  rest(): Promise<void> {
    return Promise.resolve();
  }

  get time(): VirtualTime {
    return this.#cluster.time;
  }

  taskOf(id: string): Task | undefined {
    return this.#cluster.tasks.get(id);
  }

  /** How long the next attempt takes, and when its process dies, if it does. */
  draw(): { readonly seconds: number; readonly diesAfter: number | undefined } {
    const { meanSeconds, stragglers, failures } = this.#cluster;
    const slow = this.#random() * stragglers < 1 ? 10 : 1;
    const seconds = -Math.log(1 - this.#random()) * meanSeconds * slow;
    const dies = this.#random() < failures;
    return { seconds, diesAfter: dies ? this.#random() * seconds : undefined };
  }

  begin(): void {
    this.counts.attempts++;
    this.#running++;
    this.counts.most = Math.max(this.counts.most, this.#running);
  }

  end(seconds: number, how: 'done' | 'died' | 'killed'): void {
    this.#running--;
    this.counts.busy += seconds;
    if (how === 'done') this.counts.useful += seconds;
    if (how === 'died') this.counts.deaths++;
  }
}

type RunMessage = Extract<ToWorker, { type: 'run' }>;

class FakeProcess implements TaskProcess {
  readonly pid: number;
  readonly place = undefined;
  isGone = false;
  onMessage: (message: FromAttempt) => void = () => undefined;
  onExit: () => void = () => undefined;
  onDisplaced: () => void = () => undefined;
  readonly #workers: FakeWorkers;
  #task: Task | undefined;
  #reads: Record<string, string> = {};
  #waits = 0;
  #since: number | undefined;

  constructor(pid: number, workers: FakeWorkers) {
    this.pid = pid;
    this.#workers = workers;
  }

  send(message: ToWorker): void {
    if (message.type === 'run') this.#take(message);
    else if (message.type === 'binding') this.#hear(message.name, message.binding);
    else if (message.type === 'exit') this.isGone = true;
  }

  interrupt(): void {
    // No simulated cell has a limit of time.
  }

  kill(): void {
    this.#stop('killed');
  }

  #take(message: RunMessage): void {
    this.#task = this.#workers.taskOf(message.task);
    this.#reads = {};
    for (const [name, binding] of Object.entries(message.preload)) this.#reads[name] = contentOf(binding);
    this.#since = this.#workers.time.now;
    this.#workers.begin();
    this.#workers.time.after(startSeconds, () => {
      if (!this.isGone) this.#ask();
    });
  }

  /** What was not there when it started is asked for, as a cell does that comes to it. */
  #ask(): void {
    const task = this.#task;
    if (task === undefined) return;
    const missing = readsOf(task).filter((name) => this.#reads[name] === undefined);
    this.#waits = missing.length;
    for (const name of missing) this.onMessage({ type: 'need', name, companion: false });
    if (missing.length === 0) this.#compute();
  }

  #hear(name: string, binding: Binding): void {
    this.#reads[name] = contentOf(binding);
    this.#waits--;
    if (this.#waits === 0) this.#compute();
  }

  #compute(): void {
    const { seconds, diesAfter } = this.#workers.draw();
    if (diesAfter === undefined) {
      this.#later(seconds, () => {
        this.#finish();
      });
    } else {
      this.#later(diesAfter, () => {
        this.#stop('died');
        this.onExit();
      });
    }
  }

  #later(seconds: number, happen: () => void): void {
    this.#workers.time.after(seconds, () => {
      if (!this.isGone) happen();
    });
  }

  #finish(): void {
    const task = this.#task;
    if (task === undefined) return;
    this.#workers.end(this.#workers.time.now - (this.#since ?? 0), 'done');
    this.#since = undefined;
    this.onMessage({ type: 'done', result: this.#result(task) });
  }

  #result(task: Task): AttemptResult {
    const content = contentMadeBy(task, this.#reads);
    const bind = (name: string): AttemptResult['writes'] => ({
      [name]: { ref: { object: content, member: name, content }, same: false, how: 'bind' },
    });
    const writes = { ...bind(task.exposes[0] ?? ''), ...(task.index === 0 ? bind(hidden) : {}) };
    return { status: 'ok', ...nothingObserved, reads: { ...this.#reads }, writes };
  }

  #stop(how: 'died' | 'killed'): void {
    if (this.isGone) return;
    this.isGone = true;
    if (this.#since !== undefined) this.#workers.end(this.#workers.time.now - this.#since, how);
    this.#since = undefined;
  }
}

function contentOf(binding: Binding): string {
  return binding.kind === 'value' ? binding.ref.content : 'absent';
}
