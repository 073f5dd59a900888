/** From nothing to an executed notebook: set up, build, compile the flights sample, run it twice, and say where the results are. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import { node, python, root, run } from './command.mjs';

const sample = path.join('samples', 'flights', 'notebook.ipynb');
const out = path.join('out', 'demo');
const bundle = path.join(out, 'flights.cellwright');
const executed = path.join(out, 'flights.ipynb');
const again = path.join(out, 'again.ipynb');
const report = path.join(out, 'flights.report.html');
const program = path.join('dist', 'cellwright.mjs');

async function step(name, action) {
  process.stdout.write(`\n== ${name}\n`);
  const { code } = await action();
  if (code === 0) return;
  process.stderr.write(`demo: ${name} ended with ${code}\n`);
  process.exit(code);
}

/** Shows the command as a person would type it. */
async function command(...words) {
  await step(`cellwright ${words.join(' ')}`, () => node(program, words));
}

if (!existsSync(path.join(root, 'node_modules', '.package-lock.json'))) {
  await step('npm ci', () => run('npm', ['ci', '--no-audit', '--no-fund']));
}
await step('setup', () => node('build/setup.mjs'));
await step('build', () => node('build/build.mjs'));

// A store of its own, made anew: the first run shows a first run, every time.
rmSync(path.join(root, out), { recursive: true, force: true });
mkdirSync(path.join(root, out), { recursive: true });
const where = ['--python', path.relative(root, python), '--state', path.join(out, 'state')];
await command('compile', sample, '-o', bundle);
await command('run', sample, '-o', executed, ...where);
// Under another name: the report of the first run has the times and the order to look at.
await command('run', sample, '-o', again, ...where);

process.stdout.write(`
The bundle             ${bundle}
The executed notebook  ${executed}
The report             ${report}

Now change a cell of ${sample}, and run it again:
  node ${program} run ${sample} -o ${executed} ${where.join(' ')}
`);
