import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Interpreter } from './interpreter.ts';
import { ParentStage, ParentStages, type StageHost, type StageOrigin } from './parent-stage.ts';
import type { FromAttempt, FromParent, ImportStep, ToWorker } from './protocol.ts';
import { makeSocketFolder } from './socket-folder.ts';

/** What the warm parent is started with. */
export interface ParentOptions {
  readonly interpreter: Interpreter;
  /** Path of `worker.py`. */
  readonly script: string;
  readonly store: string;
  readonly cwd: string;
  /** Folder in which workers note what they do to the outside, before they do it. */
  readonly journal: string;
  /** Execution count, source and digest of the code of every cell, for tracebacks. */
  readonly cells: readonly (readonly [number, string, string])[];
  /** `fork` where that is safe; `spawn`: every process is a new interpreter. */
  readonly start: 'fork' | 'spawn';
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted: the parent, its children and the programs that cells have started end. */
  readonly signal?: AbortSignal | undefined;
}

/** One forked child. `onMessage` is called for each message, `onExit` once when it is gone. */
export interface TaskProcess {
  readonly pid: number;
  /** True once it has ended. */
  readonly isGone: boolean;
  send(message: ToWorker): void;
  kill(): void;
  onMessage: (message: FromAttempt) => void;
  onExit: () => void;
}

/**
 * Settings of libraries that make no difference to results. Threads of OpenMP that wait for work by spinning take the cores from
 * the other tasks' threads. The worker takes them out of the environment again before a cell can see them.
 */
const forWorkers = { OMP_WAIT_POLICY: 'PASSIVE' };

/** The warm parents of a run: they import what cells import and fork a child for every attempt. */
export class WorkerParent {
  readonly #server: Server;
  readonly #folder: string;
  readonly #token: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, (process: TaskProcess | undefined) => void>();
  readonly #sockets = new Set<Socket>();
  /** Of the first parent and those forked from it, by the name of the stage. */
  readonly #parents = new Map<string, Socket>();
  readonly #made = new Map<string, (origin: StageOrigin | undefined) => void>();
  readonly #stages: ParentStages;
  /** What is to be sent to the first parent when it is there. */
  #requests: ToWorker[] = [];
  #dead = false;
  #next = 0;
  /** What the parent wrote on its standard error, for the diagnostic when it cannot start. */
  complaint = '';

  private constructor(server: Server, folder: string, token: string, child: ChildProcess) {
    this.#server = server;
    this.#folder = folder;
    this.#token = token;
    this.#child = child;
    this.#stages = new ParentStages(new ParentStage(this.#host(), firstStage));
    server.on('connection', (socket) => {
      this.#connected(socket);
    });
    child.stderr?.on('data', (data: Buffer) => {
      this.complaint = (this.complaint + data.toString('utf8')).slice(-4000);
    });
    child.on('error', (error) => {
      this.complaint += error.message;
      this.#lost();
    });
    child.on('exit', () => {
      this.#lost();
    });
  }

  /** Starts the parent; forks may be asked for at once. */
  static async start(options: ParentOptions): Promise<WorkerParent> {
    const { folder, socket } = makeSocketFolder();
    const token = randomBytes(16).toString('hex');
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socket, resolve);
    });
    const child = spawn(options.interpreter.executable, ['-X', 'utf8', options.script], {
      cwd: options.cwd,
      env: { ...forWorkers, ...options.environment, ...options.interpreter.environment, PYTHONHASHSEED: '0' },
      stdio: ['pipe', 'ignore', 'pipe'],
      // A session of its own: what a terminal sends to stop the run goes to the scheduler alone, which ends the workers.
      detached: true,
    });
    options.signal?.addEventListener('abort', () => endGroup(child), { once: true });
    const parent = new WorkerParent(server, folder, token, child);
    const { store, start, cwd, cells, journal } = options;
    child.stdin.on('error', () => undefined);
    const hidden = Object.keys(forWorkers).filter((name) => options.environment[name] === undefined);
    child.stdin.end(`${JSON.stringify({ hidden, socket, token, store, start, cwd, cells, journal })}\n`);
    return parent;
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
    this.#child.kill('SIGKILL');
    // A program that a cell left running may have the other end; this one shall not wait for it.
    this.#child.stderr?.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
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

  #greetParent(socket: Socket, stage: string): (message: FromParent | FromAttempt) => void {
    this.#parents.set(stage, socket);
    if (stage === firstStage) for (const request of this.#requests.splice(0)) writeMessage(socket, request);
    this.#stageMade(stage, 'new');
    // Children that were asked of it will never come: the run starts with other parents.
    socket.on('close', () => {
      this.#lost();
    });
    return (message) => {
      if (message.type === 'stage-same') this.#stageMade(message.stage, 'same');
      if (message.type === 'stage-lost') this.#stageMade(message.stage, 'lost');
    };
  }

  #greet(socket: Socket, message: FromParent | FromAttempt): (message: FromParent | FromAttempt) => void {
    const ignore = (): void => undefined;
    if (message.type !== 'hello' || message.token !== this.#token) {
      socket.destroy();
      return ignore;
    }
    if (message.role === 'parent') return this.#greetParent(socket, message.stage ?? firstStage);
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
      kill: () => {
        killProcess(pid);
        socket.destroy();
      },
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
      if (later.type !== 'stage-same' && later.type !== 'stage-lost') process.onMessage(later);
    };
  }
}

const firstStage = '';

/** Ends the process group that a detached child leads. */
export function endGroup(child: ChildProcess): void {
  if (child.pid !== undefined) killProcess(-child.pid);
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // Gone already: that is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function writeMessage(socket: Socket, message: ToWorker): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}

function readMessages(socket: Socket, receive: (message: FromParent | FromAttempt) => void): void {
  let parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    let rest = chunk;
    for (;;) {
      const end = rest.indexOf(10);
      if (end < 0) break;
      parts.push(rest.subarray(0, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      rest = rest.subarray(end + 1);
      receive(JSON.parse(line) as FromParent | FromAttempt);
    }
    if (rest.length > 0) parts.push(rest);
  });
}
