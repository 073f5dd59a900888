import { existsSync, readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { javascript } from '../languages/javascript.ts';
import { readLines, writeLine } from '../process/reception.ts';
import type { FileRead, FromAttempt, ToWorker } from '../process/protocol.ts';
import type { TaskProcess } from '../process/worker-parent.ts';
import type { Bundle } from '../../compiler/bundle/format.ts';
import type { InterpreterAsked } from '../languages/language-runtime.ts';
import { cacheOfDeno } from './deno-cache.ts';
import { findJavaScript, type JavaScriptInterpreter } from './interpreter.ts';
import { JavaScriptProcesses } from './processes.ts';
import { tagOfStepEngine } from './step-environment.ts';
import { fetchStepModules } from './step-modules.ts';

/** What whoever runs steps says first, on standard input. */
interface StartLine {
  readonly socket: string;
  readonly token: string;
  readonly journal: string;
  readonly store: string;
  readonly cwd: string;
  readonly secrets: readonly string[];
  readonly kernel: string;
  readonly lock?: string;
}

type Asked = Extract<ToWorker, { type: 'fork' | 'stage' }>;

/**
 * Serves processes for cells in JavaScript to a program that speaks with the parent of Python's processes: the same words over the same socket.
 * A process here needs no imports beforehand, so every stage is the first one.
 */
async function serve(): Promise<void> {
  const said = JSON.parse(readFileSync(0, 'utf8')) as StartLine;
  const start = { ...said, ...(said.lock === undefined ? {} : { lock: lockFrom(said.lock) }) };
  const { kernel, cwd, lock, store, journal, secrets } = start;
  const environment = process.env;
  const interpreter = engineFor({ kernel, environment, cwd, lock });
  if (lock !== undefined) {
    const [problem] = await fetchStepModules({ interpreter, cwd, variables: environment }, lock);
    if (problem !== undefined) throw new Error(`${problem.message} ${problem.help}`);
  }
  // Beside this file is the worker.
  const script = join(dirname(dirname(fileURLToPath(import.meta.url))), 'python', 'worker.py');
  const more = { journal, cells: [], secrets, start: 'spawn', standBy: 0, startState: '' } as const;
  const parent = await JavaScriptProcesses.start(
    { interpreter, script, store, cwd, environment, ...more },
    interpreter,
  );
  const end = (): void => {
    parent.stop();
    process.exit(0);
  };
  process.on('SIGTERM', end);
  const door = await connect(start);
  door.on('close', end);
  writeLine(door, { type: 'hello', token: start.token, role: 'parent', pid: process.pid });
  readLines(door, (line) => {
    const asked = JSON.parse(line) as Asked;
    if (asked.type === 'stage') writeLine(door, { type: 'stage-same', stage: asked.stage });
    else void open(parent, start, asked.attempt);
  });
}

/** A path from where the command was started, which is not where this is started: then the lock is beside the worker, of which this file is. */
function lockFrom(named: string): string {
  if (isAbsolute(named)) return named;
  const worker = dirname(dirname(fileURLToPath(import.meta.url)));
  return join(dirname(worker), 'deno.lock');
}

function engineFor(asked: InterpreterAsked): JavaScriptInterpreter {
  const found = findJavaScript(asked);
  if (found !== undefined) return found;
  const { message, help } = javascript.noInterpreter(asked);
  throw new Error(`${message} ${help}`);
}

/** `environment BUNDLE CWD`: prints a word for engines that use results again. */
function printEnvironment(bundle: string, cwd: string): void {
  const { notebook } = JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')) as Bundle;
  const kept = join(bundle, 'deno.lock');
  const lock = existsSync(kept) ? kept : undefined;
  const interpreter = engineFor({ kernel: notebook.kernelName, environment: process.env, cwd, lock });
  process.stdout.write(`${tagOfStepEngine(interpreter, cwd, lock)}\n`);
}

async function start(): Promise<void> {
  const [command, bundle = '', cwd = ''] = process.argv.slice(2);
  if (command === 'environment') printEnvironment(resolve(bundle), resolve(cwd));
  else await serve();
}

async function connect({ socket }: StartLine): Promise<Socket> {
  const opened = createConnection(socket);
  await new Promise<void>((resolve, reject) => {
    opened.once('connect', resolve);
    opened.once('error', reject);
  });
  opened.on('error', () => opened.destroy());
  return opened;
}

/** A process of its own, and a connection that is its. */
async function open(parent: JavaScriptProcesses, start: StartLine, attempt: string): Promise<void> {
  const made = await parent.fork([], { isFresh: false, isHome: true });
  if (made === undefined) {
    process.stderr.write(`${parent.problem?.message ?? 'no process could be started'}\n`);
    process.exit(1);
  }
  const line = await connect(start);
  writeLine(line, { type: 'hello', token: start.token, role: 'attempt', attempt, pid: made.pid });
  relay(line, made, start);
}

/** What Deno keeps of modules is what the lock has, which was compared: an engine that uses results again has the lock instead. */
function withoutLocked(message: FromAttempt, cwd: string): FromAttempt {
  const kept = `${cacheOfDeno(process.env, cwd)}/`;
  const others = (looks: readonly FileRead[]): readonly FileRead[] =>
    looks.filter(({ path }) => !path.startsWith(kept));
  if (message.type === 'done')
    return { ...message, result: { ...message.result, filesRead: others(message.result.filesRead) } };
  if (message.type === 'concluded')
    return { ...message, observed: { ...message.observed, filesRead: others(message.observed.filesRead) } };
  return message;
}

function relay(line: Socket, made: TaskProcess, start: StartLine): void {
  made.onMessage = (message) => {
    writeLine(line, start.lock === undefined ? message : withoutLocked(message, start.cwd));
  };
  made.onExit = () => {
    line.end();
  };
  line.on('close', () => {
    made.kill();
  });
  readLines(line, (text) => {
    made.send(JSON.parse(text) as ToWorker);
  });
}

start().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
