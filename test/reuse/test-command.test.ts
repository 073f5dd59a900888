import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python } from '../environment.ts';
import { cellwright, textOf, writeNotebook } from './exported.ts';

let folder: string;
const hasPytest = spawnSync(python, ['-c', 'import pytest']).status === 0;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-test-'));
  write('d[d.a > limit]');
  run();
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(kept: string): void {
  writeNotebook(path.join(folder, 'n.ipynb'), [
    'import numpy as np\nimport pandas as pd\nlimit = 3\nwords = {"a": [1, 2.5, None]}',
    `def clean(d):\n    return ${kept}\n\nclass Own:\n    pass`,
    'df = pd.DataFrame({"a": range(10), "b": np.linspace(0, 1, 10), "c": list("abcdefghij"), "when": pd.date_range("2013-01-01", periods=10)})\nown = Own()\nindexed = df.set_index("c")',
    'df["twice"] = df.a * 2\nkept = clean(df)\ntotal = float(kept.b.sum())\nprint("rows", len(kept), words["a"])',
    'noise = np.random.rand(2)\nlarge = np.zeros(1_000_000)\nlevels = np.arange(3) * limit',
    'means = indexed.b.mean() + levels.sum() + total\nlarge.sum()\ntype(own).__name__\nlater = noise',
    'large2 = large + 1\nprint(large2.sum(), means, kept.shape, noise.shape)',
    'print(later is noise)',
  ]);
}

function cell(...words: readonly string[]): { code: number | null; out: string; err: string } {
  return cellwright(folder, ...words, '--state', path.join(folder, 'state'), '--python', python);
}

function run(): void {
  expect(cell('run', 'n.ipynb', '-q').code).toBe(0);
}

/** The tests as somebody runs them who does not have this program. */
function plainly(): { code: number | null; said: string } {
  const words = hasPytest ? ['-m', 'pytest', '-q', 'tests'] : ['-m', 'unittest', 'discover', '-s', 'tests'];
  const { status, stdout, stderr } = spawnSync(python, words, { cwd: folder, encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

describe('test', () => {
  test('what a run has left becomes checks that hold, and fail when the cell gives something else', () => {
    expect(cell('test', 'n.ipynb').err).toContain('has no checks yet');
    const captured = cell('test', 'n.ipynb', '--capture', '4', '--capture', '5');
    expect(captured.out).toMatch(/captured 04_kept, [\d.]+ kB\n/);
    expect(captured.err).toMatch(/error CW720: 05_\w+ cannot become a check: [^]*numpy.random/);
    expect(captured.code).toBe(3);
    const place = path.join(folder, 'tests', 'fixtures', 'n', '04_kept');
    expect(textOf(place, 'df.csv')).toMatch(/^a,b,c,when\n0,0.0,a,2013-01-01\n/);
    expect(textOf(place, 'kept.expected.csv')).toMatch(/^\(index\),a,b,c,when,twice\n4,4,0.44/);
    const fixture = JSON.parse(textOf(place, 'fixture.json')) as { inputs: { words: object }; text: string };
    expect(fixture.inputs.words).toEqual({ format: 'json', value: { a: [1, 2.5, null] } });
    expect(fixture.text).toBe('rows 6 [1, 2.5, None]\n');
    expect(existsSync(path.join(folder, 'tests', 'fixtures', 'n', '05_noise'))).toBe(false);

    const passed = cell('test', 'n.ipynb', '--json');
    expect(passed.code).toBe(0);
    expect(JSON.parse(passed.out)).toMatchObject({
      passed: true,
      runner: hasPytest ? 'pytest' : 'unittest',
      checks: ['04_kept'],
      results: [{ check: '04_kept', passed: true, message: '' }],
    });
    expect(plainly().code).toBe(0);

    // A helper of the cell gives something else: the function is written anew, and the check fails.
    write('d[d.a >= limit]');
    const failed = cell('test', 'n.ipynb');
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/kept differs|rows 7/);
    const told = JSON.parse(cell('test', 'n.ipynb', '--json').out) as { results: readonly object[] };
    expect(told.results).toEqual([
      { check: '04_kept', passed: false, message: expect.stringMatching(/kept differs|rows 7/) as string },
    ]);
    write('d[d.a > limit]');
    expect(cell('test', 'n.ipynb').code).toBe(0);
    // Nothing of this program runs: a cell that was edited since is told, not passed.
    const edited = JSON.parse(textOf(folder, 'n.ipynb')) as { cells: { source: string }[] };
    writeNotebook(
      path.join(folder, 'n.ipynb'),
      edited.cells.map(({ source }) => source.replace('"rows"', '"lines"')),
    );
    expect(plainly().said).toContain('has changed since its function was written: run `cellwright test');
    expect(plainly().code).not.toBe(0);
    write('d[d.a > limit]');
  }, 180_000);

  test('a secret is in no fixture', () => {
    const name = path.join(folder, 's.ipynb');
    writeNotebook(name, ['#tag parameters\ntoken = ""', 'headers = {"token": token}', 'size = len(headers)']);
    process.env['OWN_SECRET'] = 'very-hidden-word';
    try {
      const words = ['--state', path.join(folder, 'secret.state'), '--python', python];
      expect(cellwright(folder, 'run', 's.ipynb', '-p', 'token', 'env:OWN_SECRET', '-q', ...words).code).toBe(0);
      const { code, err } = cellwright(folder, 'test', 's.ipynb', '--capture', '3', '--tests', 'secret', ...words);
      expect(code).not.toBe(0);
      expect(err).toMatch(/CW720|CW900/);
    } finally {
      delete process.env['OWN_SECRET'];
    }
    const found = spawnSync('grep', ['-rl', 'very-hidden-word', folder], { encoding: 'utf8' });
    expect(found.stdout).toBe('');
  }, 60_000);

  test('what is large is refused, what only a pickle keeps is said, what is of the notebook is refused', () => {
    const large = cell('test', 'n.ipynb', '--capture', '7', '--tests', 'other');
    expect(large.code).toBe(3);
    expect(large.err).toMatch(/its fixture has \d+\.\d MB, more than 5; --force keeps it all the same/);
    const forced = cell('test', 'n.ipynb', '--capture', '7', '--tests', 'other', '--force');
    expect(forced.err).not.toContain('error');
    expect(statSync(path.join(folder, 'other', 'fixtures', 'n', '07_large2', 'large.npy')).size).toBeGreaterThan(5e6);
    const own = cell('test', 'n.ipynb', '--capture', '6', '--tests', 'third');
    expect(own.err).toContain('own is of Own, a class of the notebook, which no file keeps');
  }, 120_000);
});
