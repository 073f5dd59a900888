import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-lane-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Done {
  readonly code: number | null;
  readonly ran: number;
  readonly reused: number;
  readonly oneProcess: boolean;
  /** Of the first task. */
  readonly reason: string;
  readonly outputs: readonly unknown[];
}

function call(command: string, words: readonly string[]): { readonly code: number | null; readonly out: string } {
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const all = [program, command, 'notebook.py', '--python', python, '--state', 'state', ...words];
  const done = spawnSync(process.execPath, all, { cwd: folder, encoding: 'utf8' });
  expect(done.stderr).not.toContain('    at ');
  return { code: done.status, out: done.stdout };
}

function run(cells: readonly string[], ...words: readonly string[]): Done {
  writeFileSync(
    path.join(folder, 'notebook.py'),
    cells.map((cell) => `# %%${cell.startsWith(' ') ? '' : '\n'}${cell}\n`).join(''),
  );
  const { code, out } = call('run', ['-o', 'out.ipynb', '--json', ...words]);
  const said = JSON.parse(out) as Omit<Done, 'code' | 'reason' | 'outputs'> & {
    readonly tasks: readonly { readonly reason: string }[];
  };
  const { cells: executed } = JSON.parse(readFileSync(path.join(folder, 'out.ipynb'), 'utf8')) as {
    readonly cells: readonly { readonly outputs: unknown; readonly execution_count: number | null }[];
  };
  const outputs = executed.map((cell) => [cell.execution_count, cell.outputs]);
  return { ...said, code, reason: said.tasks[0]?.reason ?? '', outputs };
}

/** Looks at what an earlier cell gave, so all cells run in one process. */
const history = [
  '6 * 7',
  'import os\nname = "a"  # of the list\nprint(os.getenv("CW_NOTHING"))',
  'print(_ + 1, len(In))',
];

describe('cells that ran in one process', () => {
  test('are reused together while nothing has changed', () => {
    const first = run(history);
    expect(first).toMatchObject({ code: 0, ran: 3, reused: 0, oneProcess: true, reason: 'in one process' });
    const second = run(history);
    expect(second).toMatchObject({ code: 0, ran: 0, reused: 3, oneProcess: true });
    expect(second.reason).toMatch(/^same inputs as in run \S+, in one process$/);
    expect(second.outputs).toEqual(first.outputs);
    expect(call('status', []).out).toContain('3 would be reused, 0 would run');
  });

  test('run again after the edit of any cell, be it a comment; told is which', () => {
    run(history);
    const edited = history.with(1, 'import os\nname = "a"  # of my list\nprint(os.getenv("CW_NOTHING"))');
    writeFileSync(path.join(folder, 'notebook.py'), edited.map((cell) => `# %%\n${cell}\n`).join(''));
    expect(call('status', []).out).toMatch(/\[1\].* run +code: of 02_\w+\n.*\n.*\n0 would be reused, 3 would run\n/);
    expect(run(edited)).toMatchObject({
      ran: 3,
      reason: expect.stringMatching(/^in one process; code: of 02_/) as string,
    });
    expect(run(edited)).toMatchObject({ reused: 3 });
    expect(run(history), 'as it was before').toMatchObject({ reused: 3 });
    expect(run([...history, 'print("more")'])).toMatchObject({ ran: 4 });
    expect(run(history.slice(0, 2))).toMatchObject({ oneProcess: false });
  });

  test('run again with other parameters', () => {
    const cells = [' tags=["parameters"]\nlevel = 1', 'level * 2', 'print(_ + 1)'];
    expect(run(cells, '-p', 'level', '2')).toMatchObject({ ran: 4 });
    expect(run(cells, '-p', 'level', '3')).toMatchObject({ ran: 4 });
    expect(run(cells, '-p', 'level', '2')).toMatchObject({ reused: 4 });
  });

  test('run again with --force and --no-cache, and where a directive says so', () => {
    expect(run(history, '--no-cache')).toMatchObject({ ran: 3 });
    expect(run(history)).toMatchObject({ ran: 3 });
    expect(run(history, '--force')).toMatchObject({ ran: 3 });
    expect(run(history, '--no-cache')).toMatchObject({ ran: 3 });
    expect(run(history)).toMatchObject({ reused: 3 });
    const directed = history.with(1, '#| cache: false\nprint(1)');
    run(directed);
    const { ran, reason } = run(directed);
    expect({ ran, reason }).toEqual({
      ran: 3,
      reason: expect.stringMatching(/the directive of 02_\w+ says so/) as string,
    });
  });

  test('run again where a cell starts a program, whose name is told', () => {
    const cells = ['6 * 7', 'import subprocess\nprint(subprocess.run(["true"]).returncode)', 'print(_)'];
    run(cells);
    expect(run(cells)).toMatchObject({ ran: 3, reason: expect.stringMatching(/02_\w+ starts a program$/) as string });
    expect(call('status', []).out).toMatch(/\[1\].* run +not to be reused: 02_\w+ starts a program\n/);
  });

  test('run again where one raises, and up to it as often as it takes', () => {
    const cells = ['6 * 7', 'print(_ + 1)', 'raise ValueError("on purpose")'];
    const raised = { code: 1, ran: 2, reused: 0, oneProcess: true };
    expect(run(cells)).toMatchObject(raised);
    expect(run(cells)).toMatchObject(raised);
    expect(run(cells, '--until', '2')).toMatchObject({ code: 0, ran: 2 });
    expect(run(cells, '--until', '2')).toMatchObject({ code: 0, reused: 2 });
    expect(run(cells, '--only', '2')).toMatchObject({ code: 0, reused: 2 });
    expect(run(cells)).toMatchObject({ code: 1, ran: 2, reused: 0 });
  });

  test('are reused too where one process was asked for, or turned out to be needed', () => {
    const plain = ['first = 1', 'print(first)'];
    expect(run(plain, '--one-process')).toMatchObject({ ran: 2, oneProcess: true });
    expect(run(plain, '--one-process')).toMatchObject({ reused: 2, oneProcess: true });
    // The room that a list takes depends on how it came about, which a value from the store does not tell.
    const sized = ['values = [1, 2]\nvalues.append(3)', 'import sys\nprint(sys.getsizeof(values))'];
    expect(run(sized)).toMatchObject({ ran: 2, oneProcess: true });
    expect(run(sized)).toMatchObject({ reused: 2, oneProcess: true });
    const other = sized.with(1, 'print(len(values))');
    expect(run(other), 'an edited notebook has another chance').toMatchObject({ oneProcess: false });
    expect(run(sized)).toMatchObject({ reused: 2, oneProcess: true });
  });

  test('run again when what they left is gone: files, also those written at the end of the process', () => {
    const cells = [
      '6 * 7',
      'import atexit\ndef leave():\n    with open("left.txt", "w") as file:\n        file.write("left")\natexit.register(leave)',
      'held = open("held.txt", "w")\nheld.write("not closed")\nprint(_1)',
    ];
    expect(run(cells)).toMatchObject({ ran: 3 });
    expect(run(cells)).toMatchObject({ reused: 3 });
    for (const name of ['left.txt', 'held.txt']) {
      rmSync(path.join(folder, name));
      expect(run(cells)).toMatchObject({
        ran: 3,
        reason: expect.stringMatching(new RegExp(`file: .*${name}`)) as string,
      });
      expect(existsSync(path.join(folder, name))).toBe(true);
    }
  });

  test('run again when a thread outlives them', () => {
    const cells = ['6 * 7', 'import threading\nthreading.Timer(60, print).start()', 'print(_1)'];
    run(cells);
    expect(run(cells)).toMatchObject({
      ran: 3,
      reason: expect.stringContaining('it leaves the running thread') as string,
    });
  });
});
