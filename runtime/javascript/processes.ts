import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { memoryUse } from '../process/memory-use.ts';
import type { FromAttempt, LaneObservation, ToWorker } from '../process/protocol.ts';
import { signalProcess } from '../process/reception.ts';
import { Secrets } from '../secrets.ts';
import type { ProcessParent } from '../process/task-processes.ts';
import type { ForkWish, ParentOptions, TaskProcess } from '../process/worker-parent.ts';
import { makeTemporary } from '../store/sweep.ts';
import { socketBase } from '../process/socket-folder.ts';
import { openBroker } from './broker.ts';
import { cacheOfDeno } from './deno-cache.ts';
import { inheritedFiles } from './inherited-files.ts';
import { Journal } from './journal.ts';
import type { JavaScriptInterpreter } from './interpreter.ts';
import { marked, Observer } from './observer.ts';
import { makePipes, openPipes, type Pipes } from './pipes.ts';

/**
 * Milliseconds between the moment in which a process gets work and the start of the next. While one is started the scheduler answers nobody,
 * and a process asks most at its beginning.
 */
const beforeNext = 20;
/** So many pipes are made at a time. */
const pipesAtOnce = 8;
const ignore = (): void => undefined;

/**
 * The processes of a run for cells in JavaScript. An engine of JavaScript cannot fork, so processes are started ahead: one more than
 * was asked for is always on its way or ready.
 */
export class JavaScriptProcesses implements ProcessParent {
  readonly #options: ParentOptions;
  readonly #interpreter: JavaScriptInterpreter;
  readonly #folder: string;
  readonly #children = new Set<ChildProcess>();
  #places: Promise<string[]> = Promise.resolve([]);
  #spare: Promise<TaskProcess | undefined> | undefined;
  /** What the clocks of all its processes count from. */
  readonly #origin = Date.now();
  #count = 0;
  /** A cell could write to what an editor has left open, so that no result would be kept; what is read from these ends at once. */
  #inPlaceOfInherited: readonly (number | 'ignore')[];
  #soon: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;
  wasReady = false;
  complaint = '';

  private constructor(options: ParentOptions, interpreter: JavaScriptInterpreter, folder: string) {
    this.#options = options;
    this.#interpreter = interpreter;
    this.#folder = folder;
    this.#inPlaceOfInherited = placesOf(inheritedFiles());
    options.signal?.addEventListener('abort', () => this.stop(), { once: true });
  }

  static async start(options: ParentOptions, interpreter: JavaScriptInterpreter): Promise<JavaScriptProcesses> {
    await Promise.resolve();
    return new JavaScriptProcesses(options, interpreter, makeTemporary(socketBase(), 'cw-'));
  }

  /** Why no process can be had. */
  get problem(): Diagnostic | undefined {
    if (this.complaint === '') return undefined;
    const { executable } = this.#interpreter;
    const lines = this.complaint.split('\n').map((line) => withoutColours(line).trim());
    const said = lines.findLast((line) => line !== '' && !line.startsWith('Warning') && !line.startsWith('at '));
    return {
      code: 'CW501',
      severity: 'error',
      message: `${executable} could not be used: ${said ?? 'it ended without a word.'}`,
      help: 'Deno 2.5 or later is needed, and tslab with what it requires; install it again, or name another with -k NAME.',
      related: [],
    };
  }

  async fork(_steps: readonly unknown[], { isFresh }: ForkWish): Promise<TaskProcess | undefined> {
    const ready = isFresh ? undefined : this.#spare;
    if (ready !== undefined) this.#spare = undefined;
    const process = await (ready ?? this.#begin());
    this.prepare();
    return process?.isGone === true ? await this.#begin() : process;
  }

  prepare(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#spare ??= this.#isStopped ? undefined : this.#begin();
    }, beforeNext).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#soon);
    for (const child of this.#children) if (child.pid !== undefined) signalProcess(-child.pid, 'SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
    const [nothing] = this.#inPlaceOfInherited.filter((one) => one !== 'ignore');
    if (nothing !== undefined) closeSync(nothing);
    this.#inPlaceOfInherited = [];
  }

  async rest(): Promise<void> {
    await Promise.resolve();
    this.stop();
  }

  /** Starts a process; undefined when it ends before it is ready. */
  async #begin(): Promise<TaskProcess | undefined> {
    const place = await this.#nextPlace();
    if (this.#isStopped) return undefined;
    const pipes = openPipes(place);
    const { store, cwd, environment, journal, secrets } = this.#options;
    const variables = { ...environment, ...this.#interpreter.environment };
    const name = `a${String(this.#count++)}`;
    let process: TaskProcess | undefined = undefined;
    const observer = new Observer({
      cwd,
      variables,
      journal: new Journal(journal, name, new Secrets(secrets, variables)),
      own: [store, this.#folder, cacheOfDeno(environment, cwd)],
      say: (message) => {
        process?.onMessage(message);
      },
    });
    const isSeen = this.#interpreter.kernel === 'deno';
    const broker = isSeen ? await openBroker(`${place}.b`, async (doing) => await observer.see(doing)) : undefined;
    const child = this.#spawn(place);
    this.#children.add(child);
    child.once('exit', () => broker?.close());
    if (child.pid === undefined) {
      await this.#failed(child, pipes);
      return;
    }
    const { kernel, home } = this.#interpreter;
    const hidden = ['DENO_PERMISSION_BROKER_PATH'];
    pipes.sendOrder({
      type: 'configure',
      attempt: name,
      token: '',
      store,
      kernel,
      home,
      hidden,
      secrets,
      origin: this.#origin,
    });
    const onBroken = (traceback: string): void => {
      this.complaint += `${traceback}\n`;
    };
    const made = taskProcess({ onBroken, child, pipes, pid: child.pid, observer, observes: isSeen });
    process = made.process;
    const isReady = await made.ready;
    this.wasReady ||= isReady;
    return isReady ? process : undefined;
  }

  async #nextPlace(): Promise<string> {
    const places = await this.#places;
    const place = places.shift();
    if (place !== undefined) return place;
    const made = Array.from({ length: pipesAtOnce }, () => join(this.#folder, randomBytes(4).toString('hex')));
    this.#places = makePipes(made).then(() => made);
    return await this.#nextPlace();
  }

  #spawn(place: string): ChildProcess {
    const { executable, environment, kernel, lock } = this.#interpreter;
    const worker = join(dirname(dirname(this.#options.script)), 'node', 'worker.mjs');
    // What the cells import is looked for from the folder of the notebook, so it is imported by a text that lies there.
    const text = `const { live } = await import(${JSON.stringify(pathToFileURL(worker).href)}); await live({ import: (name, options) => options === undefined ? import(name) : import(name, options), resolve: (name) => import.meta.resolve(name) });`;
    const words =
      kernel === 'deno'
        ? ['eval', '--quiet', '--ext=js', ...(lock === undefined ? [] : fromLock(lock)), text]
        : ['--no-warnings', '--input-type=module', '--eval', text];
    const child = spawn(executable, words, {
      cwd: this.#options.cwd,
      env: {
        ...this.#options.environment,
        ...environment,
        CELLWRIGHT_CHANNEL: place,
        ...(kernel === 'deno' && { DENO_PERMISSION_BROKER_PATH: `${place}.b` }),
      },
      stdio: ['ignore', 'ignore', 'pipe', ...this.#inPlaceOfInherited],
      // Of its own group: what its cells start ends with it.
      detached: true,
    });
    child.stderr?.on('data', (data: Buffer) => {
      this.complaint = (this.complaint + data.toString('utf8')).slice(-4000);
    });
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  async #failed(child: ChildProcess, pipes: Pipes): Promise<undefined> {
    const error = await new Promise<Error>((resolve) => child.once('error', resolve));
    this.complaint += error.message;
    pipes.close();
    return undefined;
  }
}

/** What is not in the lock, or has another digest, is an error, and so is what would have to be fetched. */
function fromLock(lock: string): readonly string[] {
  return [`--lock=${lock}`, '--frozen', '--cached-only'];
}

/** For each number from 3 on what stands there in the process that is started. */
function placesOf(inherited: readonly number[]): readonly (number | 'ignore')[] {
  const last = inherited.at(-1);
  if (last === undefined) return [];
  const nothing = openSync('/dev/null', 'r');
  return Array.from({ length: last - 2 }, (_, place) => (inherited.includes(place + 3) ? nothing : 'ignore'));
}

interface Parts {
  /** Told what went wrong before the process was ready. */
  readonly onBroken: (traceback: string) => void;
  readonly child: ChildProcess;
  readonly pipes: Pipes;
  readonly pid: number;
  readonly observer: Observer;
  /** True: what the process does outside of itself is seen from here. */
  readonly observes: boolean;
}

/** What was said before the end is still heard: milliseconds. */
const longestLastWord = 50;

function taskProcess({ onBroken, child, pipes, pid, observer, observes }: Parts): {
  readonly process: TaskProcess;
  readonly ready: Promise<boolean>;
} {
  let isGone = false;
  let isReady = false;
  let tellReady: (isReady: boolean) => void = ignore;
  const ready = new Promise<boolean>((resolve) => (tellReady = resolve));
  const kill = (): void => {
    if (!isGone) signalProcess(-pid, 'SIGKILL');
  };
  const process: TaskProcess = {
    pid,
    place: undefined,
    get isGone() {
      return isGone;
    },
    send: (message: ToWorker) => {
      if (message.type === 'run') observer.begin(message);
      if (message.type === 'binding') observer.told(message);
      if (message.type === 'permit' && observes) observer.permit();
      else if (message.type === 'binding' || message.type === 'permit') pipes.sendAnswer(message);
      else pipes.sendOrder(message);
    },
    // A script that runs lets itself not be interrupted: its process is ended a little later.
    interrupt: ignore,
    kill,
    memory: () => (isGone ? undefined : memoryUse(pid)),
    onMessage: ignore,
    onExit: ignore,
    onDisplaced: ignore,
  };
  pipes.listen((line) => {
    const message = JSON.parse(line) as FromAttempt;
    if (message.type === 'hello') {
      isReady = true;
      tellReady(true);
    } else if (message.type === 'broken' && !isReady) onBroken(message.traceback);
    else if (!observes) process.onMessage(message);
    else if (message.type === 'done') process.onMessage({ ...message, result: observer.complete(message.result) });
    else if (message.type === 'concluded')
      process.onMessage({ ...message, observed: joined(observer, message.observed) });
    else process.onMessage(message);
  });
  child.once('exit', () => {
    setTimeout(() => {
      isGone = true;
      pipes.close();
      tellReady(false);
      process.onExit();
    }, longestLastWord);
  });
  return { process, ready };
}

/** What was seen from outside, with what the process tells itself. */
function joined(observer: Observer, { outside, filesRead }: LaneObservation): LaneObservation {
  const seen = observer.observation();
  return {
    ...seen,
    outside: [...new Set([...seen.outside, ...outside])],
    filesRead: [...seen.filesRead, ...filesRead.map(marked)],
  };
}

function withoutColours(text: string): string {
  return text.replaceAll(/\u001B\[[0-9;]*m/g, '');
}
