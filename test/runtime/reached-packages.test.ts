import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';

/**
 * What is installed between two runs makes those cells run again that could reach it, and no others. The interpreter is one of the tests'
 * own, with IPython and with packages that are made here.
 */
let folder: string;
let interpreter: string;
let packages: string;
let untouched: readonly string[];

beforeAll(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'cellwright-reached-')));
  const venv = path.join(folder, 'venv');
  const uv = (...words: string[]): unknown =>
    execFileSync(python, ['-m', 'uv', '--quiet', ...words], {
      encoding: 'utf8',
      env: { UV_SYSTEM_CERTS: 'true', ...process.env },
    });
  const pins = execFileSync(python, ['-m', 'pip', 'freeze'], { encoding: 'utf8' });
  writeFileSync(
    path.join(folder, 'pins'),
    pins
      .split('\n')
      .filter((line) => line.includes('=='))
      .join('\n'),
  );
  uv('venv', '--python', python, venv);
  interpreter = path.join(venv, 'bin', 'python');
  uv('pip', 'install', '--python', interpreter, '--constraint', path.join(folder, 'pins'), 'ipython');
  const where = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  packages = execFileSync(interpreter, ['-c', where], { encoding: 'utf8' }).trim();
  untouched = readdirSync(packages);
}, 180_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
}, 180_000);
beforeEach(() => {
  for (const name of readdirSync(packages)) {
    if (!untouched.includes(name)) rmSync(path.join(packages, name), { recursive: true });
  }
  rmSync(path.join(folder, 'state'), { recursive: true, force: true });
  rmSync(path.join(folder, 'nb'), { recursive: true, force: true });
  mkdirSync(path.join(folder, 'nb'));
});

/** A distribution as an installer leaves it. */
interface Made {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, string>>;
  readonly needs?: readonly string[];
  readonly entryPoints?: string;
}

function install({ name, version, files, needs = [], entryPoints }: Made): void {
  const info = `${name.replaceAll('-', '_')}-${version}.dist-info`;
  const metadata = [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    ...needs.map((need) => `Requires-Dist: ${need}`),
  ];
  const all: Record<string, string> = {
    ...files,
    [`${info}/METADATA`]: `${metadata.join('\n')}\n\n`,
    ...(entryPoints === undefined ? {} : { [`${info}/entry_points.txt`]: entryPoints }),
  };
  all[`${info}/RECORD`] = [...Object.keys(all), `${info}/RECORD`].map((file) => `${file},,\n`).join('');
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(packages, file)), { recursive: true });
    writeFileSync(path.join(packages, file), text);
  }
}

/** Takes away its metadata; what it has besides may be written over. */
function forget(name: string): void {
  for (const entry of readdirSync(packages)) {
    if (entry.startsWith(`${name.replaceAll('-', '_')}-`)) rmSync(path.join(packages, entry), { recursive: true });
  }
}

interface Ran {
  readonly tasks: readonly { readonly name: string; readonly status: string; readonly reason: string }[];
}

function call(command: string, words: readonly string[]): string {
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const all = [program, command, 'nb/notebook.py', '--python', interpreter, '--state', 'state', ...words, '--json'];
  const done = spawnSync(process.execPath, all, { cwd: folder, encoding: 'utf8' });
  expect(done.status, `${done.stdout}${done.stderr}`).toBe(0);
  return done.stdout;
}

interface Executed {
  readonly cells: readonly { readonly outputs?: readonly { readonly text?: readonly string[] }[] }[];
}

/** Runs the notebook: what ran, and what the cells printed. */
function run(): { readonly ran: readonly string[]; readonly because: string; readonly printed: readonly string[] } {
  const { tasks } = JSON.parse(call('run', ['-o', 'out.ipynb', '--no-report', '--keep-warm', '0'])) as Ran;
  const read = `import json; print(json.dumps(json.load(open("out.ipynb"))))`;
  const { cells } = JSON.parse(execFileSync(python, ['-c', read], { cwd: folder, encoding: 'utf8' })) as Executed;
  const printed = cells.map(({ outputs = [] }) => outputs.flatMap(({ text = [] }) => text).join(''));
  const ran = tasks.filter(({ status }) => status === 'ran');
  return { ran: ran.map(({ name }) => name), because: ran.map(({ reason }) => reason).join('\n'), printed };
}

/** What the next run would run, and why. */
function plan(): Readonly<Record<string, string>> {
  const { tasks } = JSON.parse(call('status', [])) as {
    readonly tasks: readonly { readonly name: string; readonly plan: string; readonly because: string }[];
  };
  return Object.fromEntries(tasks.filter(({ plan }) => plan !== 'reuse').map(({ name, because }) => [name, because]));
}

/** Cells in order; what is imported by an earlier one is in the processes of the later ones. */
function write(...cells: string[]): void {
  writeFileSync(path.join(folder, 'nb', 'notebook.py'), cells.map((cell) => `# %%\n${cell}\n`).join(''));
}

const one: Made = { name: 'thing-one', version: '1.0', files: { 'thing_one/__init__.py': 'value = 1\n' } };
const two: Made = { name: 'thing-one', version: '2.0', files: { 'thing_one/__init__.py': 'value = 20\n' } };
const other: Made = { name: 'other', version: '1.0', files: { 'other/__init__.py': 'value = 3\n' } };

test('what nobody reaches makes nothing run again: installed, changed, taken away', () => {
  write('a = 1', 'import thing_one\nprint(thing_one.value)', 'print(a)');
  install(one);
  expect(run().ran).toHaveLength(3);
  install(other);
  expect(run().ran).toEqual([]);
  forget('other');
  install({ ...other, version: '2.0' });
  expect(run().ran).toEqual([]);
  forget('other');
  rmSync(path.join(packages, 'other'), { recursive: true });
  expect(plan()).toEqual({});
});

test('what a cell imports makes it and those behind it run again, and status names it', () => {
  write('print(1)', 'import thing_one\nprint(thing_one.value)', 'print(3)');
  install(one);
  expect(run().printed).toEqual(['1\n', '1\n', '3\n']);
  forget('thing-one');
  install(two);
  // A cell that begins with the import is run by a process that has imported it, as those after it.
  expect(plan()).toEqual({
    '02_imports': 'environment: thing_one 1.0 → 2.0',
    '03_cell': 'environment: thing_one 1.0 → 2.0',
  });
  const again = run();
  expect(again.printed).toEqual(['1\n', '20\n', '3\n']);
  expect(again.ran).toEqual(['02_imports', '03_cell']);
});

test('who asks for a group of plug-ins depends on those that have some', () => {
  write('from importlib.metadata import entry_points\nprint(len(entry_points(group="cw.plugins")))');
  expect(run().printed).toEqual(['0\n']);
  install({ ...one, entryPoints: '[another.group]\nmine = thing_one:value\n' });
  expect(plan()).toEqual({});
});

test('who looks for a distribution depends on those beside the notebook, not on other files there', () => {
  const beside = path.join(folder, 'nb');
  write('from importlib.metadata import version\nprint(version("thing-one"))');
  install(one);
  expect(run().printed).toEqual(['1.0\n']);
  // Editors save by a new file in the place of the old one.
  writeFileSync(path.join(beside, 'saved.txt'), 'anything');
  expect(plan()).toEqual({});
  mkdirSync(path.join(beside, 'thing_one-3.0.dist-info'));
  writeFileSync(path.join(beside, 'thing_one-3.0.dist-info', 'METADATA'), 'Name: thing-one\nVersion: 3.0\n\n');
  expect(plan()).toEqual({ '01_version': `file: ${beside}` });
  expect(run().printed).toEqual(['3.0\n']);
});

/** A cell, what is there when it first runs, and what is installed then; each way gives another output afterwards. */
const ways: readonly {
  readonly what: string;
  readonly cell: string;
  readonly before?: readonly Made[];
  readonly after: readonly Made[];
  readonly because: RegExp;
}[] = [
  {
    what: 'a module that was not there',
    cell: 'try:\n    import thing_one\n    print(thing_one.value)\nexcept ImportError:\n    print("none")',
    after: [one],
    because: /thing_one 1\.0 was installed/,
  },
  {
    what: 'a part of a package that was not there',
    cell: 'try:\n    import thing_one.part\n    print("part")\nexcept ImportError:\n    print("none")',
    before: [one],
    after: [{ name: 'thing-part', version: '1.0', files: { 'thing_one/part.py': '' } }],
    because: /thing_part 1\.0 was installed/,
  },
  {
    what: 'a module that somebody asks for without importing it',
    cell: 'import importlib.util\nprint(importlib.util.find_spec("thing_one") is None)',
    after: [one],
    because: /thing_one 1\.0 was installed/,
  },
  {
    what: 'a package that hides a module',
    cell: 'import shadowed\nprint(shadowed.value)',
    before: [{ name: 'shadowed-file', version: '1.0', files: { 'shadowed.py': 'value = "file"\n' } }],
    after: [{ name: 'shadowed-folder', version: '1.0', files: { 'shadowed/__init__.py': 'value = "folder"\n' } }],
    because: /shadowed_folder 1\.0 was installed/,
  },
  {
    what: 'a version that is asked for',
    cell: 'import importlib.metadata\nprint(importlib.metadata.version("Thing.One"))',
    before: [one],
    after: [two],
    because: /thing_one 1\.0 → 2\.0/,
  },
  {
    what: 'a version that could not be told',
    cell: 'from importlib.metadata import *\ntry:\n    print(version("thing-one"))\nexcept PackageNotFoundError:\n    print("none")',
    after: [one],
    because: /thing_one 1\.0 was installed/,
  },
  {
    what: 'plug-ins',
    cell: 'from importlib.metadata import entry_points\nprint(sorted(one.name for one in entry_points(group="cw.plugins")))',
    after: [{ ...other, entryPoints: '[cw.plugins]\nmine = other:value\n' }],
    because: /other 1\.0 was installed/,
  },
  {
    what: 'all plug-ins',
    cell: 'from importlib.metadata import entry_points\nprint("other" in {one.dist.name for one in entry_points(name="mine")})',
    after: [{ ...other, entryPoints: '[cw.plugins]\nmine = other:value\n' }],
    because: /all of which it looks through/,
  },
  {
    what: 'distributions that are looked for directly',
    cell: 'from importlib.metadata import MetadataPathFinder\nprint(len([one for one in MetadataPathFinder.find_distributions() if one.metadata["Name"] == "other"]))',
    after: [other],
    because: /all of which it looks through/,
  },
  {
    what: 'the list of all modules',
    cell: 'import pkgutil\nprint("other" in {one.name for one in pkgutil.iter_modules()})',
    after: [other],
    because: /all of which it looks through/,
  },
  {
    what: 'the folder of packages',
    cell: 'import os, sysconfig\nprint("other" in os.listdir(sysconfig.get_path("purelib")))',
    after: [other],
    because: /all of which it looks through/,
  },
  {
    what: 'names in the folder of packages',
    cell: 'import glob, sysconfig\nprint(len(glob.glob(sysconfig.get_path("purelib") + "/othe?")))',
    after: [other],
    because: /all of which it looks through/,
  },
  {
    what: 'a file of a package',
    cell: 'import sysconfig\nprint(open(sysconfig.get_path("purelib") + "/thing_one/__init__.py").read())',
    before: [one],
    after: [two],
    because: /thing_one 1\.0 → 2\.0/,
  },
  {
    what: 'whether a file of a package is there',
    cell: 'import os, sysconfig\nprint(os.path.exists(os.path.join(sysconfig.get_path("purelib"), "thing_one")))',
    after: [one],
    because: /thing_one 1\.0 was installed/,
  },
  {
    what: 'a part of a namespace that several packages share',
    cell: 'import space.a\nimport space, os\nprint(sorted(name for name in os.listdir(list(space.__path__)[0]) if name != "__pycache__"))',
    before: [{ name: 'space-a', version: '1.0', files: { 'space/a.py': '' } }],
    after: [{ name: 'space-b', version: '1.0', files: { 'space/b.py': '' } }],
    because: /space_b 1\.0 was installed/,
  },
  {
    what: 'what a package reaches that a cell imports',
    cell: 'import outer\nprint(outer.value)',
    before: [
      {
        name: 'outer',
        version: '1.0',
        files: { 'outer.py': 'try:\n    from thing_one import value\nexcept ImportError:\n    value = 0\n' },
      },
    ],
    after: [one],
    because: /thing_one 1\.0 was installed/,
  },
  {
    what: 'what a package requires, though nobody is seen to read it',
    cell: 'import outer\nprint(outer.value)',
    before: [{ name: 'outer', version: '1.0', files: { 'outer.py': 'value = 1\n' }, needs: ['thing-one>=1'] }, one],
    after: [two],
    because: /thing_one 1\.0 → 2\.0/,
  },
];

describe('what a cell reaches makes it run again', () => {
  test.each(ways)('$what', ({ what, cell, before = [], after, because }) => {
    write('print("first")', cell);
    before.forEach(install);
    const first = run();
    for (const { name } of after) forget(name);
    after.forEach(install);
    const second = run();
    expect(second.ran).toHaveLength(1);
    expect(second.because).toMatch(because);
    const fresh = path.join(folder, 'fresh');
    rmSync(fresh, { recursive: true, force: true });
    cpSync(path.join(folder, 'nb'), fresh, { recursive: true });
    const plain = execFileSync(interpreter, ['notebook.py'], { cwd: fresh, encoding: 'utf8' });
    expect(second.printed.join('')).toBe(plain);
    if (!what.startsWith('what a package requires')) expect(second.printed).not.toEqual(first.printed);
  });

  test('a file that changes the search path makes everything run again', () => {
    write('print("first")', 'import json');
    run();
    writeFileSync(path.join(packages, 'added.pth'), folder);
    expect(Object.values(plan())).toEqual(Array(2).fill('environment: the interpreter or its search path'));
  });

  test('a package that does not list its files counts for all', () => {
    write('print("first")');
    run();
    mkdirSync(path.join(packages, 'unlisted-1.0.dist-info'));
    expect(Object.values(plan())).toEqual(['environment: the interpreter or its search path']);
  });

  test('all cells in one process are one task to this too', () => {
    write('a = 1\na', 'print(_)\ntry:\n    import thing_one\nexcept ImportError:\n    print("none")');
    run();
    install(other);
    expect(plan()).toEqual({});
    install(one);
    expect(Object.values(plan())[0]).toMatch(/thing_one 1\.0 was installed/);
  });
});
