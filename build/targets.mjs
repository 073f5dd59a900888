/**
 * Runs emitted projects by the engines themselves: npm run targets [-- shell|snakemake|airflow|argo|github …] [--environments DIR] [-t NAME]
 *
 * Each engine gets an environment of its own below DIR (default: out/targets), made once. The cells run by the interpreter of the tests.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { python as ownPython, root, run } from './command.mjs';

/** What is installed for each engine (the shell needs nothing, and runs the samples); of Argo Workflows its model, of GitHub Actions the published schema of its workflows. */
const packages = {
  shell: [],
  snakemake: ['snakemake==9.27.1'],
  airflow: ['apache-airflow==3.3.2', 'kubernetes'],
  argo: ['hera==7.1.0', 'pyyaml'],
  github: ['check-jsonschema==0.39.0'],
};
/** What the names of their tests begin with. */
const names = { shell: 'Samples', snakemake: 'Snakemake', airflow: 'Airflow', argo: 'Argo', github: 'GitHub' };
const actionlint = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { environments: { type: 'string' }, name: { type: 'string', short: 't' } },
});
const unknown = positionals.find((name) => !Object.hasOwn(packages, name));
if (unknown !== undefined) {
  process.stderr.write(`There is no engine ${unknown}: ${Object.keys(packages).join(', ')}\n`);
  process.exit(2);
}
const folder = path.resolve(values.environments ?? path.join(root, 'out', 'targets'));

async function must(command, words, options) {
  const { code } = await run(command, words, options);
  if (code !== 0) process.exit(code);
}

async function install(engine) {
  const place = path.join(folder, engine);
  const ready = path.join(place, 'ready');
  if (existsSync(ready)) return;
  mkdirSync(place, { recursive: true });
  if (packages[engine].length === 0) return;
  await must(ownPython, ['-m', 'venv', '--clear', place]);
  await must(path.join(place, 'bin', 'python'), ['-m', 'pip', 'install', '-q', ...packages[engine]]);
  if (engine === 'github') {
    const { code } = await run('go', ['install', actionlint], { env: { GOBIN: path.join(place, 'bin') } });
    if (code !== 0)
      process.stderr.write('SKIPPED: actionlint needs Go; workflows are checked against the schema alone.\n');
  }
  writeFileSync(ready, '');
}

const chosen = positionals.length === 0 ? Object.keys(packages) : positionals;
for (const engine of chosen) await install(engine);
await must(process.execPath, [path.join(root, 'build', 'build.mjs')]);
const filter = values.name ?? `^(${chosen.map((one) => names[one]).join('|')})`;
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const files = ['targets', 'deno-targets'].map((name) => path.join('test', 'engines', `${name}.test.ts`));
const words = [vitest, 'run', ...files, '-t', filter];
await must(process.execPath, words, { env: { CELLWRIGHT_TARGETS: folder } });
