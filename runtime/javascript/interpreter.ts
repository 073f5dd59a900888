import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { foldersUp } from '../folders-up.ts';
import { listFolder } from '../list-folder.ts';
import type { KernelName } from '../node/channel.ts';
import { executableOnPath, kernelSpecOf, type Interpreter } from '../process/interpreter.ts';
import type { Variables } from '../variables.ts';
import type { InterpreterAsked } from '../languages/language-runtime.ts';

/** What runs the cells of a notebook in JavaScript or TypeScript. */
export interface JavaScriptInterpreter extends Interpreter {
  readonly kernel: KernelName;
  /** Folder of the kernel's package, where it is one of Node's. */
  readonly home: string;
  /** Absolute path of the lock from which alone its modules come. */
  readonly lock: string | undefined;
}

/** True for what {@link findJavaScript} has found. */
export function isJavaScript(interpreter: Interpreter): interpreter is JavaScriptInterpreter {
  return 'kernel' in interpreter;
}

/** The kernel by whose ways a notebook is run; undefined for one that is not known. */
export function kernelOf(name: string): KernelName | undefined {
  if (/^deno\b/i.test(name)) return 'deno';
  if (/^tslab\b/i.test(name)) return 'tslab';
  return /^jslab\b/i.test(name) ? 'jslab' : undefined;
}

/** Deno of the kernel's specification, beside the notebook, on the path, or where its installer puts it; else Node, which runs this. */
export function findJavaScript(asked: InterpreterAsked): JavaScriptInterpreter | undefined {
  const kernel = kernelOf(asked.kernel);
  if (kernel === undefined) return undefined;
  if (kernel !== 'deno') return findTslab(asked, kernel);
  const { environment } = asked;
  const spec = kernelSpecOf(asked.kernel, environment);
  const home = environment['HOME'] ?? '';
  const places = [spec?.executable, ...besideOf(asked.cwd), 'deno', join(home, '.deno', 'bin', 'deno')];
  for (const place of places) {
    const executable = place === undefined ? undefined : executableOnPath(place, environment);
    if (executable !== undefined)
      return {
        executable: programBehind(executable),
        environment: spec?.environment ?? {},
        kernel,
        home: '',
        lock: asked.lock,
      };
  }
  return undefined;
}

/** npm's command `deno` is a script that starts the program beside it: one process more for each cell, if it were used. */
function programBehind(executable: string): string {
  const real = realpathSync(executable);
  return /\.[cm]?js$/.test(real) ? (executableOnPath(join(dirname(real), 'deno'), {}) ?? executable) : executable;
}

/** Node, which runs this, with tslab of the kernel's specification, beside the notebook, or on the path. */
function findTslab(
  { kernel, environment, cwd, lock }: InterpreterAsked,
  name: KernelName,
): JavaScriptInterpreter | undefined {
  const spec = kernelSpecOf(kernel, environment);
  const places = [
    spec?.executable,
    ...foldersUp(cwd).map((folder) => join(folder, 'node_modules', '.bin', 'tslab')),
    'tslab',
  ];
  for (const place of places) {
    const program = place === undefined ? undefined : executableOnPath(place, environment);
    if (program === undefined) continue;
    const home = dirname(dirname(realpathSync(program)));
    if (listFolder(join(home, 'dist')).includes('executor.js'))
      return { executable: process.execPath, environment: spec?.environment ?? {}, kernel: name, home, lock };
  }
  return undefined;
}

/** What starts the real kernel; undefined where it is not installed. */
export function kernelCommand(
  interpreter: Interpreter,
  kernel: string,
  environment: Variables,
): readonly string[] | undefined {
  const isDeno = isJavaScript(interpreter) && interpreter.kernel === 'deno';
  if (isDeno) return [interpreter.executable, 'jupyter', '--kernel', '--conn', '{connection_file}'];
  return kernelSpecOf(kernel, environment)?.command;
}

/** As a package of npm has it, in the folder of the notebook or one above: the program itself, and what starts it. */
function besideOf(cwd: string): readonly string[] {
  return foldersUp(cwd).flatMap((folder) => {
    const packages = join(folder, 'node_modules');
    const builds = listFolder(join(packages, '@deno')).map((name) => join(packages, '@deno', name, 'deno'));
    return [...builds, join(packages, '.bin', 'deno')];
  });
}
