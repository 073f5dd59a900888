import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python } from '../environment.ts';
import { cellwright, textOf, writeNotebook } from './exported.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-import-'));
  expect(cellwright(folder, 'export', '--hook', '.')).toMatchObject({ code: 0, out: 'module  notebook_import.py\n' });
  writeFeatures(3);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeFeatures(limit: number): void {
  writeNotebook(path.join(folder, 'features.ipynb'), [
    `%matplotlib inline\nimport pandas as pd\nfrom dataclasses import dataclass\nLIMIT = ${limit}\nCOLUMNS = ["a", "b"]\nseen = []`,
    'open("ran.txt", "w").close()\nprint("this must not run")\ndf = pd.DataFrame({"a": [1]})\nrate = 1\nrate = rate + 1\nseen.append(1)',
    'def clean(d):\n    """Above the limit."""\n    return d[d.a > LIMIT]\n\n@dataclass\nclass Thing:\n    v: int = 2\n\n    def doubled(self):\n        return Thing(2 * self.v)',
    '!ls\nclean(df)\nfiles = !ls',
    '%%bash\necho no Python at all (',
    'def later():\n    return df\n\ndef counted():\n    global count\n    count = 1\ncount = 0',
  ]);
}

/** A line of plain Python in the folder. */
function plain(...lines: readonly string[]): { out: string; err: string } {
  const { stdout, stderr } = spawnSync(python, ['-c', ['import notebook_import', ...lines].join('\n')], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { out: stdout, err: stderr };
}

describe('a notebook is imported', () => {
  test('with its functions, classes, imports and constants, and nothing that its cells do', () => {
    const { out, err } = plain(
      'import features, inspect',
      'from features import clean, Thing, LIMIT, COLUMNS, pd, later',
      'print(len(clean(pd.DataFrame({"a": range(6)}))), Thing().doubled(), LIMIT, COLUMNS, features.__file__.endswith("features.ipynb"))',
      'print(inspect.getsource(clean).splitlines()[1].strip(), hasattr(features, "nothing"))',
    );
    expect(err).toBe('');
    expect(out).toBe('2 Thing(v=4) 3 [\'a\', \'b\'] True\n"""Above the limit.""" False\n');
    expect(existsSync(path.join(folder, 'ran.txt'))).toBe(false);
  });

  test.each(['df', 'rate', 'seen', 'files', 'count'])(
    'without %s, which a cell makes or changes, and says which',
    (name) => {
      const { err } = plain(`from features import ${name}`);
      expect(err).toMatch(
        new RegExp(
          `ImportError: ${name} is made by cell \\[\\d\\] of .*features.ipynb, which importing the notebook does not run`,
        ),
      );
    },
  );

  test('a definition that needs what a cell makes is named', () => {
    writeNotebook(path.join(folder, 'app.ipynb'), [
      'class App:\n    def mark(self, f):\n        return f\napp = App()',
      '@app.mark\ndef page():\n    return 1',
    ]);
    expect(plain('import app').err).toMatch(
      /ImportError: page of .*app.ipynb, cell \[2\], needs when it is defined .*'app' is not defined/,
    );
  });

  test('a module of the same name goes before it', () => {
    writeFileSync(path.join(folder, 'both.py'), 'kind = "module"\n');
    writeNotebook(path.join(folder, 'both.ipynb'), ['kind = "notebook"']);
    expect(plain('import both', 'print(both.kind)').out).toBe('module\n');
  });

  test('in a compiled run as in Jupyter, and a change of it reruns what uses it', () => {
    writeNotebook(path.join(folder, 'main.ipynb'), [
      'import notebook_import\nimport pandas as pd',
      'from features import clean, LIMIT, Thing\nprint(LIMIT)',
      'df = pd.DataFrame({"a": range(6)})\nthing = Thing(2)\nkeep = clean',
      'print(len(clean(df)), thing.doubled(), keep is clean, type(thing).__module__)',
      'try:\n    from features import df as other\nexcept ImportError as error:\n    print(error)',
    ]);
    const words = ['main.ipynb', '--state', path.join(folder, 'state'), '--python', python];
    const verified = cellwright(folder, 'verify', ...words);
    expect(verified.out).toContain('5 of 5 cells equal');
    expect(cellwright(folder, 'run', ...words).out).toContain('0 ran, 5 reused');
    writeFeatures(4);
    const again = cellwright(folder, 'run', ...words);
    expect(again.out).toContain('4 ran, 1 reused');
    expect(again.err).toMatch(/ran +02_\w+ .*\(file: .*features.ipynb\)/);
    expect(textOf(folder, 'main.cellwright', 'main.out.ipynb')).toContain('1 Thing(v=4) True features');
  }, 120_000);
});
