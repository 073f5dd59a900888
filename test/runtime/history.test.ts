import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRuns, type RecordedRun } from '../../runtime/index.ts';
import { python, root } from '../environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-history-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const state = (): string => path.join(folder, '.state');

function run(cells: readonly string[], ...words: readonly string[]): number | null {
  writeFileSync(path.join(folder, 'notebook.py'), cells.map((cell) => `# %%\n${cell}\n`).join(''));
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const all = [program, 'run', 'notebook.py', 'out.ipynb', '--python', python, '--state', state(), '-q', ...words];
  return spawnSync(process.execPath, all, { cwd: folder }).status;
}

function git(...words: readonly string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  return execFileSync('git', ['-C', folder, ...identity, ...words], { encoding: 'utf8' }).trim();
}

function newest(): RecordedRun {
  const [run] = readRuns(state());
  if (run === undefined) throw new Error('no run was recorded');
  return run;
}

const cells = [
  'rows = open("data.csv").read().split()',
  'total = sum(int(row) for row in rows)\nopen("total.txt", "w").write(str(total))',
  'burnt = bytearray(40_000_000)\nsum(range(3_000_000))\ntotal',
];

test('a run says who made it from what, and what each task read, wrote and used', () => {
  writeFileSync(path.join(folder, 'data.csv'), '1\n2\n3\n');
  git('init', '-q', '-b', 'main');
  git('add', 'data.csv');
  git('commit', '-q', '-m', 'Data');
  expect(run(cells, '-j', '1')).toBe(0);
  const { started, tasks, sourceControl, ...whole } = newest();
  expect(whole).toMatchObject({ status: 'ok', lane: undefined, environment: { executable: python } });
  expect(whole.language?.version).toMatch(/^3\.\d+\.\d+/);
  expect(started).toMatchObject({
    origin: { notebook: path.join(folder, 'notebook.py'), parameters: [] },
    runner: { user: userInfo().username, host: hostname() },
    cwd: folder,
    jobs: 1,
  });
  expect(sourceControl).toMatchObject({ commit: git('rev-parse', 'HEAD'), branch: 'main', more: false });
  expect(sourceControl?.changed).toContain('notebook.py');
  const [read, write, burn] = [...tasks.values()].map(({ observed }) => observed);
  const data = path.join(folder, 'data.csv');
  const digest = `sha256:${execFileSync('sha256sum', [data], { encoding: 'utf8' }).slice(0, 64)}`;
  expect(read?.filesRead).toContainEqual({ path: data, digest, size: 6 });
  expect(write?.filesWritten.map((file) => [path.basename(file.path), file.size])).toEqual([['total.txt', 1]]);
  expect(write?.reads['rows']).toBe(read?.writes['rows']?.content);
  expect(burn?.cpuSeconds).toBeGreaterThan(0.01);
  expect(burn?.peakMemory).toBeGreaterThan((read?.peakMemory ?? 0) + 30_000_000);
});

test('a task that is reused names the run that made its result; a failed one has its error', () => {
  writeFileSync(path.join(folder, 'data.csv'), '1\n2\n3\n');
  run(cells);
  const first = newest();
  expect(run([...cells, '1 / 0'])).toBe(1);
  const second = newest();
  expect(second.status).toBe('failed');
  expect(second.sourceControl, 'the folder is in no repository').toBeUndefined();
  const last = [...second.tasks.values()].at(-1);
  expect(last?.observed?.error).toEqual({ ename: 'ZeroDivisionError', evalue: 'division by zero' });
  run(cells);
  const third = [...newest().tasks.values()];
  expect(third.map(({ status, from }) => [status, from])).toEqual(third.map(() => ['cached', first.id]));
});
