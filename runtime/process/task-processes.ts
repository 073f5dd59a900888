import type { TaskProcess, WorkerParent } from './worker-parent.ts';

const mostRestarts = 2;

/** Where processes for tasks come from: a warm parent, started when the first is asked for, and again when it is lost. */
export class TaskProcesses {
  readonly #start: () => Promise<WorkerParent>;
  #parent: Promise<WorkerParent> | undefined;
  #restarts = 0;
  /** What the last parent wrote before it ended. */
  complaint = '';

  constructor(start: () => Promise<WorkerParent>) {
    this.#start = start;
  }

  /** Forks a process, or takes one that was kept ready unless it must be `fresh`; undefined when no parent can be had, because of `complaint`. */
  async fork(fresh: boolean): Promise<TaskProcess | undefined> {
    this.#parent ??= this.#start();
    const current = this.#parent;
    const parent = await current;
    const process = await parent.fork(fresh);
    if (process !== undefined) return process;
    this.complaint = parent.complaint;
    if (!parent.wasReady || this.#restarts >= mostRestarts) return undefined;
    if (this.#parent === current) {
      this.#restarts++;
      this.#parent = undefined;
      parent.stop();
    }
    return await this.fork(fresh);
  }

  /** Ends the parent, and with it every process that it forked. */
  async stop(): Promise<void> {
    if (this.#parent !== undefined) (await this.#parent).stop();
  }
}
