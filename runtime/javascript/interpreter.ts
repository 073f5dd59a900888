import { dirname, join } from 'node:path';
import { listFolder } from '../list-folder.ts';
import type { KernelName } from '../node/channel.ts';
import { executableOnPath, kernelSpecOf, type Interpreter } from '../process/interpreter.ts';
import type { Variables } from '../variables.ts';
import type { InterpreterAsked } from '../languages/language-runtime.ts';

/** What runs the cells of a notebook in JavaScript or TypeScript. */
export interface JavaScriptInterpreter extends Interpreter {
  readonly kernel: KernelName;
}

/** True for what {@link findJavaScript} has found. */
export function isJavaScript(interpreter: Interpreter): interpreter is JavaScriptInterpreter {
  return 'kernel' in interpreter;
}

/** The kernel by whose ways a notebook is run; undefined for one that is not known. */
export function kernelOf(name: string): KernelName | undefined {
  if (/^deno\b/i.test(name)) return 'deno';
  return /^(?:ts|js)lab\b/i.test(name) ? 'tslab' : undefined;
}

/** Deno of the kernel's specification, beside the notebook, on the path, or where its installer puts it; else Node, which runs this. */
export function findJavaScript(asked: InterpreterAsked): JavaScriptInterpreter | undefined {
  const kernel = kernelOf(asked.kernel);
  if (kernel === undefined) return undefined;
  if (kernel === 'tslab') return { executable: process.execPath, environment: {}, kernel };
  const { environment } = asked;
  const spec = kernelSpecOf(asked.kernel, environment);
  const home = environment['HOME'] ?? '';
  const places = [spec?.executable, ...besideOf(asked.cwd), 'deno', join(home, '.deno', 'bin', 'deno')];
  for (const place of places) {
    const executable = place === undefined ? undefined : executableOnPath(place, environment);
    if (executable !== undefined) return { executable, environment: spec?.environment ?? {}, kernel };
  }
  return undefined;
}

/** What starts the real kernel; undefined where it is not installed. */
export function kernelCommand(interpreter: Interpreter, kernel: string, environment: Variables): readonly string[] | undefined {
  const isDeno = isJavaScript(interpreter) && interpreter.kernel === 'deno';
  if (isDeno) return [interpreter.executable, 'jupyter', '--kernel', '--conn', '{connection_file}'];
  return kernelSpecOf(kernel, environment)?.command;
}

/** As a package of npm has it, in the folder of the notebook or one above: the program itself, and what starts it. */
function besideOf(folder: string): readonly string[] {
  const above = dirname(folder);
  const packages = join(folder, 'node_modules');
  const builds = listFolder(join(packages, '@deno')).map((name) => join(packages, '@deno', name, 'deno'));
  const own = [...builds, join(packages, '.bin', 'deno')];
  return above === folder ? own : [...own, ...besideOf(above)];
}
