import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';
import { cellwright, textOf, writeNotebook } from './exported.ts';

let folder: string;
let state: string;
let failed: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-debug-'));
  state = path.join(folder, 'state');
  writeNotebook(path.join(folder, 'n.ipynb'), [
    'import os\nimport numpy as np\nimport pandas as pd\nlimit = 3\npd.set_option("display.precision", 2)\nos.environ["OWN_WORD"] = "set"',
    'class Thing:\n    def __init__(self, v):\n        self.v = v\n\ndef clean(d):\n    if d.a.max() > 100:\n        raise ValueError(f"above {limit}")\n    return d[d.a > limit]',
    'df = pd.DataFrame({"a": range(10), "b": np.linspace(0, 1, 10)})\nother = df\nthing = Thing(df)\nbig = np.arange(300_000)\nnp.random.seed(3)',
    'x = np.random.rand(3)\nprint(x.sum(), thing.v is df, other is df, os.environ["OWN_WORD"], big.sum())\nprint(clean(df))',
    'stream = (n for n in range(3))\nnext(stream)',
    'print(next(stream))',
    '#tag gate\nassert len(clean(df)) > 10, "too few rows"',
    'df.loc[0, "a"] = 1000\nclean(df)',
  ]);
  const run = (...words: readonly string[]): string => {
    const { code, err } = cellwright(folder, 'run', 'n.ipynb', '--state', state, '--python', python, '-q', ...words);
    expect([0, 1, 4], err).toContain(code);
    return readdirSync(path.join(state, 'runs')).at(-1) ?? '';
  };
  failed = run('--keep-going');
}, 120_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Output {
  readonly name?: string;
  readonly text?: string | readonly string[];
  readonly ename?: string;
  readonly evalue?: string;
  readonly traceback?: readonly string[];
  readonly data?: Readonly<Record<string, string>>;
}

function outputs(file: string, cell: number): readonly Output[] {
  const { cells } = JSON.parse(textOf(file)) as { cells: { outputs?: Output[] }[] };
  // A notebook may have a text as lines.
  return (cells[cell]?.outputs ?? []).map((output) => ({
    ...output,
    ...(output.text === undefined ? {} : { text: [output.text].flat().join('') }),
  }));
}

/** Opens a cell of the run in a plain Jupyter kernel; what it gave there, and what it gave in the run. */
function open(cell: number, name: string): { there: readonly Output[]; here: readonly Output[]; said: string } {
  const { code, out, err } = cellwright(
    folder,
    'debug',
    failed.slice(0, -1),
    '--task',
    String(cell),
    '--state',
    state,
    '-o',
    `${name}.ipynb`,
  );
  expect(err.includes('error'), err).toBe(false);
  expect(code).toBe(0);
  expect(out).toContain(`notebook  ${name}.ipynb`);
  const done = path.join(folder, `${name}.done.ipynb`);
  const script = path.join(root, 'runtime', 'python', 'plain_run.py');
  // From another folder: the cell's own is the run's.
  spawnSync(python, [script, path.join(folder, `${name}.ipynb`), done, tmpdir()], { encoding: 'utf8' });
  const executed = path.join(state, 'runs', failed, 'notebook.ipynb');
  expect(outputs(done, 1), 'the cell that loads').toEqual([]);
  return { here: outputs(done, 2), there: outputs(executed, cell - 1), said: err };
}

describe('debug', () => {
  test('a cell gives again what it gave: values, shared objects, hidden state', () => {
    const { here, there } = open(4, 'good');
    expect(there[0]?.text).toContain('True True set');
    expect(here).toEqual(there);
  }, 60_000);

  test('a gate that does not hold fails in the same way', () => {
    const { here, there } = open(7, 'gate');
    expect(there[0]).toMatchObject({ ename: 'AssertionError', evalue: 'too few rows' });
    expect(here[0]).toEqual(there[0]);
  }, 60_000);

  test('a value that no store has is named', () => {
    const { said } = open(6, 'held');
    expect(said).toContain('warning CW711: stream cannot be loaded: ');
    expect(said).toContain('generator');
  }, 60_000);

  test('only what the record of the run names is loaded, and only when it is whole', () => {
    const loading = (words: string): string =>
      [
        'import sys',
        `sys.path.append(${JSON.stringify(path.join(root, 'runtime', 'python'))})`,
        'from cellwright_worker.run_record import read_record',
        'from cellwright_worker.stored_inputs import StoredInputs',
        `record = read_record(${JSON.stringify(state)}, ${JSON.stringify(failed)})`,
        words,
      ].join('\n');
    const call = (words: string): string => spawnSync(python, ['-c', loading(words)], { encoding: 'utf8' }).stderr;
    expect(call('StoredInputs(record, "c3", {}).load("nothing")')).toContain(
      'the record of the run has no value of nothing',
    );
    const damage = [
      'import os',
      'reference = record.references("c3")["big"]',
      'path = os.path.join(record.objects, "objects", reference.object[7:9], reference.object[7:])',
      'data = bytearray(open(path, "rb").read())',
      'data[-1] ^= 1',
      'os.unlink(path)',
      'open(path, "wb").write(data)',
      'StoredInputs(record, "c3", {}).load("big")',
    ].join('\n');
    expect(call(damage)).toContain('StoreDamaged');
  }, 60_000);

  test('a run of one process has no values to open', () => {
    const alone = path.join(folder, 'alone');
    writeFileSync(path.join(folder, 'one.py'), '# %%\na = 1\n# %%\nprint(a)\n');
    cellwright(folder, 'run', 'one.py', '--state', alone, '--python', python, '-q', '--one-process');
    const { code, err } = cellwright(folder, 'debug', 'one.py', '--task', '2', '--state', alone);
    expect(code).toBe(3);
    expect(err).toContain('error CW710');
    expect(err).toContain('(asked for)');
  }, 60_000);
});
