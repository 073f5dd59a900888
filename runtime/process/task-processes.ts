import type { ImportStep } from './protocol.ts';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { ForkWish, TaskProcess, WorkerParent } from './worker-parent.ts';

/** What this needs of a warm parent. */
export type ProcessParent = Pick<
  WorkerParent,
  'fork' | 'prepare' | 'stop' | 'rest' | 'wasReady' | 'complaint' | 'problem'
>;

const mostRestarts = 2;

/** Where processes for tasks come from: a warm parent, started when the first is asked for, and again when it is lost. */
export class TaskProcesses {
  readonly #start: () => Promise<ProcessParent>;
  #parent: Promise<ProcessParent> | undefined;
  #restarts = 0;
  #isStopped = false;
  /** What the last parent wrote before it ended. */
  complaint = '';
  /** Why no process can be had, where it is not the interpreter. */
  problem: Diagnostic | undefined;

  constructor(start: () => Promise<ProcessParent>) {
    this.#start = start;
  }

  /**
   * Forks a process that has taken some steps, or takes one that was kept ready unless it must be fresh; undefined when no parent
   * can be had, because of `complaint`.
   */
  async fork(steps: readonly ImportStep[], wish: ForkWish): Promise<TaskProcess | undefined> {
    // A request that was under way when the run ended must not start another parent, which nobody would end.
    if (this.#isStopped) return undefined;
    this.#parent ??= this.#start();
    const current = this.#parent;
    const parent = await current;
    const process = await parent.fork(steps, wish);
    if (process !== undefined) return process;
    ({ complaint: this.complaint, problem: this.problem } = parent);
    if (!parent.wasReady || this.#restarts >= mostRestarts) return undefined;
    if (this.#parent === current) {
      this.#restarts++;
      this.#parent = undefined;
      parent.stop();
    }
    return await this.fork(steps, wish);
  }

  /** Lets a parent with these imports be made beforehand; nothing happens when no process was asked for yet. */
  async prepare(steps: readonly ImportStep[]): Promise<void> {
    const parent = this.#isStopped ? undefined : await this.#parent;
    if (!this.#isStopped) parent?.prepare(steps);
  }

  /**
   * Ends every process; warm parents may wait for the next run.
   * @param steps what the process of a task after the last one would have imported
   */
  async stop(steps: readonly ImportStep[]): Promise<void> {
    this.#isStopped = true;
    if (this.#parent !== undefined) await (await this.#parent).rest(steps);
  }
}
