import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-ladder-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function call(command: string, ...words: readonly string[]): string {
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const interpreter = command === 'explain' ? [] : ['--python', python];
  const all = [program, command, 'notebook.py', '--state', 'state', ...interpreter, ...words];
  const done = spawnSync(process.execPath, all, { cwd: folder, encoding: 'utf8' });
  expect({ code: done.status, err: done.stderr.includes('    at ') }).toEqual({ code: 0, err: false });
  return done.stdout;
}

function json(command: string, ...words: readonly string[]): Record<string, unknown> {
  return JSON.parse(call(command, ...words, '--json')) as Record<string, unknown>;
}

function run(cells: readonly string[], ...words: readonly string[]): Record<string, unknown> {
  writeFileSync(path.join(folder, 'notebook.py'), cells.map((cell) => `# %%\n${cell}\n`).join(''));
  return json('run', '--no-report', ...words);
}

const steps = (document: Record<string, unknown>): readonly unknown[] =>
  (document['tasks'] as readonly { readonly step: unknown }[]).map(({ step }) => step);

describe('explain says which step of the ladder a cell was on, and why', () => {
  test('a process for each cell', () => {
    expect(run(['a = [1]', 'print(a)'])).toMatchObject({ diagnostics: [] });
    expect(json('explain')).toMatchObject({ ladder: { step: 'own', own: 2, shared: 0, why: [] } });
    expect(call('explain')).toMatch(/^last run \S+: every cell in a process of its own\n/);
  });

  test('what libraries change by themselves, and what other components hand on, keeps no process', () => {
    const cells = [
      "pipe = [1]\nimport os\nimport re, string\nstring.Template('$pipe').substitute(pipe=pipe)",
      "import logging\nlogging.basicConfig(level=logging.INFO, force=True)\nlogging.getLogger('level').setLevel(10)",
      "from PIL import Image\nImage.new('RGB', (2, 2)).save('a.png', format='PNG')\nImage.open('a.png').load()",
      "import locale, urllib.parse, zoneinfo\nurllib.parse.urlparse('http://name.org')\nzoneinfo.ZoneInfo('Europe/Berlin')",
      'print(pipe)',
    ];
    run(cells);
    expect(json('explain')).toMatchObject({ ladder: { step: 'own', own: 5, shared: 0, why: [] } });
  });

  test('a function that is put on a class, and one of C that a library looks up, keep no process', () => {
    const cells = [
      'class Shape:\n    size = 3',
      'def area(self): return self.size ** 2\nShape.area = area',
      'class Square(Shape): pass',
      'import ctypes\nfound = ctypes.pythonapi.Py_IsInitialized()',
      'print(Square().area(), found)',
    ];
    run(cells);
    expect(json('explain')).toMatchObject({ ladder: { step: 'own', own: 5, shared: 0, why: [] } });
  });

  test('the process of an earlier cell: the value, the cell that made it and what it is; also when it is reused', () => {
    const cells = ['rows = [1, 2, 3]', 'g = (n for n in [1, 2, 3])', 'next(g)', 'print(rows)', 'print(list(g))'];
    const why = 'g of 02_g (a generator)';
    for (const status of ['ran', 'reused']) {
      const document = run(cells);
      expect(document).toMatchObject({
        oneProcess: false,
        tasks: cells.map(() => ({ status })),
        diagnostics: [{ code: 'CW510', severity: 'info', message: expect.stringContaining(why) as string }],
      });
      const explained = json('explain');
      expect(explained['ladder']).toEqual({ step: 'shared', own: 3, shared: 2, why: [why] });
      expect(steps(explained)).toEqual(['own', 'own', 'shared', 'own', 'shared']);
      expect(json('explain', '5')).toMatchObject({
        tasks: [{ observed: { fused: [{ name: 'g', maker: '02_g', what: 'a generator' }] } }],
      });
      expect(call('explain', '5')).toContain(`shared the process of an earlier cell, which alone has ${why}`);
    }
    const text = call('run', '--no-report');
    expect(text.split('\n').filter((line) => line.includes('shared the process'))).toHaveLength(1);
  });

  test('one process for all cells, which is recorded, reused and verified like any other run', () => {
    const cells = ['g = (n for n in [1, 2])', 'h = (n for n in [3, 4])', 'print(list(zip(g, h)))'];
    const why = '03_cell needs values of two processes: g of 01_g (a generator); h of 02_h (a generator)';
    expect(run(cells)).toMatchObject({
      oneProcess: true,
      diagnostics: [{ code: 'CW511', severity: 'info', message: `All cells ran in one process: ${why}.` }],
    });
    expect(json('explain')).toMatchObject({ ladder: { step: 'one', why: [why] } });
    expect(steps(json('explain'))).toEqual(['one', 'one', 'one']);
    expect(call('explain')).toContain(`all cells in one process, because ${why}`);
    expect(run(cells)).toMatchObject({ reused: 3, oneProcess: true, diagnostics: [{ code: 'CW511' }] });
    expect(json('verify')).toMatchObject({ status: 'ok', equal: 3 });
  });
});
