/**
 * Runs on a real Ray or Dask: `npm run engines -- ray`, `npm run engines -- dask`. Its interpreter has the engine and what the notebooks
 * import; without it these tests are skipped.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../environment.ts';
import { outputsOf } from '../equivalence/normalise.ts';
import { canHide, startDask, startRay, type Cluster } from './clusters.ts';
import {
  hostsAway,
  outputOf,
  printed,
  processesWith,
  runOn,
  startOn,
  untilSaid,
  writeNotebook,
  type Bench,
} from './run-on.ts';

const kind = process.env['CELLWRIGHT_ENGINE'] ?? '';
const python = process.env['CELLWRIGHT_ENGINE_PYTHON'] ?? '';
const isSkipped = kind === '' || python === '';
if (isSkipped) process.stderr.write('test/engines: no cluster; npm run engines -- ray runs these tests\n');

/** Hazards: shared objects, chance, what only a process has, files, hidden state, functions. */
const cases = [
  'alias',
  'numpy-views',
  'seed-set-in-a-function',
  'random-numbers-over-cells',
  'generator-over-cells',
  'file-appended',
  'modules-beside-the-notebook',
  'settings-of-numpy',
  'warning-shown-once',
  'lambdas-of-a-loop',
  'class-attribute-set-later',
  'error-of-a-later-cell',
];

describe.skipIf(isSkipped)(`on ${kind}`, () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'cellwright-cluster-'));
  const far = path.join(scratch, 'far');
  mkdirSync(far);
  let cluster: Cluster | undefined;
  let bench: Bench;

  beforeAll(async () => {
    cluster = kind === 'ray' ? await startRay(python, scratch, far) : await startDask(python, scratch);
    bench = { url: cluster.url, python, scratch };
  }, 600_000);

  afterAll(() => {
    cluster?.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  const wide = [
    'import time',
    ...[1, 2, 3, 4, 5, 6].map((number) => `time.sleep(2)\nv${String(number)} = ${String(number)}`),
    'print(v1 + v2 + v3 + v4 + v5 + v6)',
  ].join('\n---\n');

  test.each(['analysis', 'messy'])('sample %s gives what Run All gives', { timeout: 300_000 }, async (name) => {
    const notebook = path.join(scratch, name, 'notebook.ipynb');
    for (const folder of [name, `${name}-plain`])
      cpSync(path.join(root, 'samples', name), path.join(scratch, folder), { recursive: true });
    const plain = path.join(scratch, `${name}.plain.ipynb`);
    execFileSync(python, [
      path.join(root, 'test', 'equivalence', 'plain.py'),
      path.join(scratch, `${name}-plain`, 'notebook.ipynb'),
      plain,
    ]);
    const ran = await runOn(bench, notebook);
    expect([0, 1], ran.said).toContain(ran.status);
    expect(outputsOf(outputOf(notebook)), ran.said).toEqual(outputsOf(plain));
    // Of `messy` a cell looks at what earlier cells gave, so all its cells run in one process, here.
    const isOne = ran.said.includes('one process for all cells');
    expect(isOne).toBe(name === 'messy');
    expect(ran.tasks.filter(({ place }) => place !== null).length > 2, ran.said).toBe(!isOne);
  });

  test.each(cases)('case %s gives what Run All gives', { timeout: 200_000 }, (name) => {
    const tool = [
      process.execPath,
      path.join(root, 'dist', 'cellwright.mjs'),
      'run {input} -o {output} --python {python} --no-report --json --on',
      bench.url,
      '--state',
      path.join(scratch, 'state', name),
    ].join(' ');
    const said = execFileSync(
      process.execPath,
      [
        path.join(root, 'build', 'conformance.mjs'),
        name,
        '--tool',
        tool,
        '--python',
        python,
        '--work',
        path.join(scratch, 'work'),
      ],
      { encoding: 'utf8' },
    );
    expect(said).toMatch(/1 cases: 1 equal/);
  });

  test('a wide notebook spreads over the nodes, and no two cells share a process', { timeout: 200_000 }, async () => {
    // Its plain name would say that all cells belong into one process.
    const cells = [1, 2, 3, 4, 5, 6].map(
      (number) => `time.sleep(1)\np${String(number)} = getattr(os, 'get' + 'pid')()`,
    );
    const last = `print(len({p1, p2, p3, p4, p5, p6, getattr(os, 'get' + 'pid')()}))`;
    const notebook = writeNotebook(bench, 'spread', ['import os, time', ...cells, last].join('\n---\n'));
    const ran = await runOn(bench, notebook);
    expect(printed(notebook).at(-1), ran.said).toBe('7\n');
    const places = new Set(ran.tasks.slice(1, 7).map(({ place }) => place));
    expect(places.size, [...places].join(', ')).toBe(2);
    expect(places).not.toContain(null);
  });

  test.skipIf(kind !== 'ray' || !canHide)(
    'what a node does not have is read where it is, and nothing of another state is believed',
    { timeout: 200_000 },
    async () => {
      const cells = [
        `import os, time\nname = 'da' + 'ta.txt'`,
        ...[1, 2].map((n) => `time.sleep(1)\nw${String(n)} = ${String(n)}`),
        ...[1, 2].map((n) => `r${String(n)} = open(name).read()\ntime.sleep(0.5)`),
        `here = os.path.exists(name)`,
        `print(r1, r2, here, os.getcwd() == ${JSON.stringify(path.join(far, 'reads'))}, w1 + w2)`,
      ];
      const notebook = writeNotebook({ ...bench, scratch: far }, 'reads', cells.join('\n---\n'));
      writeFileSync(path.join(path.dirname(notebook), 'data.txt'), 'of this machine');
      const ran = await runOn(bench, notebook);
      expect(printed(notebook).at(-1), ran.said).toBe('of this machine of this machine True True 3\n');
      expect(new Set(ran.tasks.slice(1, 3).map(({ place }) => place)).size).toBe(2);
      // One of the nodes is this machine, where the file is what it is.
      const dropped = ran.tasks.flatMap((task) => task.dropped);
      expect(dropped.length, ran.said).toBeGreaterThan(0);
      for (const reason of dropped) expect(reason).toMatch(/^made again here: it (?:raised an error|looks at)/);
    },
  );

  test('variants spread over the nodes, and share what is the same', { timeout: 200_000 }, async () => {
    const notebook = writeNotebook(
      bench,
      'matrix',
      'n = 1\n---\nimport time\nbase = 10\n---\ntime.sleep(1)\nr = base * n\n---\nprint(r)',
    );
    const text = readFileSync(notebook, 'utf8').replace('"metadata": {},', '"metadata": {"tags": ["parameters"]},');
    writeFileSync(notebook, text);
    const folder = path.join(path.dirname(notebook), 'variants');
    const ran = await runOn(bench, notebook, '--matrix', 'n=1,2,3,4', '-o', folder);
    expect(ran.status, ran.said).toBe(0);
    expect(ran.said).toMatch(/4 variants, \d+ shared/);
    const results = [1, 2, 3, 4].map((n) =>
      (outputsOf(path.join(folder, `n=${String(n)}.ipynb`)) as [string, string][][]).at(-1),
    );
    expect(results).toEqual([10, 20, 30, 40].map((r) => [['stdout', `${String(r)}\n`]]));
  });

  test('a host that is killed in the middle of a task costs that attempt', { timeout: 200_000 }, async () => {
    const notebook = writeNotebook(bench, 'host', wide);
    const going = startOn(bench, notebook);
    await untilSaid(going, /ran {6}01_/);
    await wait(500);
    process.kill(hostsAway()[0] ?? 0, 'SIGKILL');
    const ran = await going.end;
    expect(ran.status, ran.said).toBe(0);
    expect(printed(notebook).at(-1)).toBe('21\n');
    expect(ran.said).toMatch(/again .*was lost/);
    expect(ran.tasks.filter(({ place }) => place === null)).toEqual([]);
  });

  test('a node that is lost costs its attempts; one that comes takes part', { timeout: 300_000 }, async () => {
    const notebook = writeNotebook(bench, 'node', wide);
    const going = startOn(bench, notebook);
    await untilSaid(going, /ran {6}02_/);
    cluster?.killNode();
    const ran = await going.end;
    expect(ran.status, ran.said).toBe(0);
    expect(printed(notebook).at(-1)).toBe('21\n');
    await cluster?.addNode();
    const again = await runOn(bench, writeNotebook(bench, 'node-again', wide));
    expect(new Set(again.tasks.slice(1, 7).map(({ place }) => place)).size, again.said).toBe(2);
  });

  test('what had retired when the driver was killed does not run again', { timeout: 200_000 }, async () => {
    const notebook = writeNotebook(bench, 'driver', wide);
    const going = startOn(bench, notebook);
    await untilSaid(going, /ran {6}04_/);
    going.child.kill('SIGKILL');
    const retired = ((await going.end).said.match(/^ran /gm) ?? []).length;
    for (let tries = 0; tries < 100 && processesWith('/host.py').length > 0; tries++) await wait(100);
    expect(processesWith('/host.py'), 'hosts end with their driver').toEqual([]);
    const second = await runOn(bench, notebook);
    expect(printed(notebook).at(-1), second.said).toBe('21\n');
    const count = (status: string): number => second.tasks.filter((task) => task.status === status).length;
    expect([count('reused'), count('ran')]).toEqual([retired, 8 - retired]);
  });

  test('a store that is gone for a while is waited for', { timeout: 200_000 }, async () => {
    const store = path.join(scratch, 'store');
    mkdirSync(store);
    const notebook = writeNotebook(bench, 'store-away', wide);
    const going = startOn(bench, notebook, '--store', `file://${store}`);
    await untilSaid(going, /ran {6}02_/);
    renameSync(store, `${store}.away`);
    await untilSaid(going, /the store does not answer/);
    renameSync(`${store}.away`, store);
    const ran = await going.end;
    expect(ran.status, ran.said).toBe(0);
    expect(ran.said).toContain('the store answers again');
    expect(printed(notebook).at(-1)).toBe('21\n');
    expect(ran.tasks.flatMap(({ dropped }) => dropped)).toEqual([]);
    const again = await runOn(bench, notebook, '--store', `file://${store}`);
    expect(
      again.tasks.filter(({ status }) => status !== 'reused'),
      again.said,
    ).toEqual([]);
  });
});
