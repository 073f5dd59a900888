/** From nothing to an executed notebook: set up, build, compile and run the flights sample, and say where the results are. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import { node, python, root, run } from './command.mjs';

const sample = path.join('samples', 'flights', 'notebook.ipynb');
const out = path.join('out', 'demo');
const bundle = path.join(out, 'flights.cellwright');
const results = path.join(out, 'run');

async function step(name, action) {
  process.stdout.write(`\n== ${name}\n`);
  const { code } = await action();
  if (code === 0) return;
  process.stderr.write(`demo: ${name} ended with ${code}\n`);
  process.exit(code);
}

if (!existsSync(path.join(root, 'node_modules', '.package-lock.json'))) {
  await step('npm ci', () => run('npm', ['ci']));
}
await step('setup', () => node('build/setup.mjs'));
await step('build', () => node('build/build.mjs'));

rmSync(path.join(root, out), { recursive: true, force: true });
mkdirSync(path.join(root, out), { recursive: true });
const command = 'dist/cellwright.mjs';
await step('compile', () => node(command, ['compile', sample, '--out', bundle]));
await step('run', () => node(command, ['run', bundle, '--python', python, '--out', results]));

process.stdout.write('\nThe executed notebook and the report:\n');
for (const name of readdirSync(path.join(root, results)).sort()) {
  if (/\.(?:ipynb|html|json)$/.test(name)) process.stdout.write(`  ${path.join(results, name)}\n`);
}
