import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-durability-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Four cells; the third writes its process id and waits until there is a file `go`. */
const notebook = `# %%
first = list(range(10))
print("first", sum(first))
# %%
second = [value * 2 for value in first]
print("second", sum(second))
# %%
import os, time
with open("pid", "w") as file:
    file.write(str(os.getpid()))
while not os.path.exists("go"):
    time.sleep(0.02)
third = sum(second)
# %%
print("third", third)
`;
const printed = ['first 45\n', 'second 90\n', 'third 90\n'];

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

function start(...words: string[]): Running {
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const child = spawn(process.execPath, [program, 'run', ...words, '--python', python, '--state', 'state', '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<Ended>((resolve) => {
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('close', (code) => {
      resolve({ code, out, err });
    });
  });
  return { child, ended };
}

interface Summary {
  readonly ran: number;
  readonly reused: number;
  readonly oneProcess: boolean;
  readonly diagnostics: readonly { readonly code: string }[];
}

/** Runs to the end with `go` there; gives what was printed beside the summary. */
async function runThrough(name: string): Promise<Summary & { readonly printed: readonly string[] }> {
  writeFileSync(path.join(folder, 'go'), '');
  const { code, out, err } = await start(name, '-o', 'out.ipynb').ended;
  expect(code, `${out}${err}`).toBe(0);
  const { cells } = JSON.parse(readFileSync(path.join(folder, 'out.ipynb'), 'utf8')) as {
    readonly cells: readonly { readonly outputs?: readonly { readonly text?: string | readonly string[] }[] }[];
  };
  const texts = cells.flatMap(({ outputs }) => (outputs ?? []).map(({ text }) => [text ?? ''].flat().join('')));
  return { ...(JSON.parse(out) as Summary), printed: texts };
}

async function until<T>(look: () => T | undefined): Promise<T> {
  const limit = Date.now() + 30_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > limit) throw new Error('it did not happen within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The process id that the third cell wrote. */
function waitingProcess(): Promise<number> {
  return until(() => {
    const text = readOrNothing(path.join(folder, 'pid'));
    return text === '' ? undefined : Number(text);
  });
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie has ended.
    return !/^State:\s+Z/m.test(readOrNothing(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

describe('kill -9 loses no retired result and leaves no broken store', () => {
  beforeEach(() => {
    writeFileSync(path.join(folder, 'n.py'), notebook);
  });

  test('of the command: its processes end with it, and the next run goes on where it was', async () => {
    const { child, ended } = start('n.py', '-o', 'out.ipynb');
    const worker = await waitingProcess();
    child.kill('SIGKILL');
    await ended;
    await until(() => (isAlive(worker) ? undefined : true));
    const next = await runThrough('n.py');
    expect(next.printed).toEqual(printed);
    expect({ ran: next.ran, reused: next.reused }).toEqual({ ran: 2, reused: 2 });
  });

  test('of a task: it is run again, all cells in one process', async () => {
    const { ended } = start('n.py', '-o', 'out.ipynb');
    const worker = await waitingProcess();
    process.kill(worker, 'SIGKILL');
    await until(() => (isAlive(worker) ? undefined : true));
    // Not before: the task could end in spite of the signal.
    writeFileSync(path.join(folder, 'go'), '');
    const { code, out, err } = await ended;
    expect(code, err).toBe(0);
    expect((JSON.parse(out) as Summary).oneProcess).toBe(true);
    const next = await runThrough('n.py');
    expect(next.printed).toEqual(printed);
    expect(next.reused).toBeGreaterThanOrEqual(2);
  });

  test('of the warm parent: another is started, and the task is run again', async () => {
    const { ended } = start('n.py', '-o', 'out.ipynb');
    const worker = await waitingProcess();
    process.kill(parentOf(worker), 'SIGKILL');
    writeFileSync(path.join(folder, 'go'), '');
    const { code, err } = await ended;
    expect(code, err).toBe(0);
    const next = await runThrough('n.py');
    expect(next.printed).toEqual(printed);
    expect(next.reused).toBeGreaterThanOrEqual(2);
  });
});

test('interrupted: the program ends soon with exit 130, what has retired stays, and the notebook is written', async () => {
  writeFileSync(path.join(folder, 'n.py'), notebook);
  const { child, ended } = start('n.py', '-o', 'out.ipynb');
  const worker = await waitingProcess();
  const asked = performance.now();
  child.kill('SIGINT');
  const { code, err } = await ended;
  expect(code, err).toBe(130);
  expect(performance.now() - asked).toBeLessThan(3000);
  expect(isAlive(worker)).toBe(false);
  expect(readFileSync(path.join(folder, 'out.ipynb'), 'utf8')).toContain('second 90');
  expect(await runThrough('n.py')).toMatchObject({ ran: 2, reused: 2, printed });
});

function filesBelow(folderOf: string): string[] {
  return readdirSync(folderOf, { recursive: true })
    .map((name) => path.join(folderOf, String(name)))
    .filter((name) => statSync(name).isFile());
}

describe('a damaged store costs time, never a wrong result', () => {
  beforeEach(() => {
    writeFileSync(path.join(folder, 'n.py'), notebook);
  });

  const damages: readonly (readonly [string, (file: string) => void])[] = [
    ['cut short', (file) => truncateSync(file, Math.floor(statSync(file).size / 2))],
    ['emptied', (file) => truncateSync(file, 0)],
    ['missing', (file) => rmSync(file)],
    [
      'with one byte changed',
      (file) => {
        const bytes = readFileSync(file);
        const last = bytes.length - 2;
        bytes[last] = (bytes[last] ?? 0) ^ 1;
        writeFileSync(file, bytes);
      },
    ],
  ];

  test.each(damages)('objects %s', async (_, damage) => {
    await runThrough('n.py');
    for (const file of filesBelow(path.join(folder, 'state', 'store'))) damage(file);
    // The last cell is another, so that it must read a value that an earlier task left in the store.
    writeFileSync(path.join(folder, 'n.py'), notebook.replace('print("third", third)', 'print("third", third + 0)'));
    expect((await runThrough('n.py')).printed).toEqual(printed);
    const healed = await runThrough('n.py');
    expect(healed.printed).toEqual(printed);
    expect(healed.oneProcess).toBe(false);
    const last = await runThrough('n.py');
    expect({ ran: last.ran, printed: last.printed }).toEqual({ ran: 0, printed });
  });

  test.each(damages.filter(([name]) => name !== 'with one byte changed'))('manifests %s', async (_, damage) => {
    await runThrough('n.py');
    for (const file of filesBelow(path.join(folder, 'state', 'manifests'))) damage(file);
    expect(await runThrough('n.py')).toMatchObject({ ran: 4, printed });
  });
});

describe('what is reused', () => {
  test('a comment, Markdown and white space rerun nothing', async () => {
    writeFileSync(path.join(folder, 'n.py'), notebook);
    await runThrough('n.py');
    const edited = notebook
      .replace('second = [', '# Twice.\n\nsecond = [')
      .replace('sum(second))\n', 'sum(second))   # the sum\n\n')
      .replace('# %%\nfirst', '# %% [markdown]\n# Words.\n# %%\nfirst');
    writeFileSync(path.join(folder, 'n.py'), edited);
    expect(await runThrough('n.py')).toMatchObject({ ran: 0, reused: 4, printed });
  });

  test('an equal value stops recomputation: the cells after it are reused', async () => {
    writeFileSync(path.join(folder, 'n.py'), notebook);
    await runThrough('n.py');
    writeFileSync(path.join(folder, 'n.py'), notebook.replace('value * 2', 'value + value'));
    expect(await runThrough('n.py')).toMatchObject({ ran: 1, reused: 3, printed });
  });

  test('while the one cell that was edited runs, those that can be reused do not', async () => {
    const slow = '# %%\na = 1\n# %%\nimport time\ntime.sleep(1)\n# %%\nb = a + 1\n# %%\nprint(b)\n';
    writeFileSync(path.join(folder, 'n.py'), slow);
    await runThrough('n.py');
    writeFileSync(path.join(folder, 'n.py'), slow.replace('sleep(1)', 'sleep(1.5)'));
    expect(await runThrough('n.py')).toMatchObject({ ran: 1, reused: 3 });
  });

  test('an error that was confirmed once is not confirmed again while its inputs are the same', async () => {
    // The later cells are started early, and must not come between when all run in one process.
    const later = ['c', 'd', 'e', 'f', 'g'].map((name) => `# %%\n${name} = 1\n`).join('');
    writeFileSync(path.join(folder, 'n.py'), `# %%\na = 0\n# %%\nb = a + 1\n# %%\nb / a\n${later}`);
    const summaries: Summary[] = [];
    for (const place of ['a', 'b']) {
      const { code, out } = await start('n.py', '-o', `${place}.ipynb`).ended;
      expect(code).toBe(1);
      expect(readFileSync(path.join(folder, `${place}.ipynb`), 'utf8')).toContain('"ename": "ZeroDivisionError"');
      summaries.push(JSON.parse(out) as Summary);
    }
    expect(summaries).toMatchObject([
      { ran: 2, reused: 0, oneProcess: true },
      { ran: 0, reused: 2, oneProcess: false },
    ]);
    writeFileSync(path.join(folder, 'n.py'), '# %%\na = 0\n# %%\nb = a + 2\n# %%\nb / a\n');
    const { out } = await start('n.py', '-o', 'c.ipynb').ended;
    expect(JSON.parse(out)).toMatchObject({ oneProcess: true });
  });

  test('two runs of one notebook at a time share a store without harm', async () => {
    writeFileSync(path.join(folder, 'n.py'), notebook);
    writeFileSync(path.join(folder, 'go'), '');
    const both = await Promise.all([start('n.py', '-o', 'a.ipynb').ended, start('n.py', '-o', 'b.ipynb').ended]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(await runThrough('n.py')).toMatchObject({ printed });
  });
});
