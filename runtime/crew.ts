import type { Task } from '../compiler/bundle/format.ts';
import type { ImportStep } from './process/protocol.ts';
import { TaskProcesses, type ProcessParent } from './process/task-processes.ts';
import { roomOf, type Room } from './room.ts';

/** A run, as those see it that run at the same time. */
export interface CrewRun {
  /** How many of the tasks that may run at once its attempts count for that have a core to themselves, here or on other machines. */
  readonly active: (isHome: boolean) => number;
  /** Something that it may have waited for has happened. */
  readonly look: () => void;
}

/** What a run shares with others that go on at the same time. */
export interface Crew {
  /** Where processes for tasks come from. */
  readonly processes: TaskProcesses;
  /** True when the run may act on the outside: all runs before it are over. Once it is, it stays so. */
  readonly isTurn: boolean;
  /** For the tasks that run at once. */
  readonly room: Room;
  join(run: CrewRun): void;
  /** The run is over. @param steps what the process of a task after its last one would have imported */
  leave(steps: readonly ImportStep[]): Promise<void>;
  /** Fulfilled when it is the run's turn. */
  turn(): Promise<void>;
  /** All tasks are over. Fulfilled when it is the run's turn. @param holds true when it still has processes */
  done(holds: boolean): Promise<void>;
  /** How many tasks more may start now, here or on other machines. @param wanted who asks waits for so many */
  free(isHome: boolean, wanted?: number): number;
  /** False while an earlier run has yet to do what this task is likely to do. */
  mayStart(task: Task): boolean;
  /** A task has come to its end. */
  ended(task: Task): void;
  /** What the run does from now on others do not find in the cache. */
  keepsToItself(): void;
  /** An attempt has come to its end, or waits: others may have its core. */
  stirred(): void;
  /** The outside is not as it was before. */
  acted(): void;
  /** True for results of runs that belong together. */
  isOwn(run: string): boolean;
}

/** A run by itself. */
export class Alone implements Crew {
  processes: TaskProcesses;
  readonly isTurn = true;
  readonly room: Room;
  readonly #startParent: () => Promise<ProcessParent>;
  #run: CrewRun | undefined;

  constructor(room: Room, startParent: () => Promise<ProcessParent>) {
    this.room = room;
    room.listen(() => this.#run?.look());
    this.#startParent = startParent;
    this.processes = new TaskProcesses(startParent);
  }

  join(run: CrewRun): void {
    // Of a run that begins a second time, the processes of the first have ended.
    if (this.#run !== undefined) this.processes = new TaskProcesses(this.#startParent);
    this.#run = run;
  }

  async leave(steps: readonly ImportStep[]): Promise<void> {
    await this.processes.stop(steps);
  }

  async turn(): Promise<void> {
    // Nobody is before it.
  }

  async done(): Promise<void> {
    // As above.
  }

  free(isHome: boolean): number {
    return roomOf(this.room, isHome) - (this.#run?.active(isHome) ?? 0);
  }

  mayStart(): boolean {
    return true;
  }

  ended(): void {
    // Nobody waits for it.
  }

  keepsToItself(): void {
    // As above.
  }

  stirred(): void {
    // As above.
  }

  acted(): void {
    // As above.
  }

  isOwn(): boolean {
    return false;
  }
}
