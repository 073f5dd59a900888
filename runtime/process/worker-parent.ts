import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { memoryUse } from './memory-use.ts';
import { keysOf, ParentStage, ParentStages, type StageHost, type StageOrigin } from './parent-stage.ts';
import type { AtDoor, FromAttempt, FromParent, ImportStep, ToWorker } from './protocol.ts';
import { closeReception, openReception, readMessages, writeMessage, type Reception } from './reception.ts';
import { keyOfStart, terminalOf, type ParentStart } from './standby-key.ts';
import { claimStandBy, dismiss, doorOf, knock, leaveStandBy, type FoundStandBy } from './standby.ts';

/** What the warm parent is started with. */
export interface ParentOptions extends ParentStart {
  /** Folder in which workers note what they do to the outside, before they do it. */
  readonly journal: string;
  /** Execution count, source and digest of the code of every cell, for tracebacks. */
  readonly cells: readonly (readonly [number, string, string])[];
  /** Environment variables whose values no file may have in it. */
  readonly secrets: readonly string[];
  /** `fork` where that is safe; `spawn`: every process is a new interpreter. */
  readonly start: 'fork' | 'spawn';
  /** How many seconds it waits for the next run when this one is over; 0: not at all. */
  readonly standBy: number;
  /** Aborted: the parent, its children and the programs that cells have started end. */
  readonly signal?: AbortSignal | undefined;
}

/** One forked child. `onMessage` is called for each message, `onExit` once when it is gone. */
export interface TaskProcess {
  readonly pid: number;
  /** True once it has ended. */
  readonly isGone: boolean;
  send(message: ToWorker): void;
  /** Lets a cell that has taken too long be interrupted; nothing happens when it has a reason not to be, or has ended. */
  interrupt(): void;
  kill(): void;
  /** Bytes of memory of the process and all that it has started; absent or undefined where nobody can tell. */
  memory?(): number | undefined;
  onMessage: (message: FromAttempt) => void;
  onExit: () => void;
}

/**
 * Settings of libraries that make no difference to results. Threads of OpenMP that wait for work by spinning take the cores from
 * the other tasks' threads. The worker takes them out of the environment again before a cell can see them.
 */
const forWorkers = { OMP_WAIT_POLICY: 'PASSIVE' };

type StandByOrder = Extract<ToWorker, { type: 'stand-by' }>;

/** Stages by the keys of their steps: those that there are, and those that are to be made. */
interface RestPlan {
  readonly made: readonly (readonly [string, string])[];
  /** The stage that makes the others. */
  readonly deepest: string;
  readonly next: readonly (StandByOrder['next'][number] & { readonly key: string })[];
}

/** The warm parents of a run: they import what cells import and fork a child for every attempt. */
export class WorkerParent {
  readonly #reception: Reception;
  readonly #options: ParentOptions;
  /** The process of the first parent; undefined when an earlier run has started it. */
  readonly #child: ChildProcess | undefined;
  readonly #waiting = new Map<string, (process: TaskProcess | undefined) => void>();
  readonly #sockets = new Set<Socket>();
  /** Of the first parent and those forked from it, by the name of the stage. */
  readonly #parents = new Map<string, Socket>();
  readonly #made = new Map<string, (origin: StageOrigin | undefined) => void>();
  /** Asked to wait for the next run; called when they do. */
  readonly #standingBy = new Map<string, () => void>();
  #stages: ParentStages;
  /** What is to be sent to the first parent when it is there. */
  #requests: ToWorker[] = [];
  #dead = false;
  #next = 0;
  /** Of the first parent, once it is there. */
  #pid: number | undefined;
  /** What the parent wrote on its standard error, for the diagnostic when it cannot start. */
  complaint = '';

  private constructor(reception: Reception, options: ParentOptions, child: ChildProcess | undefined) {
    this.#reception = reception;
    this.#options = options;
    this.#child = child;
    this.#pid = child?.pid;
    this.#stages = new ParentStages(new Map([['', Promise.resolve(new ParentStage(this.#host(), firstStage))]]));
    reception.server.on('connection', (socket) => {
      this.#connected(socket);
    });
    child?.stderr?.on('data', (data: Buffer) => {
      this.complaint = (this.complaint + data.toString('utf8')).slice(-4000);
    });
    child?.on('error', (error) => {
      this.complaint += error.message;
      this.#lost();
    });
    child?.on('exit', () => {
      this.#lost();
    });
    options.signal?.addEventListener('abort', () => this.#endGroup(), { once: true });
  }

  /** Takes parents that wait, or starts the first one; forks may be asked for at once. */
  static async start(options: ParentOptions): Promise<WorkerParent> {
    const standBy = options.standBy > 0 && options.start === 'fork' ? claimStandBy(keyOfStart(options)) : undefined;
    if (standBy !== undefined) {
      const parent = new WorkerParent(await openReception(), options, undefined);
      if (await parent.#takeOver(standBy)) return parent;
      // Whoever of them comes late finds nobody.
      parent.stop();
      await dismiss(standBy);
    }
    return WorkerParent.#startFirst(await openReception(), options);
  }

  static #startFirst(reception: Reception, options: ParentOptions): WorkerParent {
    const child = spawn(options.interpreter.executable, ['-X', 'utf8', options.script], {
      cwd: options.cwd,
      env: { ...forWorkers, ...options.environment, ...options.interpreter.environment, PYTHONHASHSEED: '0' },
      stdio: ['pipe', 'ignore', 'pipe'],
      // A session of its own: what a terminal sends to stop the run goes to the scheduler alone, which ends the workers.
      detached: true,
    });
    const parent = new WorkerParent(reception, options, child);
    const { store, start, cwd, cells, journal, secrets } = options;
    const { socket, token } = reception;
    const mayStandBy = options.standBy > 0 && start === 'fork';
    child.stdin.on('error', () => undefined);
    const hidden = Object.keys(forWorkers).filter((name) => options.environment[name] === undefined);
    const more = { start, cwd, cells, journal, mayStandBy, secrets };
    child.stdin.end(`${JSON.stringify({ hidden, socket, token, store, ...more })}\n`);
    return parent;
  }

  /** Lets parents of an earlier run work for this one; false when the first of them does not. */
  async #takeOver(standBy: FoundStandBy): Promise<boolean> {
    const { socket, token } = this.#reception;
    const { cells, journal } = this.#options;
    const entropy = randomBytes(32).toString('hex');
    const work = { type: 'work', socket, token, cells, journal, terminal: terminalOf(this.#options), entropy } as const;
    this.#next = standBy.names;
    const names = [...new Set(standBy.stages.map(([, name]) => name))];
    const coming = new Map(names.map((name) => [name, this.#invite(standBy, name, work)]));
    if ((await coming.get(firstStage)) === undefined) return false;
    const never = Promise.resolve(undefined);
    this.#stages = new ParentStages(new Map(standBy.stages.map(([key, name]) => [key, coming.get(name) ?? never])));
    void Promise.all(coming.values()).then(() => {
      rmSync(standBy.folder, { recursive: true, force: true });
    });
    return true;
  }

  /** A stage that works for this run from now on; undefined when it does not. */
  async #invite(standBy: FoundStandBy, name: string, work: AtDoor): Promise<ParentStage | undefined> {
    const arrival = this.#host().stage(name);
    if (await knock(standBy, name, work))
      return (await arrival) === 'new' ? new ParentStage(this.#host(), name) : undefined;
    this.#made.delete(name);
    return undefined;
  }

  /**
   * A child that nobody has used; undefined when the parents are gone.
   * @param steps what it has imported
   * @param fresh true: forked now. A child that was kept ready may be about to end with its parent.
   */
  async fork(steps: readonly ImportStep[], fresh: boolean): Promise<TaskProcess | undefined> {
    const stage = await this.#stages.after(steps);
    return await stage.fork(fresh);
  }

  /** Lets a parent with these imports be made, if there is none yet. */
  prepare(steps: readonly ImportStep[]): void {
    void this.#stages.after(steps);
  }

  /** True when it has been able to serve: what ended it later was not the interpreter's state. */
  get wasReady(): boolean {
    return this.#parents.has(firstStage);
  }

  /** Ends the parent and every child. */
  stop(): void {
    this.#lost();
    if (this.#pid !== undefined) killProcess(this.#pid);
    this.#leave();
    closeReception(this.#reception);
  }

  /**
   * Ends every child. The parents that a further run would need wait for it, if they can.
   * @param steps what the process of a task after the last one would have imported
   */
  async rest(steps: readonly ImportStep[]): Promise<void> {
    const { standBy: seconds, start, signal } = this.#options;
    const mayWait = seconds > 0 && start === 'fork' && signal?.aborted !== true && !this.#dead;
    if (!mayWait || this.#pid === undefined || !this.wasReady) {
      this.stop();
      return;
    }
    this.#lost();
    const { folder } = this.#reception;
    const token = randomBytes(16).toString('hex');
    const plan = this.#planRest(steps);
    const names = [...new Set(plan.made.map(([, name]) => name))];
    const answers = await Promise.all(
      names.map(async (name) => {
        const next = name === plan.deepest ? plan.next : [];
        return await this.#askToWait(name, { token, seconds, next });
      }),
    );
    const waiting = new Set(names.filter((_, place) => answers[place]));
    if (!waiting.has(firstStage)) {
      this.stop();
      return;
    }
    this.#child?.unref();
    this.#leave();
    this.#reception.server.close();
    const later = plan.next.map(({ stage, key }) => [key, stage] as const);
    await leaveStandBy(folder, {
      key: keyOfStart(this.#options),
      store: this.#options.store,
      token,
      pid: this.#pid,
      names: this.#next,
      stages: [...plan.made.filter(([, name]) => waiting.has(name)), ...(waiting.has(plan.deepest) ? later : [])],
    });
  }

  /** The stages that there are, by the keys of their steps, and those that the deepest of them is to make. */
  #planRest(steps: readonly ImportStep[]): RestPlan {
    const keys = keysOf(steps);
    const found = this.#stages.madeOnTheWay(steps);
    const [taken, stage] = found.at(-1) ?? [0, undefined];
    const deepest = stage?.name ?? firstStage;
    const next = steps.slice(taken).map((step, place) => {
      const name = `a${String(this.#next++)}`;
      return { stage: name, door: doorOf(this.#reception.folder, name), step, key: keys[taken + place + 1] ?? '' };
    });
    return { made: found.map(([count, { name }]) => [keys[count] ?? '', name]), deepest, next };
  }

  /** False when it ends instead, or does not answer. */
  async #askToWait(name: string, how: Pick<StandByOrder, 'token' | 'seconds' | 'next'>): Promise<boolean> {
    const socket = this.#parents.get(name);
    if (socket === undefined || socket.destroyed) return false;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(false);
      }, mostPatience);
      const answer = (waits: boolean): void => {
        clearTimeout(timer);
        resolve(waits);
      };
      this.#standingBy.set(name, () => {
        answer(true);
      });
      socket.once('close', () => {
        answer(false);
      });
      writeMessage(socket, { type: 'stand-by', door: doorOf(this.#reception.folder, name), ...how });
    });
  }

  /** Ends the processes, the programs that cells have started included. */
  #endGroup(): void {
    if (this.#pid !== undefined) killProcess(-this.#pid);
  }

  /** Lets go of everything that would keep this process from ending. */
  #leave(): void {
    // A program that a cell left running may have the other end; this one shall not wait for it.
    this.#child?.stderr?.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #lost(): void {
    this.#dead = true;
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
    for (const resolve of this.#made.values()) resolve(undefined);
    this.#made.clear();
  }

  #host(): StageHost {
    return {
      nextName: () => `a${String(this.#next++)}`,
      child: async (attempt) =>
        this.#dead ? undefined : await new Promise((resolve) => this.#waiting.set(attempt, resolve)),
      stage: async (stage) => (this.#dead ? undefined : await new Promise((resolve) => this.#made.set(stage, resolve))),
      send: (stage, message) => {
        const socket = this.#parents.get(stage);
        if (socket !== undefined) writeMessage(socket, message);
        else this.#requests.push(message);
      },
    };
  }

  #stageMade(stage: string, origin: StageOrigin): void {
    this.#made.get(stage)?.(origin);
    this.#made.delete(stage);
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    let receive: (message: FromParent | FromAttempt) => void = (message) => {
      receive = this.#greet(socket, message);
    };
    readMessages(socket, (message) => {
      receive(message);
    });
    socket.on('error', () => {
      socket.destroy();
    });
  }

  #greetParent(socket: Socket, stage: string, pid: number): (message: FromParent | FromAttempt) => void {
    this.#parents.set(stage, socket);
    if (stage === firstStage) this.#pid = pid;
    if (stage === firstStage) for (const request of this.#requests.splice(0)) writeMessage(socket, request);
    this.#stageMade(stage, 'new');
    // Children that were asked of it will never come: the run starts with other parents.
    socket.on('close', () => {
      this.#lost();
    });
    return (message) => {
      if (message.type === 'stage-same') this.#stageMade(message.stage, 'same');
      if (message.type === 'stage-lost') this.#stageMade(message.stage, 'lost');
      if (message.type === 'standing-by') this.#standingBy.get(message.stage)?.();
    };
  }

  #greet(socket: Socket, message: FromParent | FromAttempt): (message: FromParent | FromAttempt) => void {
    const ignore = (): void => undefined;
    if (message.type !== 'hello' || message.token !== this.#reception.token) {
      socket.destroy();
      return ignore;
    }
    if (message.role === 'parent') return this.#greetParent(socket, message.stage ?? firstStage, message.pid);
    const { pid } = message;
    let isGone = false;
    const process: TaskProcess = {
      pid,
      get isGone() {
        return isGone;
      },
      send: (outgoing) => {
        writeMessage(socket, outgoing);
      },
      interrupt: () => {
        // One that has gone may have left its number to another.
        if (!isGone) signalProcess(pid, 'SIGURG');
      },
      kill: () => {
        killProcess(pid);
        socket.destroy();
      },
      memory: () => (isGone ? undefined : memoryUse(pid)),
      onMessage: ignore,
      onExit: ignore,
    };
    socket.on('close', () => {
      isGone = true;
      this.#sockets.delete(socket);
      process.onExit();
    });
    const resolve = this.#waiting.get(message.attempt ?? '');
    this.#waiting.delete(message.attempt ?? '');
    resolve?.(process);
    return (later) => {
      if (!isOfParent(later)) process.onMessage(later);
    };
  }
}

const firstStage = '';
/** Milliseconds in which a warm parent says that it waits. */
const mostPatience = 1000;

function isOfParent(message: FromParent | FromAttempt): message is Exclude<FromParent, { type: 'hello' }> {
  return message.type === 'stage-same' || message.type === 'stage-lost' || message.type === 'standing-by';
}

/** Ends the process group that a detached child leads. */
export function endGroup(child: ChildProcess): void {
  if (child.pid !== undefined) killProcess(-child.pid);
}

function killProcess(pid: number): void {
  signalProcess(pid, 'SIGKILL');
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already: that is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
