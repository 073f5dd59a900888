/**
 * Runs the tests of an engine on a real cluster of two nodes on this machine.
 *
 *   npm run engines -- ray|dask [--python EXE] [-t NAME]
 *
 * EXE has the engine, IPython, nbclient, ipykernel and what the samples import; without it an environment with all of that is made in out/.
 */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { python as ownPython, root, run } from './command.mjs';

/** What is installed beside `requirements.lock`. */
const packages = { ray: ['ray==2.60.0'], dask: ['distributed==2026.8.0'] };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: 'string' }, name: { type: 'string', short: 't' } },
});
const [kind = ''] = positionals;
if (!Object.hasOwn(packages, kind)) {
  process.stderr.write('Which engine? npm run engines -- ray, or dask\n');
  process.exit(2);
}

async function must(command, words) {
  const { code } = await run(command, words);
  if (code !== 0) process.exit(code);
}

async function environment() {
  const folder = path.join(root, 'out', `engine-${kind}`);
  const python = path.join(folder, 'bin', 'python');
  if (existsSync(path.join(folder, 'ready'))) return python;
  mkdirSync(folder, { recursive: true });
  await must(ownPython, ['-m', 'venv', '--clear', folder]);
  await must(python, ['-m', 'pip', 'install', '-q', '-r', path.join(root, 'requirements.lock')]);
  await must(python, ['-m', 'pip', 'install', '-q', ...packages[kind]]);
  mkdirSync(path.join(folder, 'ready'));
  return python;
}

process.env.CELLWRIGHT_ENGINE = kind;
process.env.CELLWRIGHT_ENGINE_PYTHON = values.python ?? (await environment());
await must(process.execPath, [path.join(root, 'build', 'build.mjs')]);
const filter = values.name === undefined ? [] : ['-t', values.name];
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
await must(process.execPath, [vitest, 'run', path.join('test', 'engines', 'cluster.test.ts'), ...filter]);
