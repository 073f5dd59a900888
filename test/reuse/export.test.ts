import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseCase, writeCells } from '../../build/cases.mjs';
import { python, root } from '../environment.ts';
import { cellwright, checkFiles, expectEqual, exportTo, textOf, wholeRun, writeNotebook } from './exported.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'cellwright-export-'));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

let places = 0;
function place(): string {
  return path.join(scratch, String(places++));
}

/** Exports cells and compares the package with them. */
function compare(cells: readonly string[]): string {
  const folder = place();
  const notebook = path.join(folder, 'notebook.ipynb');
  writeNotebook(notebook, cells);
  const target = exportTo(notebook, path.join(folder, 'out', 'made'), path.join(folder, 'state'));
  checkFiles(target);
  const plain = wholeRun('notebook', notebook, { cwd: path.join(folder, 'plain'), name: 'made' });
  expectEqual(plain, wholeRun('package', target, { cwd: path.join(folder, 'own'), name: 'made' }));
  return target;
}

describe('a package gives what Restart & Run All gives', () => {
  test('the sample analysis, with the types that a run has seen', () => {
    const folder = place();
    cpSync(path.join(root, 'samples', 'analysis'), folder, { recursive: true });
    const notebook = path.join(folder, 'notebook.ipynb');
    const state = path.join(folder, 'state');
    expect(cellwright(folder, 'run', notebook, '--state', state, '--python', python, '-q').code).toBe(0);
    const target = exportTo(notebook, path.join(folder, 'out', 'weather'), state);
    checkFiles(target);
    const plain = wholeRun('notebook', notebook, { cwd: folder, name: 'weather' });
    expect(plain.error).toBe('');
    expectEqual(plain, wholeRun('package', target, { cwd: folder, name: 'weather' }));
    const tasks = textOf(target, 'tasks.py');
    expect(tasks).toContain('def task_04_days() -> pd.DataFrame:');
    expect(tasks).toMatch(/def task_08_smooth\(\s*days: pd.DataFrame,\s*palette: dict,\s*window: int,?\s*\)/);
    expect(tasks).toContain('"""The year"""');
    expect(textOf(target, 'definitions.py')).toContain('def fit_season(part):\n    """Least squares');
  }, 240_000);

  const cases = [
    'alias',
    'argument-changed-in-place',
    'await-at-the-top-level',
    'builtin-shadowed',
    'closure-over-a-later-global',
    'default-value-that-is-changed',
    'frame-changed-by-a-function',
    'class-attribute-as-a-counter',
  ].filter((name) => hasCase(name));
  test.each(cases)('the case %s of the conformance suite', (name) => {
    const folder = place();
    const notebook = path.join(folder, 'notebook.ipynb');
    writeCells(notebook, parseCase(textOf(root, 'test', 'conformance', 'cases', `${name}.txt`)).cells);
    const target = exportTo(notebook, path.join(folder, 'out', 'made'), path.join(folder, 'state'));
    checkFiles(target);
    const plain = wholeRun('notebook', notebook, { cwd: path.join(folder, 'plain'), name: 'made' });
    expectEqual(plain, wholeRun('package', target, { cwd: path.join(folder, 'own'), name: 'made' }));
  });

  test('functions that read variables which cells bind again, and functions among functions', () => {
    const target = compare([
      'import math\nlimit = 3\nfactor = 2',
      'def scaled(x):\n    return x * factor\n\ndef clean(values):\n    return [scaled(x) for x in values if x > limit]',
      'print(clean(range(6)))',
      'limit = 1\nprint(clean(range(6)))\nfor factor_now in (5, 7):\n    factor = factor_now\n    print(clean(range(4)))',
      'if limit:\n    factor = math.floor(2.5)\nprint(scaled(10))',
    ]);
    expect(textOf(target, 'tasks.py')).toContain('        factor = factor_now\n        definitions.factor = factor\n');
    expect(textOf(target, 'definitions.py')).toContain('def clean(values):');
  });

  test('classes, decorators, strings over lines, names of modules and magics that only set a notebook up', () => {
    const target = compare([
      '%matplotlib inline\n%load_ext autoreload\nimport functools\nfrom dataclasses import dataclass, field',
      '@dataclass\nclass Point:\n    x: int\n    tags: list = field(default_factory=list)\n\n    def moved(self, by):\n        return Point(self.x + by, self.tags)',
      '# Doubles.\n@functools.lru_cache(maxsize=None)\ndef double(x):\n    return 2 * x',
      'class Far(Point):\n    text = """one\n  two"""\n\nfar = Far(3)\nnear = far.moved(-2)\ntext = """first\n    second\nthird"""\nprint(far, near, double(4), text, Far.text)',
      'if __name__ == "__main__":\n    print("as a program")\nnear.tags.append(1)\nfar.tags is near.tags',
      '%time total = sum(p.x for p in (far, near))\nprint(total)\ndel text',
      'display(near)',
    ]);
    expect(textOf(target, 'definitions.py')).toContain('# Doubles.\n@functools.lru_cache');
    expect(textOf(target, 'tasks.py')).toContain(
      '# %time total = sum(p.x for p in (far, near)) is left out: what it times runs.',
    );
  });

  test('functions that are defined twice stay in their cells, and so do those that need what cells made', () => {
    const target = compare([
      'import random\nrandom.seed(3)',
      'def show(x):\n    print("first", x)\nshow(1)',
      'def show(x, start=random.random()):\n    print("second", x, round(start, 6))\nshow(2)',
      'show(3)\nprint(round(random.random(), 6))\n[show(value) for value in range(2)]\npairs = sorted([3, 1, 2], key=lambda value: -value)\nprint(pairs)',
    ]);
    expect(textOf(target, 'tasks.py')).toContain('    def show(x, start=random.random()):');
  });

  test('cells that wait, and parameters before them', () => {
    const target = compare([
      '#tag parameters\ncount = 2\nlabel = "x"\nnames = ["a", "b"]',
      'def times(value):\n    return value * count\n\ncalled = {"times": times}\nprint(list(map(called["times"], [1])))',
      'import asyncio\nasync def slowly(value):\n    await asyncio.sleep(0)\n    return value * count',
      'results = [await slowly(value) for value in range(3)]\nprint(results, label, names)',
      'values = await asyncio.gather(*(slowly(v) for v in range(2)))\nprint(values)',
    ]);
    const given = wholeRun('package', target, { cwd: path.dirname(target), name: 'made', parameters: { count: 5 } });
    expect(given.out).toBe("[5]\n[0, 5, 10] x ['a', 'b']\n[0, 5]\n");
  });

  test('imports that depend on what cells did stay where they are', () => {
    const target = compare([
      'import os, sys\nfrom pathlib import Path\nfolder = Path("beside")\nfolder.mkdir(exist_ok=True)\n(folder / "own_module.py").write_text("import os\\nvalue = os.environ.get(\'OWN\', \'none\')\\n")\nsys.path.insert(0, str(folder))\nos.environ["OWN"] = "set"',
      'import own_module\nimport json\nprint(own_module.value)',
      'print(own_module.value, json.dumps([1]))',
    ]);
    expect(textOf(target, 'tasks.py')).toContain('    import own_module\n');
  });
});

describe('what no function does is refused, with the cell and the reason', () => {
  test.each([
    ['a program of the shell', ['x = 1', 'files = !ls'], '!ls is IPython'],
    ['a magic', ['%cd ..'], '%cd .. is IPython'],
    ['a cell in another language', ['%%bash\necho 1'], '%%bash is IPython'],
    ['what is not Python', ['a = 1', 'print a'], 'it is not valid Python'],
    ['the last result', ['1 + 1', '_ + 1'], 'it uses _, which only a notebook has'],
    ['names by their text', ['a = 1', 'eval("a + 1")'], 'it calls eval'],
    ['the file of a module', ['print(__file__)'], 'it reads __file__'],
    [
      'a function that changes a variable',
      ['n = 0\ndef up():\n    global n\n    n += 1', 'up()'],
      'a function changes n',
    ],
    [
      'a function that reads what is bound later',
      ['k = 1\nread = lambda: k', 'k = 2\nprint(read())'],
      'which cell [2] binds later',
    ],
    ['a cell that may raise', ['#tag raises-exception\n1 / 0', 'print(1)'], 'it may raise'],
    [
      'a class from what a cell made',
      ['base = object\nclass A(base):\n    pass'],
      'the class A cannot stand in a module',
    ],
    [
      'a display that is changed',
      ['h = display(1, display_id=True)', 'h.update(2)'],
      'it changes what it has displayed',
    ],
  ])('%s', (_name, cells, message) => {
    const folder = place();
    const notebook = path.join(folder, 'notebook.ipynb');
    writeNotebook(notebook, cells);
    const target = path.join(folder, 'made');
    const words = ['export', notebook, '--modules', target, '--state', path.join(folder, 'state'), '--python', python];
    const { code, out, err } = cellwright(folder, ...words);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('error CW709: The cell cannot be a function: ');
    expect(err).toContain(message);
    expect(err).toMatch(/ at In \[\d\], line \d/);
  });

  test('a folder that holds something else is left alone', () => {
    const folder = place();
    const notebook = path.join(folder, 'notebook.ipynb');
    writeNotebook(notebook, ['a = 1']);
    const state = path.join(folder, 'state');
    exportTo(notebook, path.join(folder, 'made'), state);
    exportTo(notebook, path.join(folder, 'made'), state);
    const { code, err } = cellwright(
      folder,
      'export',
      notebook,
      '--modules',
      '.',
      '--state',
      state,
      '--python',
      python,
    );
    expect(code).toBe(2);
    expect(err).toMatch(/holds something that export did not write|No package can be called/);
    expect(cellwright(folder, 'export', notebook, '--modules', 'my-package').err).toContain('such as my_package');
  });
});

function hasCase(name: string): boolean {
  try {
    textOf(root, 'test', 'conformance', 'cases', `${name}.txt`);
    return true;
  } catch {
    return false;
  }
}
