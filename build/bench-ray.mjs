/**
 * What a task costs on Ray beside Ray used by hand, and how much faster a matrix is on two hosts than on one. Two raylets on this machine, one
 * processor each, started and ended here.
 *
 *   node build/bench-ray.mjs --python EXE [--tasks 40] [--variants 8] [--seconds 3]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { notebookOf } from './cases.mjs';
import { root } from './command.mjs';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    tasks: { type: 'string', default: '40' },
    variants: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '3' },
  },
});
const [tasks, variants, seconds] = [values.tasks, values.variants, values.seconds].map(Number);
const python = values.python ?? '';
const ray = path.join(path.dirname(python), 'ray');
const scratch = mkdtempSync(path.join(tmpdir(), 'cellwright-bench-'));
const mark = `bench-${String(process.pid)}-${String(Date.now())}`;
const env = { ...process.env, RAY_USAGE_STATS_ENABLED: '0', CELLWRIGHT_BENCH: mark };
const port = String(20_000 + (process.pid % 10_000));
const address = `127.0.0.1:${port}`;

function must(command, words, options = {}) {
  const done = spawnSync(command, words, { env, encoding: 'utf8', timeout: 600_000, ...options });
  if (done.status !== 0) throw new Error(`${command} ${words.join(' ')}: ${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** Only what was started here has the mark in its environment. */
function endCluster() {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has gone, or is somebody else's.
    }
  }
}

function startCluster() {
  const common = ['--node-ip-address', '127.0.0.1', '--num-cpus', '1', '--disable-usage-stats'];
  const head = [
    'start',
    '--head',
    '--port',
    port,
    '--include-dashboard=false',
    '--temp-dir',
    path.join(scratch, 'ray'),
  ];
  must(ray, [...head, ...common]);
  must(ray, ['start', '--address', address, ...common]);
}

function write(name, sources, parameters = false) {
  const folder = path.join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const cells = sources.map((source, index) => ({ source, tags: parameters && index === 0 ? ['parameters'] : [] }));
  writeFileSync(path.join(folder, 'notebook.ipynb'), JSON.stringify(notebookOf(cells)));
  return path.join(folder, 'notebook.ipynb');
}

/** From the start of the first task to the end of the last, by the record; and all of it. */
function run(notebook, flags) {
  const state = mkdtempSync(path.join(scratch, 'state-'));
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const out = ['-o', path.join(path.dirname(notebook), 'out/')];
  const started = performance.now();
  must(process.execPath, [
    program,
    'run',
    notebook,
    '--python',
    python,
    '--state',
    state,
    '--no-report',
    '--keep-warm',
    '0',
    ...out,
    ...flags,
  ]);
  const whole = (performance.now() - started) / 1000;
  const times = readdirSync(path.join(state, 'runs')).flatMap((id) => {
    const log = readFileSync(path.join(state, 'runs', id, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const events = log.map((line) => JSON.parse(line)).filter(({ type }) => /^task-(?:started|finished)$/.test(type));
    return events.map(({ at }) => Date.parse(at));
  });
  return { whole, tasks: (Math.max(...times) - Math.min(...times)) / 1000 };
}

const shown = (number) => number.toFixed(2);
const row = (...cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);

try {
  startCluster();
  const load = loadavg()[0].toFixed(1);
  const on = ['--on', `ray://${address}`];
  const noop = write(
    'noop',
    Array.from({ length: tasks }, (_, number) => `v${String(number)} = ${String(number)}`),
  );
  const spin = write(
    'spin',
    [
      'n = 1',
      'import time',
      `end = time.process_time() + ${String(seconds)}\nwhile time.process_time() < end: pass\nr = n`,
    ],
    true,
  );
  const matrix = ['--matrix', `n=${Array.from({ length: variants }, (_, number) => String(number + 1)).join(',')}`];
  const byHand = JSON.parse(
    must(python, [path.join(root, 'build', 'bench_ray.py'), address, String(tasks), String(variants), String(seconds)]),
  );
  const local = run(noop, ['-j', '2']);
  const away = run(noop, on);
  const one = run(spin, [...matrix, ...on, '--hosts', '1']);
  const two = run(spin, [...matrix, ...on]);
  row('what', 'seconds', 'a task');
  row('---', '---', '---');
  row(
    `${tasks} empty cells on this machine, -j 2`,
    shown(local.tasks),
    `${((local.tasks / tasks) * 1000).toFixed(0)} ms`,
  );
  row(`${tasks} empty cells on Ray, 2 hosts`, shown(away.tasks), `${((away.tasks / tasks) * 1000).toFixed(0)} ms`);
  row('the same with the start of the hosts', shown(away.whole), '');
  row(
    `${tasks} tasks of Ray by hand, processes used again`,
    shown(byHand.reused),
    `${((byHand.reused / tasks) * 1000).toFixed(0)} ms`,
  );
  row(
    `${tasks} tasks of Ray by hand, a process each`,
    shown(byHand.fresh),
    `${((byHand.fresh / tasks) * 1000).toFixed(0)} ms`,
  );
  row(`${variants} variants of ${seconds} s of processor, 1 host`, shown(one.tasks), '');
  row(
    `${variants} variants of ${seconds} s of processor, 2 hosts`,
    shown(two.tasks),
    `${(one.tasks / two.tasks).toFixed(2)} times as fast`,
  );
  row(`${variants} tasks of Ray by hand of ${seconds} s, 2 processors`, shown(byHand.matrix), '');
  process.stdout.write(`\nLoad of the machine before: ${load}.\n`);
} finally {
  endCluster();
  rmSync(scratch, { recursive: true, force: true });
}
