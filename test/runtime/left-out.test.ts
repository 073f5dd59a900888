import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-left-out-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** How many cells were reused. */
function reused(variables: Readonly<Record<string, string>>, interpreter = python): number {
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const words = ['run', 'notebook.py', '--python', interpreter, '--state', 'state', '-o', 'out.ipynb', '--json'];
  const done = spawnSync(process.execPath, [program, ...words], {
    cwd: folder,
    env: { ...process.env, ...variables },
    encoding: 'utf8',
  });
  expect(done.status, `${done.stdout}${done.stderr}`).toBe(0);
  return (JSON.parse(done.stdout) as { readonly reused: number }).reused;
}

/** Changes that make no cell run again: each is a row of the table in ARCHITECTURE.md. */
const changes: readonly {
  readonly what: string;
  readonly cell: string;
  readonly before?: string;
  readonly after?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** An interpreter that `before` makes. */
  readonly interpreter?: string;
}[] = [
  { what: 'nothing', cell: 'print(1)' },
  {
    what: 'the window of the terminal, for who reads the whole environment',
    cell: 'import os\nprint(len(dict(os.environ)))',
    variables: { SHLVL: '17', SSH_TTY: '/dev/pts/17', TERM: 'dumb' },
  },
  { what: 'a variable that nobody read', cell: 'import os\nprint(os.getenv("A"))', variables: { B: 'new' } },
  {
    what: 'a file that was written again with the same bytes',
    cell: 'print(open("data.txt").read())',
    before: 'echo same > data.txt',
    after: 'sleep 0.02; echo same > data.txt',
  },
  {
    what: 'the time of a file, for who asks whether it is there',
    cell: 'import os\nprint(os.path.exists("data.txt"))',
    before: 'echo same > data.txt',
    after: 'touch -d @1000000 data.txt',
  },
  {
    what: 'the source of an installed package that is edited in place',
    cell: 'import cw_module\nprint(cw_module.value)',
    before: `${python} -m venv --without-pip venv
cd venv/lib/python3*/site-packages
${python} -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > all.pth
echo 'value = 1' > cw_module.py`,
    after: 'cd venv/lib/python3*/site-packages; echo "value = 20" > cw_module.py',
    interpreter: 'venv/bin/python',
  },
  { what: 'what the kernel of the system tells of now', cell: 'print(open("/proc/uptime").read())' },
  { what: 'the clock and entropy', cell: 'import datetime, uuid\nprint(datetime.datetime.now(), uuid.uuid4())' },
  {
    what: 'files that libraries read while the warm parent imports them',
    cell: 'import matplotlib\nprint(matplotlib.rcParams["figure.dpi"])',
    before: 'echo "figure.dpi: 50" > matplotlibrc',
    after: 'echo "figure.dpi: 60" > matplotlibrc',
  },
];

describe('what is knowingly left out of what a cell depends on', () => {
  test.each(changes)(
    '$what',
    ({ cell, before, after, variables, interpreter }) => {
      writeFileSync(path.join(folder, 'notebook.py'), `# %%\n${cell}\n`);
      if (before !== undefined) execFileSync('sh', ['-ec', before], { cwd: folder });
      const start = { SHLVL: '1', SSH_TTY: '', TERM: 'xterm' };
      expect(reused(start, interpreter)).toBe(0);
      if (after !== undefined) execFileSync('sh', ['-ec', after], { cwd: folder });
      expect(reused({ ...start, ...variables }, interpreter)).toBe(1);
    },
    60_000,
  );

  test('a file that whoever starts the program has left open for writing', () => {
    writeFileSync(path.join(folder, 'notebook.py'), '# %%\nprint(1)\n');
    // An editor's log for instance. Node itself closes such files only up to the first number that is free.
    const leave =
      'import os, sys; os.dup2(os.open("log.txt", os.O_WRONLY | os.O_CREAT), 40); os.execv(sys.argv[1], sys.argv[1:])';
    const program = path.join(root, 'dist', 'cellwright.mjs');
    const words = ['run', 'notebook.py', '--python', python, '--state', 'state', '-o', 'out.ipynb', '--json'];
    const reusedOf = (): number => {
      const done = spawnSync(python, ['-c', leave, process.execPath, program, ...words], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(done.status, `${done.stdout}${done.stderr}`).toBe(0);
      return (JSON.parse(done.stdout) as { readonly reused: number }).reused;
    };
    expect([reusedOf(), reusedOf()]).toEqual([0, 1]);
  }, 60_000);
});
