import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { python, root } from '../environment.ts';

/** A fresh environment of Python in which the wheel was installed, with all that it brings. */
export interface InstalledWheel {
  readonly folder: string;
  /** A program of the environment. */
  program(name: string): string;
  /** What a program of the environment prints; its exit code must be 0. */
  run(name: string, ...words: readonly string[]): string;
  /** How long `pip install` took. */
  readonly seconds: number;
}

/** The folder of everything that these tests write. */
export const workFolder: string = path.join(root, 'out', 'jupyterlab');

/** The wheel that `npm run wheel` has built. */
export function findWheel(): string {
  const wheels = path.join(root, 'out', 'wheels');
  const [name] = readdirSync(wheels).filter((file) => /^cellwright-.*\.whl$/.test(file));
  if (name === undefined) throw new Error('There is no wheel in out/wheels: npm run wheel');
  return path.join(wheels, name);
}

/**
 * Makes the environment anew.
 * @param extras of the wheel, such as `lab`
 */
export function installWheel(name: string, extras: readonly string[]): InstalledWheel {
  const folder = path.join(workFolder, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(workFolder, { recursive: true });
  call(python, ['-m', 'venv', folder]);
  const startedAt = performance.now();
  call(path.join(folder, 'bin', 'pip'), ['install', '--quiet', `${findWheel()}[${extras.join(',')}]`]);
  return environmentAt(folder, (performance.now() - startedAt) / 1000);
}

/** The environment that `install.test.ts` has made before. */
export function installedWheel(name: string): InstalledWheel {
  const folder = path.join(workFolder, name);
  if (!existsSync(folder)) throw new Error(`${folder} is not there: run install.test.ts before`);
  return environmentAt(folder, 0);
}

function environmentAt(folder: string, seconds: number): InstalledWheel {
  const program = (file: string): string => path.join(folder, 'bin', file);
  return { folder, program, seconds, run: (file, ...words) => call(program(file), words) };
}

/** A kernel of the environment that runs another interpreter: that of the other tests, which has the samples' packages. */
export function addKernel({ folder }: InstalledWheel, name: string): void {
  const place = path.join(folder, 'share', 'jupyter', 'kernels', name);
  mkdirSync(place, { recursive: true });
  const argv = [python, '-m', 'ipykernel_launcher', '-f', '{connection_file}'];
  writeFileSync(path.join(place, 'kernel.json'), JSON.stringify({ argv, display_name: name, language: 'python' }));
}

function call(program: string, words: readonly string[]): string {
  // Some leave files where they are called.
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd: workFolder,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw error ?? new Error(`${program} ${words.join(' ')} ended with ${String(status)}: ${stderr}`);
  // Jupyter says in its log what it found.
  return `${stdout}${stderr}`;
}
