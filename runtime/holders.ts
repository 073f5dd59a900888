import type { TaskProcess } from './process/worker-parent.ts';
import type { State } from './run-state.ts';
import { namesToLoad } from './task-inputs.ts';
import { originOf } from './versions.ts';

/** A process of this run, and the values that only it has. */
export interface Holder {
  readonly process: TaskProcess;
  readonly holds: Set<string>;
  /** The place of the last task that ran in it: what earlier ones imported, it has. */
  at: number;
}

/** The processes that run tasks or hold values. */
export class Holders {
  readonly #states: readonly State[];
  readonly #alive = new Set<Holder>();

  constructor(states: readonly State[]) {
    this.#states = states;
  }

  /** How many processes there are. */
  get size(): number {
    return this.#alive.size;
  }

  /** True when the process of an ended task is still there for its values. */
  get areHolding(): boolean {
    return [...this.#alive].some(({ holds }) => holds.size > 0);
  }

  /** @param at the place of the task that the process is for */
  add(process: TaskProcess, at: number): Holder {
    const holder = { process, holds: new Set<string>(), at };
    this.#alive.add(holder);
    return holder;
  }

  /** The process is no longer of use, or gone. */
  remove(holder: Holder): void {
    this.#alive.delete(holder);
  }

  /** A task has retired: its process stays for the values that only it has, and ends when there are none. */
  settle(state: State): void {
    const { holder } = state;
    if (holder === undefined) return;
    holder.holds.clear();
    for (const name of Object.keys(state.result?.held ?? {})) holder.holds.add(name);
    if (holder.holds.size > 0) return;
    this.remove(holder);
    holder.process.send({ type: 'exit' });
    state.holder = undefined;
  }

  /** The process of a task has gone with all that it held. */
  lose(state: State): void {
    if (state.holder !== undefined) this.remove(state.holder);
    state.holder = undefined;
  }

  /** After a failure: what only the process of a cell had that took too long and was killed. */
  lostNeed(state: State): string | undefined {
    const { lost } = this.ofNames(namesToLoad(this.#states, state), state.index);
    return lost === undefined ? undefined : `needs ${lost}, which was lost with the process of a cell`;
  }

  /** Ends the processes as a kernel is shut down: what their files hold back is written. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#alive].map(async ({ process }) => await endProcess(process)));
  }

  killAll(): void {
    for (const holder of this.#alive) holder.process.kill();
  }

  /** The process that ran the task at `at`, when it is still there. */
  ofTask(at: number): Holder | undefined {
    const holder = this.#states[at]?.holder;
    return holder !== undefined && this.#alive.has(holder) ? holder : undefined;
  }

  /** The processes that alone have the newest values of some names, and a name whose value no process has any more. */
  ofNames(
    names: readonly string[],
    index: number,
  ): { readonly holders: ReadonlySet<Holder>; readonly lost: string | undefined } {
    const holders = new Set<Holder>();
    for (const name of names) {
      const origin = originOf(this.#states, name, index);
      if (origin.kind !== 'held' && origin.kind !== 'unsaved') continue;
      const holder = origin.kind === 'held' ? this.ofTask(origin.at) : undefined;
      if (holder === undefined) return { holders, lost: name };
      holders.add(holder);
    }
    return { holders, lost: undefined };
  }

  /**
   * The names whose newest value before the task at `index` only this process has. It may also hold older values of names that
   * were bound again in another process; those are not among them.
   */
  kept(holder: Holder | undefined, index: number): ReadonlySet<string> {
    const names = [...(holder?.holds ?? [])].filter((name) => {
      const origin = originOf(this.#states, name, index);
      return origin.kind === 'held' && this.ofTask(origin.at) === holder;
    });
    return new Set(names);
  }
}

/** Milliseconds that a process has to end by itself. */
export const longestFarewell = 5000;

/** Lets a process end by itself, for a while. */
export async function endProcess(process: TaskProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, longestFarewell);
    process.onExit = () => {
      clearTimeout(timer);
      resolve();
    };
    if (process.isGone) process.onExit();
    else process.send({ type: 'exit' });
  });
  process.kill();
}
