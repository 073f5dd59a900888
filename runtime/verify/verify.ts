import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Diagnostic, Result } from '../../compiler/bundle/diagnostic.ts';
import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import { endGroup } from '../process/worker-parent.ts';
import { runtimeOf } from '../languages/registry.ts';
import { secretNames } from '../secrets.ts';
import type { Interpreter } from '../process/interpreter.ts';
import { importsOf } from '../languages/module-locks.ts';
import { readOrNothing } from '../store/local.ts';
import type { Variables } from '../variables.ts';
import { makeTemporary } from '../store/sweep.ts';
import { chanceOf } from './chance.ts';
import { compareRuns, type CellVerdict, type ExecutedNotebook } from './compare.ts';
import { asKernelKnows, asWritten } from './lowered-cells.ts';

/** How the plain runs are made. */
export interface PlainOptions {
  /** Folder of our scripts for Python. */
  readonly scripts: string;
  readonly cwd: string;
  readonly python?: string | undefined;
  readonly kernel?: string | undefined;
  /** Absolute path of a lock from which alone modules come. */
  readonly lock?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted: the kernel ends, and with it the run. */
  readonly signal?: AbortSignal | undefined;
}

/** A notebook as a Jupyter kernel executed it, and how long that took. */
export interface PlainRun {
  readonly notebook: ExecutedNotebook;
  readonly seconds: number;
}

/** The verdict on a task, with the likely cause when a plain run does not even agree with itself. */
export interface VerifiedTask extends CellVerdict {
  readonly task: string;
  readonly name: string;
  readonly executionCount: number;
  readonly cause: string;
}

function refused(message: string, help: string): Result<never> {
  const diagnostic: Diagnostic = { code: 'CW601', severity: 'error', message, help, related: [] };
  return { ok: false, error: [diagnostic] };
}

/** Runs the notebook as Restart & Run All does: a fresh kernel, cell by cell, until one raises. */
export async function runPlainly(document: string, bundle: Bundle, options: PlainOptions): Promise<Result<PlainRun>> {
  const kernel = options.kernel ?? bundle.notebook.kernelName;
  const language = runtimeOf(bundle.notebook.language);
  const { python, environment, cwd, scripts } = options;
  const asked = { python, kernel, environment, cwd };
  const interpreter = language.findInterpreter(asked);
  if (interpreter === undefined) {
    const { message, help } = language.noInterpreter(asked);
    return refused(message, help);
  }
  const command = language.plainCommand(interpreter, asked, scripts);
  if (command === undefined) return refused(`The kernel ${kernel} was not found.`, language.plainNeeds);
  const folder = makeTemporary(tmpdir(), 'cw-plain-');
  try {
    const held = await heldToLock(bundle, { kernel, interpreter, options, folder });
    if (!held.ok) return held;
    const source = join(folder, 'notebook.ipynb');
    const target = join(folder, 'executed.ipynb');
    writeFileSync(source, asKernelKnows(document, bundle));
    const started = performance.now();
    const secrets = secretNames(document).flatMap((name) => ['--secret', name]);
    const words = [...command.words, source, target, options.cwd, ...secrets, ...command.last];
    const { code, complaint } = await execute(command.executable, words, {
      cwd: options.cwd,
      signal: options.signal,
      environment: { ...command.environment, ...held.value },
    });
    const seconds = (performance.now() - started) / 1000;
    if ((code !== 0 && code !== 1) || !existsSync(target)) {
      const last = complaint.trim().split('\n').at(-1) ?? '';
      return refused(`The notebook could not be run in a Jupyter kernel: ${last}`, language.plainNeeds);
    }
    const executed = JSON.parse(readFileSync(target, 'utf8')) as ExecutedNotebook;
    return { ok: true, value: { notebook: asWritten(executed, bundle), seconds } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Variables with which the kernel has the modules of the lock, where one was asked for. */
async function heldToLock(
  bundle: Bundle,
  {
    kernel,
    interpreter,
    options: { lock, cwd, environment, signal },
    folder,
  }: {
    readonly kernel: string;
    readonly interpreter: Interpreter;
    readonly options: PlainOptions;
    readonly folder: string;
  },
): Promise<Result<Variables>> {
  const locks = runtimeOf(bundle.notebook.language).modulesOf(kernel);
  if (lock === undefined || locks === undefined) return { ok: true, value: {} };
  const variables = { ...environment, ...interpreter.environment };
  const imports = importsOf(bundle);
  const text = { text: readOrNothing(lock) ?? '', file: lock, shown: basename(lock) };
  return await locks.holdKernel({ interpreter, cwd, variables, imports, signal }, text, folder);
}

function execute(
  program: string,
  args: readonly string[],
  options: Pick<PlainOptions, 'cwd' | 'environment' | 'signal'>,
): Promise<{ readonly code: number; readonly complaint: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    options.signal?.addEventListener('abort', () => endGroup(child), { once: true });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-8000);
    });
    child.on('error', (error) => {
      resolve({ code: 127, complaint: error.message });
    });
    child.on('close', (code) => {
      resolve({ code: code ?? 127, complaint });
    });
  });
}

/** The verdict on every executed task, from plain runs and ours. */
export function judgeRuns(bundle: Bundle, plain: readonly PlainRun[], executed: string): readonly VerifiedTask[] {
  const verdicts = compareRuns(
    plain.map(({ notebook }) => notebook),
    JSON.parse(executed) as ExecutedNotebook,
  );
  const tasks = new Map(bundle.tasks.map((task) => [task.index, task]));
  return verdicts.flatMap((verdict) => {
    const task = tasks.get(verdict.index);
    if (task === undefined || task.executionCount === 0) return [];
    const { id, name, executionCount } = task;
    return [{ ...verdict, task: id, name, executionCount, cause: verdict.verdict === 'unstable' ? causeOf(task) : '' }];
  });
}

function causeOf(task: Task): string {
  return chanceOf(task)?.what ?? 'an input that differs from run to run';
}
