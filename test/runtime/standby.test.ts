import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { leaveStandBy } from '../../runtime/process/standby.ts';
import { python, root } from '../environment.ts';

const program = path.join(root, 'dist', 'cellwright.mjs');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cwt-'));
  mkdirSync(path.join(folder, 'tmp'));
  // Matplotlib makes it when it is imported for the first time.
  mkdirSync(path.join(folder, 'config', 'matplotlib'), { recursive: true });
});
afterEach(() => {
  for (const pid of firstParents()) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The first of the warm parents that wait. */
function firstParents(): readonly number[] {
  const base = path.join(folder, 'tmp');
  return readdirSync(base)
    .map((name) => path.join(base, name, 'standby.json'))
    .filter((file) => existsSync(file))
    .map((file) => (JSON.parse(readFileSync(file, 'utf8')) as { readonly pid: number }).pid);
}

function isThere(pid: number): boolean {
  return existsSync(`/proc/${String(pid)}`);
}

type Variables = Readonly<Record<string, string>>;

function environment(variables: Variables = {}): NodeJS.ProcessEnv {
  const own = { ...process.env };
  delete own['CELLWRIGHT_KEEP_WARM'];
  delete own['CI'];
  return { ...own, TMPDIR: path.join(folder, 'tmp'), XDG_CONFIG_HOME: path.join(folder, 'config'), ...variables };
}

interface Executed {
  readonly cells: readonly { readonly outputs: readonly { readonly text?: readonly string[] }[] }[];
}

/** Runs a notebook in percent format; gives what its last cell printed. */
function run(text: string, variables: Variables = {}, ...flags: readonly string[]): string {
  writeFileSync(path.join(folder, 'notebook.py'), text);
  const words = ['run', 'notebook.py', '--python', python, '--state', 'state', '-o', 'out.ipynb', '-q', '--no-report'];
  const done = spawnSync(process.execPath, [program, ...words, ...flags], {
    cwd: folder,
    env: environment(variables),
    encoding: 'utf8',
  });
  expect([0, 1], done.stderr).toContain(done.status);
  const { cells } = JSON.parse(readFileSync(path.join(folder, 'out.ipynb'), 'utf8')) as Executed;
  return (cells.at(-1)?.outputs ?? [])
    .flatMap(({ text }) => text ?? [])
    .join('')
    .trim();
}

/** Prints the first of the warm parents, which leads the session of all, and the one that the process was forked from. */
const showsParent = (edit: number | string, imports = 'json'): string =>
  `# %%\nimport ${imports}\n# %%\nimport os; print(os.getsid(0), os.getppid(), end=" ") # a\nprint(${JSON.stringify(edit)})\n`;

/** The first of the warm parents, and the one that served the last cell. */
function parentsOf(text: string, variables: Variables = {}): readonly [string, string] {
  const [first = '', last = ''] = run(text, variables).split(' ');
  return [first, last];
}

async function untilGone(pid: number): Promise<boolean> {
  for (let waits = 0; waits < 100 && isThere(pid); waits++) await new Promise((resolve) => setTimeout(resolve, 50));
  return !isThere(pid);
}

describe('the processes that have imported what cells import', () => {
  test('serve the next run', () => {
    const [first] = parentsOf(showsParent(1, 'csv'));
    const second = parentsOf(showsParent(2, 'csv'));
    expect(second[0]).toBe(first);
    expect(parentsOf(showsParent(3, 'csv'))).toEqual(second);
    expect(firstParents()).toHaveLength(1);
  });

  test('serve the next run when the results of the last one are beside the notebook', () => {
    const imports = 'sklearn.ensemble, matplotlib.pyplot';
    const [first] = parentsOf(showsParent(1, imports));
    const second = parentsOf(showsParent(2, imports));
    expect(second[0]).toBe(first);
    writeFileSync(path.join(folder, 'notes.txt'), '');
    expect(parentsOf(showsParent(3, imports))).toEqual(second);
  });

  test('serve the next run after a cell that raised', () => {
    const [first] = parentsOf(showsParent(1));
    expect(run(`${showsParent(2)}1 / 0\n`)).toContain(first);
    expect(parentsOf(showsParent(3))[0]).toBe(first);
  });

  test('show the lines of the notebook as it is now', () => {
    const raising = (line: string): string => `# %%\nimport json\n# %%\ndef f():\n    ${line}\n# %%\nimport traceback
try:\n    f()\nexcept Exception:\n    print(traceback.format_exc())\n`;
    expect(run(raising('1 / 0'))).toContain('1 / 0');
    const text = run(raising('x = []; x[1]'));
    expect(text).toContain('x = []; x[1]');
    expect(text).not.toContain('1 / 0');
  });

  test('begin each run with other random numbers, as a kernel does', () => {
    const draws = `# %%\nimport random, numpy as np
from sklearn.ensemble._hist_gradient_boosting.grower import TreeGrower
# %%
print(random.random(), np.random.rand(), TreeGrower.__init__.__defaults__[-3].random())\n`;
    const seen = [1, 2, 3].flatMap(() => run(draws, {}, '--force').split(' '));
    expect(firstParents()).toHaveLength(1);
    expect(seen).toHaveLength(9);
    expect(new Set(seen).size).toBe(9);
  });

  test('draw the same after a seed', () => {
    const draws =
      '# %%\nimport random, numpy as np\n# %%\nrandom.seed(1); np.random.seed(1)\n# %%\nprint(random.random(), np.random.rand())\n';
    expect(run(draws, {}, '--force')).toBe(run(draws, {}, '--force'));
  });

  test('are in the window of the terminal that the run is in', () => {
    const shows = (edit: number): string =>
      `# %%\nimport json\n# %%\nimport os\nprint(os.getsid(0), os.environ["SHLVL"], ${String(edit)})\n`;
    const [parent] = run(shows(1), { SHLVL: '3' }).split(' ');
    expect(run(shows(2), { SHLVL: '4' })).toBe(`${parent ?? ''} 4 2`);
  });

  const changes: readonly {
    readonly what: string;
    readonly imports?: string;
    readonly prepare?: string;
    readonly change?: string;
    readonly variables?: Variables;
  }[] = [
    { what: 'a variable of the environment', variables: { SOME_VARIABLE: 'new' } },
    { what: 'a new file that could be a module', change: 'echo > statistics.py' },
    {
      what: 'a module beside the notebook that says what is imported',
      imports: 'local_module',
      prepare: 'echo "import json" > local_module.py',
      change: 'echo "import json, csv" > local_module.py',
    },
    {
      what: 'the settings that matplotlib finds',
      imports: 'matplotlib.pyplot',
      change: 'echo "lines.linewidth: 7" > matplotlibrc',
    },
    {
      what: 'the settings that matplotlib has read',
      imports: 'matplotlib.pyplot',
      prepare: 'echo "lines.linewidth: 6" > matplotlibrc',
      change: 'echo "lines.linewidth: 7" > matplotlibrc',
    },
    {
      what: 'a folder that a library has listed',
      imports: 'matplotlib.pyplot',
      prepare: 'mkdir -p config/matplotlib/stylelib',
      change: 'echo "lines.linewidth: 7" > config/matplotlib/stylelib/mine.mplstyle',
    },
    { what: 'the limits of processes', change: 'ulimit' },
  ];
  test.each(changes)('do not serve a run for which $what changed', ({ imports, prepare, change, variables }) => {
    if (prepare !== undefined) execFileSync('sh', ['-ec', prepare], { cwd: folder });
    const [first] = parentsOf(showsParent(1, imports));
    const before = parentsOf(showsParent(2, imports));
    expect(before[0]).toBe(first);
    if (change !== undefined && change !== 'ulimit') execFileSync('sh', ['-ec', change], { cwd: folder });
    if (change === 'ulimit') {
      writeFileSync(path.join(folder, 'notebook.py'), showsParent(3, imports));
      const line = `ulimit -c 0; ulimit -n 512; exec "$0" "$@"`;
      const words = ['run', 'notebook.py', '--python', python, '--state', 'state', '-o', 'out.ipynb', '-q'];
      spawnSync('sh', ['-c', line, process.execPath, program, ...words], { cwd: folder, env: environment() });
      const text = readFileSync(path.join(folder, 'out.ipynb'), 'utf8');
      expect(text).toContain(' 3\\n');
      expect(text).not.toContain(before[1]);
      return;
    }
    expect(parentsOf(showsParent(3, imports), variables)[1]).not.toBe(before[1]);
  });

  test('end when they have waited long enough, and leave nothing', async () => {
    run(showsParent(1), {}, '--keep-warm', '0.01');
    const [pid = 0] = firstParents();
    expect(isThere(pid)).toBe(true);
    expect(await untilGone(pid)).toBe(true);
    expect(readdirSync(path.join(folder, 'tmp'))).toEqual([]);
  });

  test.each([
    ['with --keep-warm 0', {}, ['--keep-warm', '0']],
    ['where the variable says so', { CELLWRIGHT_KEEP_WARM: '0' }, []],
    ['in a job of continuous integration', { CI: 'true' }, []],
    ['where processes are started afresh', {}, ['--spawn']],
  ] as const)('are not kept %s', (_what, variables, flags) => {
    run(showsParent(1), variables, ...flags);
    expect(readdirSync(path.join(folder, 'tmp'))).toEqual([]);
  });

  test('wait for the two notebooks that ran last', async () => {
    const pids = [1, 2, 3].map((place) => {
      run(showsParent(place), { NOTEBOOK: String(place) });
      return firstParents();
    });
    expect(pids.map(({ length }) => length)).toEqual([1, 2, 2]);
    expect(pids[2]).not.toContain(pids[0]?.[0]);
    expect(await untilGone(pids[0]?.[0] ?? 0)).toBe(true);
  });

  test('end when the notebook is cleaned', async () => {
    run(showsParent(1));
    const [pid = 0] = firstParents();
    const done = spawnSync(process.execPath, [program, 'clean', '--state', 'state'], {
      cwd: folder,
      env: environment(),
    });
    expect(done.status).toBe(0);
    expect(await untilGone(pid)).toBe(true);
    expect(readdirSync(path.join(folder, 'tmp'))).toEqual([]);
  });

  test('serve one run at a time', async () => {
    run(showsParent(1));
    const words = ['run', 'notebook.py', '--python', python, '-q', '--no-report', '--force', '--state', 'state'];
    const ended = [1, 2, 3].map(
      async (place) =>
        await new Promise<number | null>((resolve) => {
          const flags = ['-o', `out-${String(place)}.ipynb`];
          const child = spawn(process.execPath, [program, ...words, ...flags], { cwd: folder, env: environment() });
          child.on('close', resolve);
        }),
    );
    expect(await Promise.all(ended)).toEqual([0, 0, 0]);
    expect(firstParents().length).toBeLessThanOrEqual(2);
  });

  test('are lost without harm', async () => {
    const [first] = parentsOf(showsParent(1));
    for (const pid of firstParents()) process.kill(pid, 'SIGKILL');
    expect(parentsOf(showsParent(2))[0]).not.toBe(first);
    const [hanging = 0] = firstParents();
    process.kill(hanging, 'SIGSTOP');
    expect(run(showsParent(3))).toMatch(/^\d+ \d+ 3$/);
    expect(await untilGone(hanging)).toBe(true);
  });

  test('those that have ended before the run does are not waited for', async () => {
    const gone = path.join(folder, 'tmp', 'cw-gone');
    await leaveStandBy(gone, { key: '', store: '', token: '', pid: process.pid, names: 0, stages: [] });
    expect(existsSync(gone)).toBe(false);
  });
});
