/**
 * Measures what a cell costs that does nothing, with the process that is to run it waiting already: npm run bench:noop
 *
 *   node build/bench-noop.mjs [--cells N] [--rounds N] [--language deno|python]
 *
 * A notebook in which a cell that waits, so that the next process gets ready, stands before each cell that does nothing. Wall: from the start
 * of the task to its retirement, as the log of the run says. Processor time: what N such cells more cost, all processes together, the start
 * of the process that each gets included. Says the load of the machine beside them, since both are worth little on a busy one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { notebookOf } from './cases.mjs';
import { python, root } from './command.mjs';

const { values: options } = parseArgs({
  options: {
    cells: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    language: { type: 'string', default: 'deno' },
  },
});
const count = Number(options.cells);
const isDeno = options.language === 'deno';
const scratch = mkdtempSync(path.join(tmpdir(), 'cellwright-noop-'));
const program = path.join(root, 'dist', 'cellwright.mjs');
const programs = [path.dirname(python), path.join(root, 'node_modules', '.bin'), process.env.PATH].join(path.delimiter);

const wait = isDeno
  ? (at) => `const w${at} = await new Promise((go) => setTimeout(go, 400, ${at}));`
  : (at) => `import time; time.sleep(0.4); w${at} = ${at}`;
const nothing = isDeno ? (at) => `const n${at} = w${at};` : (at) => `n${at} = w${at}`;

/** Runs so many pairs of cells, and gives the milliseconds of each that does nothing, and the seconds of processor time of all. */
function run(name, pairs) {
  const sources = Array.from({ length: pairs }, (_, at) => [wait(at), nothing(at)]).flat();
  const cells = sources.map((source) => ({ source, tags: [] }));
  writeFileSync(path.join(scratch, `${name}.ipynb`), JSON.stringify(notebookOf(cells, isDeno ? 'deno' : 'python3')));
  const state = path.join(scratch, `${name}.state`);
  const words = [
    process.execPath,
    program,
    'run',
    `${name}.ipynb`,
    'out.ipynb',
    '--jobs',
    '1',
    '--no-report',
    '--state',
    state,
  ];
  const told = spawnSync('bash', ['-c', '"$@" >/dev/null || exit 1; times', 'bash', ...words], {
    cwd: scratch,
    encoding: 'utf8',
    env: { ...process.env, PATH: programs, CELLWRIGHT_KEEP_WARM: '0' },
  });
  if (told.status !== 0) throw new Error(told.stderr);
  const [user, system] = told.stdout
    .trim()
    .split('\n')
    .at(-1)
    .split(' ')
    .map((text) => {
      const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(text);
      return Number(minutes) * 60 + Number(seconds);
    });
  const runs = path.join(state, 'runs');
  const log = readFileSync(path.join(runs, readdirSync(runs)[0], 'events.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const finished = log.map((line) => JSON.parse(line)).filter(({ type }) => type === 'task-finished');
  const wall = finished.filter(({ number }) => number % 2 === 0 && number > 2).map(({ seconds }) => seconds * 1000);
  rmSync(state, { recursive: true, force: true });
  return { wall, cpu: user + system };
}

const sorted = (values) => [...values].sort((left, right) => left - right);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];
const walls = [];
const cpus = [];
for (let round = 0; round < Number(options.rounds); round++) {
  const few = run('few', 2);
  const many = run('many', count + 2);
  walls.push(...many.wall);
  cpus.push(((many.cpu - few.cpu) * 1000) / (2 * count));
}
rmSync(scratch, { recursive: true, force: true });
const [least = 0] = sorted(walls);
process.stdout.write(
  `${options.language}: a cell that does nothing: wall median ${median(walls).toFixed(1)} ms, least ${least.toFixed(1)} ms, of ${walls.length}; ` +
    `processor time of a cell with its process ${median(cpus).toFixed(0)} ms; load ${loadavg()
      .map((one) => one.toFixed(1))
      .join(' ')}\n`,
);
