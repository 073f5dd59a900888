import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FromWorker, ToWorker } from './protocol.ts';
import type { Interpreter } from './interpreter.ts';

/** What the warm parent is started with. */
export interface ParentOptions {
  readonly interpreter: Interpreter;
  /** Path of `worker.py`. */
  readonly script: string;
  readonly store: string;
  readonly cwd: string;
  /** Folder in which workers note what they do to the outside, before they do it. */
  readonly journal: string;
  readonly prelude: readonly string[];
  /** Execution count, source and digest of the code of every cell, for tracebacks. */
  readonly cells: readonly (readonly [number, string, string])[];
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
  onMessage: (message: FromWorker) => void;
  onExit: () => void;
}

/**
 * Settings of libraries that make no difference to results. Threads of OpenMP that wait for work by spinning take the cores from
 * the other tasks' threads. The worker takes them out of the environment again before a cell can see them.
 */
const forWorkers = { OMP_WAIT_POLICY: 'PASSIVE' };

/**
 * The warm parent: it imports the prelude and forks a child for every attempt. One child more than was asked for is kept ready, so
 * that its start is not on the way of the next task.
 */
export class WorkerParent {
  readonly #server: Server;
  readonly #folder: string;
  readonly #token: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, (process: TaskProcess | undefined) => void>();
  readonly #sockets = new Set<Socket>();
  #parent: Socket | undefined;
  #spare: Promise<TaskProcess | undefined> | undefined;
  #requests: string[] = [];
  #dead = false;
  #next = 0;
  /** What the parent wrote on its standard error, for the diagnostic when it cannot start. */
  complaint = '';

  private constructor(server: Server, folder: string, token: string, child: ChildProcess) {
    this.#server = server;
    this.#folder = folder;
    this.#token = token;
    this.#child = child;
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
    const folder = mkdtempSync(join(tmpdir(), 'cw-'));
    const socket = join(folder, 's');
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
    const { store, prelude, cwd, cells, journal } = options;
    child.stdin.on('error', () => undefined);
    const hidden = Object.keys(forWorkers).filter((name) => options.environment[name] === undefined);
    child.stdin.end(`${JSON.stringify({ hidden, socket, token, store, prelude, cwd, cells, journal })}\n`);
    return parent;
  }

  /**
   * A child that nobody has used; undefined when the parent is gone.
   * @param fresh true: forked now. A child that was kept ready may be about to end with its parent.
   */
  async fork(fresh: boolean): Promise<TaskProcess | undefined> {
    if (fresh) return await this.#request();
    const ready = this.#spare ?? this.#request();
    this.#spare = this.#request();
    const child = await ready;
    return child?.isGone === true ? await this.#request() : child;
  }

  async #request(): Promise<TaskProcess | undefined> {
    if (this.#dead) return undefined;
    const attempt = `a${String(this.#next++)}`;
    return await new Promise((resolve) => {
      this.#waiting.set(attempt, resolve);
      if (this.#parent === undefined) this.#requests.push(attempt);
      else writeMessage(this.#parent, { type: 'fork', attempt });
    });
  }

  /** True when it has been able to serve: what ended it later was not the interpreter's state. */
  get wasReady(): boolean {
    return this.#parent !== undefined;
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
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    let receive: (message: FromWorker) => void = (message) => {
      receive = this.#greet(socket, message);
    };
    readMessages(socket, (message) => {
      receive(message);
    });
    socket.on('error', () => {
      socket.destroy();
    });
  }

  #greet(socket: Socket, message: FromWorker): (message: FromWorker) => void {
    const ignore = (): void => undefined;
    if (message.type !== 'hello' || message.token !== this.#token) {
      socket.destroy();
      return ignore;
    }
    if (message.role === 'parent') {
      this.#parent = socket;
      for (const attempt of this.#requests) writeMessage(socket, { type: 'fork', attempt });
      this.#requests = [];
      return ignore;
    }
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
      process.onMessage(later);
    };
  }
}

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

function readMessages(socket: Socket, receive: (message: FromWorker) => void): void {
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
      receive(JSON.parse(line) as FromWorker);
    }
    if (rest.length > 0) parts.push(rest);
  });
}
