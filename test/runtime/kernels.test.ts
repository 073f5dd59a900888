import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findInterpreter } from '../../runtime/process/interpreter.ts';
import { python } from '../environment.ts';

let folder: string;
const places = ['venv', 'home', 'named', 'data', 'xdg', 'base'];

/** A kernel that is described in every place, each time with another interpreter. */
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-kernels-'));
  execFileSync(python, ['-m', 'venv', '--without-pip', path.join(folder, 'venv')]);
  for (const place of places) {
    const executable = path.join(folder, place, 'bin', `python-of-${place}`);
    mkdirSync(path.dirname(executable), { recursive: true });
    writeFileSync(executable, '');
    chmodSync(executable, 0o755);
    const data = { venv: 'share/jupyter', home: '.local/share/jupyter', xdg: 'jupyter', base: 'share/jupyter' };
    const below = Object.entries(data).find(([name]) => name === place)?.[1] ?? '';
    const kernel = path.join(folder, place, below, 'kernels', 'python3');
    mkdirSync(kernel, { recursive: true });
    writeFileSync(path.join(kernel, 'kernel.json'), JSON.stringify({ argv: [executable], display_name: 'x' }));
  }
  const plain = path.join(folder, 'plain', 'bin');
  mkdirSync(plain, { recursive: true });
  symlinkSync(python, path.join(plain, 'python3'));
  symlinkSync(path.join(folder, 'venv', 'share'), path.join(folder, 'plain', 'share'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => path.join(folder, name);

/** What Jupyter itself takes, asked in the venv with the packages of the tests. */
function inJupyter(environment: Readonly<Record<string, string>>): string {
  const script =
    'import sys; sys.path.append(sys.argv[1]); from jupyter_core.paths import jupyter_path; import os, json\n' +
    'for place in jupyter_path("kernels", "python3", "kernel.json"):\n' +
    '    if os.path.exists(place): print(json.load(open(place))["argv"][0]); break';
  const packages = execFileSync(
    python,
    ['-c', 'import jupyter_core, os; print(os.path.dirname(os.path.dirname(jupyter_core.__file__)))'],
    {
      encoding: 'utf8',
    },
  ).trim();
  return execFileSync(at('venv/bin/python3'), ['-c', script, packages], { env: environment, encoding: 'utf8' }).trim();
}

test.each([
  ['the venv before the user', {}, 'venv'],
  ['the user first when that is asked for', { JUPYTER_PREFER_ENV_PATH: '0' }, 'home'],
  ['the venv when that is asked for', { JUPYTER_PREFER_ENV_PATH: 'yes' }, 'venv'],
  ['what is named before all', { JUPYTER_PATH: 'named' }, 'named'],
  ['the data folder that is named', { JUPYTER_PREFER_ENV_PATH: 'no', JUPYTER_DATA_DIR: 'data' }, 'data'],
  ['the base folder of data', { JUPYTER_PREFER_ENV_PATH: 'off', XDG_DATA_HOME: 'xdg' }, 'xdg'],
] as const)('%s', (_, variables, expected) => {
  const named = Object.entries(variables).map(([name, value]) => [name, places.includes(value) ? at(value) : value]);
  const environment = { HOME: at('home'), PATH: at('venv/bin'), ...Object.fromEntries(named) } as Record<
    string,
    string
  >;
  const executable = at(`${expected}/bin/python-of-${expected}`);
  expect(findInterpreter({ kernel: 'python3', environment })?.executable).toBe(executable);
  expect(inJupyter(environment)).toBe(executable);
});

test('without a venv the user comes first', () => {
  const environment = { HOME: at('home'), PATH: at('plain/bin') };
  expect(findInterpreter({ kernel: 'python3', environment })?.executable).toBe(at('home/bin/python-of-home'));
});

test('in a conda environment that is not the base it comes first', () => {
  const environment = { HOME: at('home'), PATH: at('plain/bin'), CONDA_PREFIX: at('plain'), CONDA_DEFAULT_ENV: 'own' };
  expect(findInterpreter({ kernel: 'python3', environment })?.executable).toBe(at('venv/bin/python-of-venv'));
});
