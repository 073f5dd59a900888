import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root: string = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The interpreter of the tests: the one named in CELLWRIGHT_TEST_PYTHON, else `.venv`, which `npm run setup` makes. */
export const python: string = findPython();

/** True when the interpreter of the tests has all of these modules. */
export function hasModules(names: readonly string[]): boolean {
  if (names.length === 0) return true;
  const code = 'import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, sys.argv[1:])))';
  return spawnSync(python, ['-c', code, ...names]).status === 0;
}

function findPython(): string {
  const named = process.env['CELLWRIGHT_TEST_PYTHON'];
  if (named !== undefined && named !== '') return named;
  const own =
    process.platform === 'win32'
      ? path.join(root, '.venv', 'Scripts', 'python.exe')
      : path.join(root, '.venv', 'bin', 'python');
  if (!existsSync(own)) throw new Error(`${own} does not exist: run \`npm run setup\` first.`);
  return own;
}
