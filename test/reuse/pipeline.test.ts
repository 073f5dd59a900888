import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python } from '../environment.ts';
import { cellwright } from './exported.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-pipeline-'));
  write(
    'load.py',
    '# %% tags=["parameters"]\nn = 3\n# %%\nimport pandas as pd\ndf = pd.DataFrame({"a": range(n)})\nsame = df\n# %%\nunused = (x for x in df)\n',
  );
  write(
    'train.py',
    '# %%\nkinds = sorted(globals().keys() & {"df", "same", "pd", "n"})\n# %%\ntotal = int(df.a.sum())\nprint(kinds, df is same, total)\n',
  );
  write('report.py', '# %%\nprint("total", total)\n# %%\nopen("written.txt", "w").write(str(total));\n');
  write('fails.py', '# %%\nprint(total)\n1 / 0\n');
  writePipeline('pipeline.yaml', 5);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text);
}

function writePipeline(name: string, n: number, last = 'report.py'): void {
  write(
    name,
    `# The steps, in their order.\ntasks:\n  - source: load.py\n    params: {n: ${n}}\n  - source: train.py\n    name: fit\n    takes: [df, same]\n  - source: ${last}\n    takes: [total]\n`,
  );
}

function run(name: string, ...words: readonly string[]): ReturnType<typeof cellwright> {
  return cellwright(folder, 'run', name, '--state', path.join(folder, 'state'), '--python', python, ...words);
}

function printed(name: string): string {
  const { cells } = JSON.parse(readFileSync(path.join(folder, 'pipeline.cellwright', `${name}.out.ipynb`), 'utf8')) as {
    cells: { outputs?: { text?: string | string[] }[] }[];
  };
  return cells.flatMap(({ outputs = [] }) => outputs.flatMap(({ text = '' }) => text)).join('');
}

/** Files below a folder that have a word in them. */
function filesWith(place: string, word: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(word));
}

describe('run pipeline.yaml', () => {
  test('runs the notebooks in order, each with its own variables and those that it takes', () => {
    const first = run('pipeline.yaml');
    expect(first.code, first.err).toBe(0);
    expect(first.out).toContain('3 of 3 notebooks ran to their end\nresults  pipeline.cellwright\n');
    expect(printed('fit')).toBe("['df', 'same'] True 10\n");
    expect(printed('report')).toBe('total 10\n');
    expect(readFileSync(path.join(folder, 'written.txt'), 'utf8')).toBe('10');
    // Nothing has changed.
    expect(run('pipeline.yaml').err).not.toMatch(/^ran /m);
    // A parameter of the first reaches the last; the cells that it does not reach are reused.
    writePipeline('pipeline.yaml', 6);
    expect(run('pipeline.yaml').code).toBe(0);
    expect(printed('report')).toBe('total 15\n');
  }, 120_000);

  test('stops at the first notebook that fails, with its error', () => {
    writePipeline('failing.yaml', 5, 'fails.py');
    write(
      'failing.yaml',
      `${readFileSync(path.join(folder, 'failing.yaml'), 'utf8')}  - source: report.py\n    takes: [total]\n`,
    );
    const { code, out, err } = run('failing.yaml', '-q');
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toContain('ZeroDivisionError');
    expect(run('failing.yaml').out).toContain('2 of 4 notebooks ran to their end; not run: report\n');
  }, 120_000);

  test('hands no secret over, and says so before it is written', () => {
    write('secret.py', '# %% tags=["parameters"]\ntoken = ""\n# %%\nheaders = {"token": token}\nrows = [1]\n');
    write('uses.py', '# %%\nprint(rows)\n');
    const text = (name: string): string =>
      `tasks:\n  - source: secret.py\n    params: {token: "env:OWN_SECRET"}\n  - source: uses.py\n    takes: [${name}]\n`;
    write('open.yaml', text('headers, rows'));
    process.env['OWN_SECRET'] = 'very-hidden-word';
    try {
      const { code, err } = run('open.yaml', '-q');
      expect(code).toBe(1);
      expect(err).toContain('a secret would be written');
      write('open.yaml', text('rows'));
      expect(run('open.yaml', '-q').code).toBe(0);
    } finally {
      delete process.env['OWN_SECRET'];
    }
    expect(filesWith(folder, 'very-hidden-word')).toEqual([]);
  }, 120_000);

  test('refuses options that are for one notebook', () => {
    expect(run('pipeline.yaml', '-p', 'n', '3').err).toContain('--parameters is for one notebook, not for a pipeline.');
    expect(run('pipeline.yaml', 'out.ipynb').err).toContain('A pipeline has a folder of results, not out.ipynb.');
  });
});
