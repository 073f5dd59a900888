import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { isFileError } from '../store/local.ts';
import { listFolder } from '../list-folder.ts';

/** The Python that runs the notebook's cells. */
export interface Interpreter {
  readonly executable: string;
  /** Environment variables that the kernel's specification asks for. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Finds the kernel's interpreter: `--python`, else the kernelspec, else the Python of the active environment. */
export function findInterpreter(options: {
  readonly python?: string | undefined;
  readonly kernel?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Interpreter | undefined {
  if (options.python !== undefined) {
    const found = executableOnPath(options.python, options.environment);
    return found === undefined ? undefined : { executable: found, environment: {} };
  }
  const own = executableOnPath('python3', options.environment) ?? executableOnPath('python', options.environment);
  const kernel = options.kernel;
  if (kernel !== undefined && kernel !== '') {
    const spec = readKernelSpec(kernel, options.environment, own);
    if (spec !== undefined) {
      const executable = executableOnPath(spec.executable, options.environment) ?? own;
      if (executable !== undefined) return { executable, environment: spec.environment };
    }
    if (kernel !== 'python3' && kernel !== 'python') return undefined;
  }
  return own === undefined ? undefined : { executable: own, environment: {} };
}

/** What a kernel's specification says of how it is started. */
export interface KernelSpec extends Interpreter {
  readonly command: readonly string[];
}

/** The specification of a kernel, wherever Jupyter looks for one. */
export function kernelSpecOf(kernel: string, environment: Environment): KernelSpec | undefined {
  const python = executableOnPath('python3', environment) ?? executableOnPath('python', environment);
  return readKernelSpec(kernel, environment, python);
}

/** The full path of a program; undefined when there is none. */
export function executableOnPath(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? resolve(name) : undefined;
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (folder !== '' && isExecutable(path)) return path;
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (isFileError(error)) return false;
    throw error;
  }
}

function readKernelSpec(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  python: string | undefined,
): KernelSpec | undefined {
  for (const folder of dataFolders(environment, python)) {
    try {
      const spec = JSON.parse(readFileSync(join(folder, 'kernels', name, 'kernel.json'), 'utf8')) as {
        argv?: string[];
        env?: Record<string, string>;
      };
      const executable = spec.argv?.[0];
      // A specification that names no path means the interpreter of the environment it was found in.
      if (executable !== undefined) return { executable, environment: spec.env ?? {}, command: spec.argv ?? [] };
    } catch (error) {
      if (!isFileError(error) && !(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where kernels are described, in the order of `jupyter_core`: what is named, the user's and the environment's, the system's. */
function dataFolders(environment: Environment, python: string | undefined): readonly string[] {
  const home = environment['HOME'] ?? homedir();
  const fallback =
    process.platform === 'darwin'
      ? join(home, 'Library', 'Jupyter')
      : join(environment['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'jupyter');
  const base = environment['PYTHONUSERBASE'] || join(home, '.local');
  const user = [environment['JUPYTER_DATA_DIR'] || fallback, join(base, 'share', 'jupyter')];
  const prefix = python === undefined ? undefined : dirname(dirname(python));
  const own = prefix === undefined ? [] : [join(prefix, 'share', 'jupyter')];
  const isFirst = prefix !== undefined && isPreferred(prefix, environment);
  const folders = [
    ...(environment['JUPYTER_PATH'] ?? '').split(delimiter),
    ...(isFirst ? [...own, ...user] : [...user, ...own]),
    '/usr/local/share/jupyter',
    '/usr/share/jupyter',
  ];
  return folders.filter((folder) => folder !== '');
}

/** True when kernels of the environment come before the user's: in a venv or a conda environment of one's own. */
function isPreferred(prefix: string, environment: Environment): boolean {
  const asked = environment['JUPYTER_PREFER_ENV_PATH'];
  if (asked !== undefined) return !['no', 'n', 'false', 'off', '0', '0.0'].includes(asked.toLowerCase());
  const conda = environment['CONDA_PREFIX'];
  const isConda =
    conda !== undefined && prefix.startsWith(conda) && (environment['CONDA_DEFAULT_ENV'] ?? 'base') !== 'base';
  return (isConda || listFolder(prefix).includes('pyvenv.cfg')) && mayWrite(prefix);
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch (error) {
    if (isFileError(error)) return false;
    throw error;
  }
}
