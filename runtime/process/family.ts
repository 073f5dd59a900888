import { memoryUse } from './memory-use.ts';
import { ParentStage, ParentStages, type StageHost, type StageOrigin } from './parent-stage.ts';
import type { FromAttempt, FromParent, ImportStep, ToWorker } from './protocol.ts';
import type { Line } from './reception.ts';
import type { TaskProcess } from './worker-parent.ts';

/** The first of the parents. */
export const firstStage = '';

type Said = FromParent | FromAttempt;
type Receiver = (message: Said) => void;

const ignore = (): void => undefined;

/** The warm parents of one machine and the children that they fork, as they come and say who they are; however they are reached. */
export class Family {
  readonly #waiting = new Map<string, (process: TaskProcess | undefined) => void>();
  /** The first parent and those forked from it, by the name of the stage. */
  readonly #parents = new Map<string, Line>();
  readonly #made = new Map<string, (origin: StageOrigin | undefined) => void>();
  /** What is to be sent to the first parent when it is there. */
  #requests: ToWorker[] = [];
  #isLost = false;
  #next = 0;
  /** Told of parents that wait for the next run. */
  onStandingBy: (stage: string) => void = ignore;
  /** Told of a parent that has come. */
  onParent: (stage: string, pid: number) => void = ignore;
  stages: ParentStages;
  readonly #isHere: boolean;

  /** @param isHere true: on this machine, where the numbers of its processes mean something */
  constructor({ isHere }: { readonly isHere: boolean }) {
    this.#isHere = isHere;
    this.stages = new ParentStages(new Map([[firstStage, Promise.resolve(new ParentStage(this.host(), firstStage))]]));
  }

  /** True when it has been able to serve. */
  get wasReady(): boolean {
    return this.#parents.has(firstStage);
  }

  /** True when nobody will come any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** How many names of attempts and stages have been given. */
  get names(): number {
    return this.#next;
  }

  /** Goes on after so many names that an earlier run has given. */
  goOnAfter(names: number): void {
    this.#next = names;
  }

  nextName(): string {
    return `a${String(this.#next++)}`;
  }

  /** How a stage's process is reached. */
  parent(stage: string): Line | undefined {
    return this.#parents.get(stage);
  }

  /**
   * A child that nobody has used; undefined when the parents are gone.
   * @param steps what it has imported
   * @param fresh true: forked now. A child that was kept ready may be about to end with its parent.
   */
  async fork(steps: readonly ImportStep[], fresh: boolean): Promise<TaskProcess | undefined> {
    const stage = await this.stages.after(steps);
    return await stage.fork(fresh);
  }

  /** What stages share. */
  host(): StageHost {
    return {
      nextName: () => this.nextName(),
      child: async (attempt) =>
        this.#isLost ? undefined : await new Promise((resolve) => this.#waiting.set(attempt, resolve)),
      stage: async (stage) => await this.expect(stage),
      send: (stage, message) => {
        const line = this.#parents.get(stage);
        if (line !== undefined) line.send(message);
        else this.#requests.push(message);
      },
    };
  }

  /** What becomes of a stage that was asked for; undefined when the parents are gone. */
  async expect(stage: string): Promise<StageOrigin | undefined> {
    return this.#isLost ? undefined : await new Promise((resolve) => this.#made.set(stage, resolve));
  }

  /** Nobody waits for the stage any more. */
  forgetExpected(stage: string): void {
    this.#made.delete(stage);
  }

  /** Whoever waits for a process waits in vain. */
  lose(): void {
    this.#isLost = true;
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
    for (const resolve of this.#made.values()) resolve(undefined);
    this.#made.clear();
  }

  /** A process has said who it is; gives what takes in all that it says from now on. */
  greet(line: Line, hello: Extract<Said, { type: 'hello' }>): Receiver {
    if (hello.role === 'parent') return this.#greetParent(line, hello.stage ?? firstStage, hello.pid);
    const process = this.#processOf(line, hello.pid);
    const attempt = hello.attempt ?? '';
    const resolve = this.#waiting.get(attempt);
    this.#waiting.delete(attempt);
    resolve?.(process);
    return (later) => {
      if (!isOfParent(later)) process.onMessage(later);
    };
  }

  #greetParent(line: Line, stage: string, pid: number): Receiver {
    this.#parents.set(stage, line);
    this.onParent(stage, pid);
    if (stage === firstStage) for (const request of this.#requests.splice(0)) line.send(request);
    this.#stageMade(stage, 'new');
    // Children that were asked of it will never come: the run starts with other parents.
    line.onClose(() => {
      this.lose();
    });
    return (message) => {
      if (message.type === 'stage-same') this.#stageMade(message.stage, 'same');
      if (message.type === 'stage-lost') this.#stageMade(message.stage, 'lost');
      if (message.type === 'standing-by') this.onStandingBy(message.stage);
    };
  }

  #processOf(line: Line, pid: number): TaskProcess {
    let isGone = false;
    const process: TaskProcess = {
      pid,
      place: undefined,
      get isGone() {
        return isGone;
      },
      send: (message) => {
        line.send(message);
      },
      interrupt: () => {
        // One that has gone may have left its number to another.
        if (!isGone) line.signal(pid, 'SIGURG');
      },
      kill: () => {
        line.signal(pid, 'SIGKILL');
        line.close();
      },
      memory: () => (isGone || !this.#isHere ? undefined : memoryUse(pid)),
      onMessage: ignore,
      onExit: ignore,
      onDisplaced: ignore,
    };
    line.onClose(() => {
      isGone = true;
      process.onExit();
    });
    return process;
  }

  #stageMade(stage: string, origin: StageOrigin): void {
    this.#made.get(stage)?.(origin);
    this.#made.delete(stage);
  }
}

function isOfParent(message: Said): message is Exclude<FromParent, { type: 'hello' }> {
  return message.type === 'stage-same' || message.type === 'stage-lost' || message.type === 'standing-by';
}
