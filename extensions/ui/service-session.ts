import type { CommandAnswer, Notification } from '../service/protocol.ts';
import { protocolVersion } from '../service/protocol.ts';
import type { PanelActivity, PanelHost, RunRequest, ServiceConnection } from './panel.ts';
import { planOf, type Plan } from './plan.ts';
import { isRefusal } from './service-refusal.ts';
import { emptyRun, withEnd, withEvent, withOutputs, withVariant, type RunState } from './run-fold.ts';

/** What a session tells the view. */
export interface SessionListener {
  onPlan(plan: Plan | undefined): void;
  onRun(run: RunState | undefined): void;
  /** An earlier run that somebody looks at; undefined: none. */
  onViewed?(run: RunState | undefined): void;
  onActivity(activity: PanelActivity): void;
  /** Something that a person should read; undefined: nothing any more. */
  onTrouble(trouble: Trouble | undefined): void;
}

/** What did not work, and what to do. */
export interface Trouble {
  readonly message: string;
  readonly diagnostics: CommandAnswer['document']['diagnostics'];
}

/** What is needed of whoever shows the notebook. */
export type SessionHost = Pick<PanelHost, 'notebookPath' | 'runArguments' | 'beforeRun'>;

/** Milliseconds between two looks for runs that were started elsewhere. */
const lookForRuns = 4000;

/** Speaks with the service about one notebook: what a run would reuse, the run that goes on, the runs that were. */
export class ServiceSession {
  readonly #host: SessionHost;
  readonly #service: ServiceConnection;
  readonly #listener: SessionListener;
  readonly #dispose: (() => void)[];
  #run: RunState | undefined;
  /** An earlier run that somebody looks at. */
  #viewed: RunState | undefined;
  /** True when the current run is not only told again. */
  #isLive = false;
  #activity: PanelActivity = 'idle';
  #isReady = false;
  /** Counts the questions for a plan, so that a late answer does not overwrite a newer one. */
  #plans = 0;

  constructor(host: SessionHost, service: ServiceConnection, listener: SessionListener) {
    this.#host = host;
    this.#service = service;
    this.#listener = listener;
    this.#dispose = [service.onNotification((notification) => this.#hear(notification))];
    const lost = service.onConnected?.((isConnected) => {
      if (isConnected) void this.begin();
      else this.#disconnected();
    });
    if (lost !== undefined) this.#dispose.push(lost);
    const timer = setInterval(() => void this.#lookForRuns(), lookForRuns);
    this.#dispose.push(() => clearInterval(timer));
  }

  get activity(): PanelActivity {
    return this.#activity;
  }

  get run(): RunState | undefined {
    return this.#run;
  }

  /** Says who is there, and shows the run that goes on, or else the last one. */
  async begin(): Promise<void> {
    try {
      await this.#service.request('initialize', { protocol: protocolVersion });
      this.#isReady = true;
      this.#listener.onTrouble(undefined);
      await this.notebookOpened();
    } catch (error) {
      this.#say(error);
    }
  }

  /** The notebook is there, or has another path. */
  async notebookOpened(): Promise<void> {
    const notebook = this.#host.notebookPath;
    if (!this.#isReady || notebook === undefined) return;
    const plan = await this.refreshPlan();
    const { runs } = await this.#service.request('active', { notebook });
    const current = runs.at(-1)?.run;
    if (current !== undefined) await this.follow(current);
    // It came to its end while nobody could hear it.
    else if (this.#run !== undefined && this.#run.end === undefined) await this.follow(this.#run.id);
    else if (plan?.lastRun !== undefined && this.#run === undefined) await this.#replay(plan.lastRun);
  }

  /** Asks again what a run of the saved notebook would reuse. */
  async refreshPlan(): Promise<Plan | undefined> {
    const notebook = this.#host.notebookPath;
    if (!this.#isReady || notebook === undefined) return undefined;
    const number = ++this.#plans;
    try {
      const { document } = await this.command([
        'status',
        notebook,
        ...environmentOf(this.#host.runArguments?.() ?? []),
      ]);
      const plan = planOf(document);
      if (number === this.#plans) this.#listener.onPlan(plan);
      return plan;
    } catch (error) {
      this.#say(error);
      return undefined;
    }
  }

  async command(words: readonly string[]): Promise<CommandAnswer> {
    return await this.#service.request('command', { arguments: words, folder: '.' });
  }

  /** Starts a run and follows it; false when it did not start. */
  async start({ only, until, arguments: more = [] }: RunRequest): Promise<boolean> {
    const notebook = this.#host.notebookPath;
    if (notebook === undefined) {
      this.#listener.onTrouble({
        message: 'Save the notebook first: a run needs a place for its results.',
        diagnostics: [],
      });
      return false;
    }
    if (this.#activity !== 'idle') return false;
    this.#setActivity('starting');
    const words = [
      ...(this.#host.runArguments?.() ?? []),
      ...(only === undefined ? [] : ['--only', only]),
      ...(until === undefined ? [] : ['--until', until]),
      ...more,
    ];
    try {
      if (!(await this.#host.beforeRun())) {
        this.#setActivity('idle');
        return false;
      }
      this.#listener.onTrouble(undefined);
      await this.view(undefined);
      const { run } = await this.#service.request('start', { notebook, arguments: words });
      await this.follow(run);
      return true;
    } catch (error) {
      this.#setActivity('idle');
      // What is missing in the cache is made, by running up to the cell.
      if (only !== undefined && isRefusal(error, 'notStarted'))
        return await this.start({ until: only, arguments: more });
      this.#say(error);
      return false;
    }
  }

  async stop(): Promise<void> {
    const notebook = this.#host.notebookPath;
    if (this.#run === undefined || notebook === undefined || this.#activity !== 'running') return;
    this.#setActivity('stopping');
    try {
      await this.#service.request('stop', { notebook, run: this.#run.id });
    } catch (error) {
      this.#setActivity('running');
      this.#say(error);
    }
  }

  /** Shows a run that goes on, from its beginning. */
  async follow(run: string): Promise<void> {
    this.#isLive = true;
    await this.#followRun(run);
  }

  /** Shows a run that came to its end before: that it is told from its beginning starts nothing. */
  async #replay(run: string): Promise<void> {
    this.#isLive = false;
    await this.#followRun(run);
  }

  /** Shows an earlier run beside the current one; undefined: no other than that. */
  async view(run: string | undefined): Promise<void> {
    const notebook = this.#host.notebookPath;
    this.#viewed = run === undefined || run === this.#run?.id ? undefined : emptyRun(run);
    this.#listener.onViewed?.(this.#viewed);
    if (this.#viewed === undefined || notebook === undefined) return;
    try {
      await this.#service.request('follow', { notebook, run: this.#viewed.id, from: 0 });
    } catch (error) {
      this.#say(error);
    }
  }

  async #followRun(run: string): Promise<void> {
    const notebook = this.#host.notebookPath;
    if (notebook === undefined) return;
    const before = this.#run;
    if (before !== undefined && before.id !== run && before.end === undefined)
      await this.#service.request('unfollow', { run: before.id });
    this.#run = emptyRun(run);
    this.#listener.onRun(this.#run);
    try {
      await this.#service.request('follow', { notebook, run, from: 0 });
    } catch (error) {
      this.#run = before;
      this.#listener.onRun(before);
      this.#say(error);
    }
  }

  /** The report of the run that is shown; undefined where there is no place for one. */
  async report(): Promise<{ readonly path: string; readonly html: string } | undefined> {
    const notebook = this.#host.notebookPath;
    if (notebook === undefined || !this.#isReady) return undefined;
    const run = (this.#viewed ?? this.#run)?.id;
    return await this.#service.request('read-report', { notebook, ...(run === undefined ? {} : { run }) });
  }

  dispose(): void {
    for (const undo of this.#dispose.splice(0)) undo();
    if (this.#run !== undefined && this.#run.end === undefined)
      this.#service.request('unfollow', { run: this.#run.id }).catch(() => undefined);
  }

  /** A run that somebody started elsewhere, in a terminal or another window, is shown as well. */
  async #lookForRuns(): Promise<void> {
    const notebook = this.#host.notebookPath;
    if (!this.#isReady || notebook === undefined || this.#activity !== 'idle') return;
    try {
      const { runs } = await this.#service.request('active', { notebook });
      const latest = runs.at(-1)?.run;
      if (latest !== undefined && latest !== this.#run?.id && this.#isIdle()) await this.follow(latest);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }

  /** Asked again after a wait. */
  #isIdle(): boolean {
    return this.#activity === 'idle';
  }

  #disconnected(): void {
    this.#isReady = false;
    this.#listener.onTrouble({
      message: 'The connection to the service was lost. A run that goes on is not touched by that.',
      diagnostics: [],
    });
  }

  #hear(notification: Notification): void {
    if (notification.method === 'notebook-saved') return;
    const { run } = notification.params;
    if (this.#viewed?.id === run) {
      this.#viewed = afterNotification(this.#viewed, notification);
      this.#listener.onViewed?.(this.#viewed);
    }
    if (this.#run !== undefined) this.#hearOf(this.#run, notification);
  }

  #hearOf(current: RunState, notification: RunNotification): void {
    const { run } = notification.params;
    if (current.id === run) {
      this.#run = afterNotification(current, notification);
      if (notification.method === 'run-ended') this.#ended();
    } else if (run.startsWith(`${current.id}-`)) {
      const variant = current.variants.get(run) ?? emptyRun(run);
      this.#run = withVariant(current, afterNotification(variant, notification));
    } else return;
    const goesOn = this.#isLive && notification.method === 'run-event' && this.#run.end === undefined;
    if (goesOn && this.#activity !== 'stopping') this.#setActivity('running');
    this.#listener.onRun(this.#run);
  }

  #ended(): void {
    const wasRunning = this.#activity !== 'idle';
    this.#setActivity('idle');
    if (wasRunning) void this.refreshPlan();
  }

  #setActivity(activity: PanelActivity): void {
    if (activity === this.#activity) return;
    this.#activity = activity;
    this.#listener.onActivity(activity);
  }

  #say(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const data = isRefusal(error) ? (error.data as CommandAnswer['document'] | undefined) : undefined;
    const diagnostics = Array.isArray(data?.diagnostics) ? data.diagnostics : [];
    this.#listener.onTrouble({ message, diagnostics });
  }
}

type RunNotification = Exclude<Notification, { readonly method: 'notebook-saved' }>;

function afterNotification(run: RunState, said: RunNotification): RunState {
  if (said.method === 'run-event') {
    const { sequence, event } = said.params;
    // Two may follow the same run: what was heard is not heard again.
    return sequence < run.heard ? run : { ...withEvent(run, event), heard: sequence + 1 };
  }
  if (said.method === 'run-outputs') return withOutputs(run, said.params.cell, said.params.outputs);
  return withEnd(run, said.params.end);
}

/** Of the arguments of runs those that decide what is reused. */
function environmentOf(words: readonly string[]): readonly string[] {
  const taken: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const count = { '--python': 1, '--kernel': 1, '-k': 1, '--env': 1, '-p': 2, '--parameters': 2, '-r': 2 }[word];
    if (count === undefined) continue;
    taken.push(...words.slice(at, at + 1 + count));
    at += count;
  }
  return taken;
}
