import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { Family, firstStage } from './family.ts';
import { keysOf, ParentStage, ParentStages } from './parent-stage.ts';
import type { AtDoor, FromAttempt, FromParent, ImportStep, ToWorker } from './protocol.ts';
import { closeReception, lineOf, openReception, readMessages, signalProcess, type Reception } from './reception.ts';
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

/** What is asked of a process. */
export interface ForkWish {
  /** True: forked now. A child that was kept ready may be about to end with its parent. */
  readonly isFresh: boolean;
  /** True: on the machine that the notebook is on. */
  readonly isHome: boolean;
}

/** One forked child. `onMessage` is called for each message, `onExit` once when it is gone. */
export interface TaskProcess {
  readonly pid: number;
  /** The machine that it is on; undefined where there is only this one. */
  readonly place: string | undefined;
  /** True once it has ended. */
  readonly isGone: boolean;
  send(message: ToWorker): void;
  /** Lets a cell that has taken too long be interrupted; nothing happens when it has a reason not to be, or has ended. */
  interrupt(): void;
  kill(): void;
  /** Bytes of memory of the process and all that it has started; absent or undefined where nobody can tell, as on another machine. */
  memory?(): number | undefined;
  onMessage: (message: FromAttempt) => void;
  onExit: () => void;
  /** Of one on another machine: its attempt does not count and is to be made again. */
  onDisplaced: (displacement: Displacement) => void;
}

/** Why an attempt on another machine does not count. */
export interface Displacement {
  /** True when it has to be made on the machine that the notebook is on. */
  readonly isForHome: boolean;
  readonly reason: string;
}

/**
 * Settings of libraries that make no difference to results. Threads of OpenMP that wait for work by spinning take the cores from
 * the other tasks' threads. The worker takes them out of the environment again before a cell can see them.
 */
export const settingsForWorkers = { OMP_WAIT_POLICY: 'PASSIVE' };

type StandByOrder = Extract<ToWorker, { type: 'stand-by' }>;

/** Stages by the keys of their steps: those that there are, and those that are to be made. */
interface RestPlan {
  readonly made: readonly (readonly [string, string])[];
  /** The stage that makes the others. */
  readonly deepest: string;
  readonly next: readonly (StandByOrder['next'][number] & { readonly key: string })[];
}

/** Milliseconds for which the end of what was said before an exit is waited for. */
const longestLastWord = 250;

/** The warm parents of a run: they import what cells import and fork a child for every attempt. */
export class WorkerParent {
  readonly #reception: Reception;
  readonly #options: ParentOptions;
  /** The process of the first parent; undefined when an earlier run has started it. */
  readonly #child: ChildProcess | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #family = new Family({ isHere: true });
  /** Asked to wait for the next run; called when they do. */
  readonly #standingBy = new Map<string, () => void>();
  /** Of the first parent, once it is there. */
  #pid: number | undefined;
  /** What the parent wrote on its standard error, for the diagnostic when it cannot start. */
  complaint = '';

  private constructor(reception: Reception, options: ParentOptions, child: ChildProcess | undefined) {
    this.#reception = reception;
    this.#options = options;
    this.#child = child;
    this.#pid = child?.pid;
    this.#family.onStandingBy = (stage) => {
      this.#standingBy.get(stage)?.();
    };
    this.#family.onParent = (stage, pid) => {
      if (stage === firstStage) this.#pid = pid;
    };
    reception.server.on('connection', (socket) => {
      this.#connected(socket);
    });
    child?.stderr?.on('data', (data: Buffer) => {
      this.complaint = (this.complaint + data.toString('utf8')).slice(-4000);
    });
    child?.on('error', (error) => {
      this.complaint += error.message;
      this.#family.lose();
    });
    child?.on('exit', () => {
      // What it said last may still be on its way; what it has started may keep the stream open.
      const lose = (): void => this.#family.lose();
      child.once('close', lose);
      setTimeout(lose, longestLastWord).unref();
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
      env: { ...settingsForWorkers, ...options.environment, ...options.interpreter.environment, PYTHONHASHSEED: '0' },
      stdio: ['pipe', 'ignore', 'pipe'],
      // A session of its own: what a terminal sends to stop the run goes to the scheduler alone, which ends the workers.
      detached: true,
    });
    const parent = new WorkerParent(reception, options, child);
    const { store, start, cwd, cells, journal, secrets } = options;
    const { socket, token } = reception;
    const mayStandBy = options.standBy > 0 && start === 'fork';
    child.stdin.on('error', () => undefined);
    const hidden = Object.keys(settingsForWorkers).filter((name) => options.environment[name] === undefined);
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
    this.#family.goOnAfter(standBy.names);
    const names = [...new Set(standBy.stages.map(([, name]) => name))];
    const coming = new Map(names.map((name) => [name, this.#invite(standBy, name, work)]));
    if ((await coming.get(firstStage)) === undefined) return false;
    const never = Promise.resolve(undefined);
    this.#family.stages = new ParentStages(
      new Map(standBy.stages.map(([key, name]) => [key, coming.get(name) ?? never])),
    );
    void Promise.all(coming.values()).then(() => {
      rmSync(standBy.folder, { recursive: true, force: true });
    });
    return true;
  }

  /** A stage that works for this run from now on; undefined when it does not. */
  async #invite(standBy: FoundStandBy, name: string, work: AtDoor): Promise<ParentStage | undefined> {
    const arrival = this.#family.expect(name);
    if (await knock(standBy, name, work))
      return (await arrival) === 'new' ? new ParentStage(this.#family.host(), name) : undefined;
    this.#family.forgetExpected(name);
    return undefined;
  }

  /**
   * A child that nobody has used; undefined when the parents are gone.
   * @param steps what it has imported
   */
  async fork(steps: readonly ImportStep[], { isFresh }: ForkWish): Promise<TaskProcess | undefined> {
    return await this.#family.fork(steps, isFresh);
  }

  /** Lets a parent with these imports be made, if there is none yet. */
  prepare(steps: readonly ImportStep[]): void {
    void this.#family.stages.after(steps);
  }

  /** There is none that its complaint does not tell. */
  readonly problem: Diagnostic | undefined = undefined;

  /** True when it has been able to serve: what ended it later was not the interpreter's state. */
  get wasReady(): boolean {
    return this.#family.wasReady;
  }

  /** Ends the parent and every child. */
  stop(): void {
    this.#family.lose();
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
    const mayWait = seconds > 0 && start === 'fork' && signal?.aborted !== true && !this.#family.isLost;
    if (!mayWait || this.#pid === undefined || !this.wasReady) {
      this.stop();
      return;
    }
    this.#family.lose();
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
      names: this.#family.names,
      stages: [...plan.made.filter(([, name]) => waiting.has(name)), ...(waiting.has(plan.deepest) ? later : [])],
    });
  }

  /** The stages that there are, by the keys of their steps, and those that the deepest of them is to make. */
  #planRest(steps: readonly ImportStep[]): RestPlan {
    const keys = keysOf(steps);
    const found = this.#family.stages.madeOnTheWay(steps);
    const [taken, stage] = found.at(-1) ?? [0, undefined];
    const deepest = stage?.name ?? firstStage;
    const next = steps.slice(taken).map((step, place) => {
      const name = this.#family.nextName();
      return { stage: name, door: doorOf(this.#reception.folder, name), step, key: keys[taken + place + 1] ?? '' };
    });
    return { made: found.map(([count, { name }]) => [keys[count] ?? '', name]), deepest, next };
  }

  /** False when it ends instead, or does not answer. */
  async #askToWait(name: string, how: Pick<StandByOrder, 'token' | 'seconds' | 'next'>): Promise<boolean> {
    const line = this.#family.parent(name);
    if (line === undefined || line.isClosed()) return false;
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
      line.onClose(() => {
        answer(false);
      });
      line.send({ type: 'stand-by', door: doorOf(this.#reception.folder, name), ...how });
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
    socket.on('close', () => {
      this.#sockets.delete(socket);
    });
  }

  #greet(socket: Socket, message: FromParent | FromAttempt): (message: FromParent | FromAttempt) => void {
    if (message.type !== 'hello' || message.token !== this.#reception.token) {
      socket.destroy();
      return () => undefined;
    }
    return this.#family.greet(lineOf(socket), message);
  }
}

/** Milliseconds in which a warm parent says that it waits. */
const mostPatience = 1000;

/** Ends the process group that a detached child leads. */
export function endGroup(child: ChildProcess): void {
  if (child.pid !== undefined) killProcess(-child.pid);
}

function killProcess(pid: number): void {
  signalProcess(pid, 'SIGKILL');
}
