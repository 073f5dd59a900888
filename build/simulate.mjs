/**
 * Runs the real scheduler against simulated workers and says what it cost: `npm run simulate -- [--tasks N] [--workers N] [--failures
 * SHARE] [--retries N] [--seed N] [--cache] [--json]`. See docs/scale.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';

import { root } from './command.mjs';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '100000' },
    workers: { type: 'string', default: '1000' },
    failures: { type: 'string', default: '0.05' },
    retries: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    cache: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

/** The simulation as one program: Node 20 does not read TypeScript. */
async function load(folder) {
  const outfile = path.join(folder, 'simulate.mjs');
  const entryPoints = [path.join(root, 'test', 'simulation', 'simulate.ts')];
  await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', target: 'node20' });
  return await import(outfile);
}

const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-simulate-'));
try {
  const { simulate } = await load(folder);
  const numbers = Object.fromEntries(
    ['tasks', 'workers', 'failures', 'retries', 'seed'].map((name) => [name, Number(values[name])]),
  );
  const seen = await simulate({ ...numbers, cache: values.cache });
  const { outcome, counts, events, makespan, cpu, memory, wrong } = seen;
  const decisions = [...events.values()].reduce((sum, count) => sum + count, 0);
  const found = {
    ...numbers,
    cache: values.cache,
    status: outcome.status,
    lane: outcome.lane,
    why: outcome.why ?? '',
    wrong: wrong.length,
    attempts: counts.attempts,
    deaths: counts.deaths,
    events: Object.fromEntries(events),
    cpuSeconds: Number(cpu.toFixed(2)),
    microsecondsPerAttempt: Math.round((cpu / counts.attempts) * 1e6),
    decisionsPerSecond: Math.round(decisions / cpu),
    heapMiB: Math.round(memory / 2 ** 20),
    virtualSeconds: Math.round(makespan),
    usedOfWorkers: Number((counts.busy / (makespan * numbers.workers)).toFixed(3)),
    usefulOfWorkers: Number((counts.useful / (makespan * numbers.workers)).toFixed(3)),
    mostAtOnce: counts.most,
  };
  process.stdout.write(`${JSON.stringify(found, undefined, values.json ? 0 : 2)}\n`);
  process.exitCode = outcome.status === 'ok' && wrong.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
