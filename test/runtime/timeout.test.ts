import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-timeout-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Done {
  readonly code: number | null;
  readonly diagnostics: readonly { readonly code: string; readonly message: string }[];
  readonly oneProcess: boolean;
  readonly tasks: readonly {
    readonly status: string;
    readonly reason: string;
    readonly seconds: number;
    readonly error?: { readonly ename: string };
  }[];
}

function run(cells: readonly string[], ...words: readonly string[]): Done {
  const text = cells.map((cell) => `# %%\n${cell}\n`).join('');
  writeFileSync(path.join(folder, 'notebook.py'), text);
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const all = [program, 'run', 'notebook.py', '-o', 'out.ipynb', '--json', '--no-report', '--python', python];
  const done = spawnSync(process.execPath, [...all, '--state', 'state', '--keep-warm', '0', ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(done.stderr).not.toContain('    at ');
  return { ...(JSON.parse(done.stdout) as Done), code: done.status };
}

/** Text and errors of a cell of the executed notebook. */
function shown(place: number): string {
  const { cells } = JSON.parse(readFileSync(path.join(folder, 'out.ipynb'), 'utf8')) as {
    readonly cells: readonly {
      readonly outputs: readonly {
        readonly text?: readonly string[];
        readonly traceback?: readonly string[];
      }[];
    }[];
  };
  const outputs = cells[place]?.outputs ?? [];
  // The colours of a traceback.

  return outputs
    .flatMap(({ text, traceback }) => text ?? traceback ?? [])
    .join('\n')
    .replaceAll(/\u001B\[[\d;]*m/g, '');
}

const statuses = ({ tasks }: Done): readonly string[] => tasks.map(({ status }) => status);

/** Once its own limit has passed, it goes on for a minute unless it is stopped. */
const sleeper = (limit: string): string => `${limit}
import time
def step():
    try:
        time.sleep(60)
    finally:
        open('cleaned-up', 'w').close()
step()`;
/** Python does not come to look at signals in it. */
const stubborn = 'sum(range(10 ** 12))';

describe('a cell that takes longer than its directive says', () => {
  test('is interrupted: what it cleans up is cleaned up, the traceback shows where it was, later cells do not run', () => {
    const done = run(['a = 1', sleeper('#| timeout: 0.3'), 'b = 2']);
    expect(done).toMatchObject({ code: 1, oneProcess: false });
    expect(statuses(done)).toEqual(['ran', 'failed', 'not-run']);
    expect(done.diagnostics).toMatchObject([
      { code: 'CW505', message: '02_step was stopped after 0.3 seconds, the limit of its time.' },
    ]);
    expect(done.tasks[1]?.error?.ename).toBe('KeyboardInterrupt');
    expect(done.tasks[1]?.seconds).toBeLessThan(30);
    expect(shown(1)).toMatch(/Cell In\[2\], line \d+\n[^]*in step\(\)/);
    expect(existsSync(path.join(folder, 'cleaned-up'))).toBe(true);
  });

  test('with more time gives its result, and a changed limit runs nothing again', () => {
    const cell = (limit: number): string => `#| timeout: ${String(limit)}\nimport time\ntime.sleep(0.8)\nprint("done")`;
    expect(statuses(run([cell(0.2)]))).toEqual(['failed']);
    expect(statuses(run([cell(60)]))).toEqual(['ran']);
    expect(statuses(run([cell(50)]))).toEqual(['reused']);
    expect(statuses(run([cell(0.2)]))).toEqual(['reused']);
  });

  test('with --keep-going only takes with it what depends on it', () => {
    const done = run([sleeper('#| timeout: 0.3'), 'step', 'print("independent")'], '--keep-going');
    expect(done.code).toBe(1);
    expect(statuses(done)).toEqual(['failed', 'not-run', 'ran']);
  });

  test('has failed, though it may raise or goes on when it is interrupted', () => {
    const deaf = '#| timeout: 0.3\nimport time\ntry:\n    time.sleep(60)\nexcept BaseException:\n    print("no")';
    const done = run([deaf]);
    expect(done).toMatchObject({ code: 1, diagnostics: [{ code: 'CW505' }] });
    expect(shown(0)).toMatch(/no\n\nCellTimeoutError: the cell ran longer than 0.3 seconds/);
    const allowed = run(['#| timeout: 0.3\n#| raises-exception: true\nwhile True: pass']);
    expect(allowed).toMatchObject({ code: 1, diagnostics: [{ code: 'CW505' }] });
  });

  test('is interrupted where it awaits, and where it waits for a program', () => {
    const awaits = run(['#| timeout: 0.3\nimport asyncio\nawait asyncio.sleep(60)']);
    expect(awaits).toMatchObject({ code: 1, diagnostics: [{ code: 'CW505' }] });
    expect(awaits.tasks[0]?.error?.ename).toBe('CancelledError');
    const program = run(['#| timeout: 0.5\n!sleep 60']);
    expect(program).toMatchObject({ code: 1, diagnostics: [{ code: 'CW505' }] });
    expect(program.tasks[0]?.seconds).toBeLessThan(30);
  });

  test('is ended with its process where native code does not let itself be interrupted', () => {
    const done = run(['a = 1', `#| timeout: 0.3\n${stubborn}`, 'print(a)'], '--keep-going');
    expect(done).toMatchObject({ code: 1, diagnostics: [{ code: 'CW505' }] });
    expect(statuses(done)).toEqual(['ran', 'failed', 'ran']);
    expect(done.tasks[1]?.error?.ename).toBe('CellTimeoutError');
  }, 30_000);

  test('takes the values with it that only its process had', () => {
    const held = [
      'g = (n for n in range(3))',
      `#| timeout: 0.3\nnext(g)\n${stubborn}`,
      'print(next(g))',
      'print("other")',
    ];
    const done = run(held, '--keep-going');
    expect(done).toMatchObject({ code: 1, oneProcess: false });
    expect(statuses(done)).toEqual(['ran', 'failed', 'not-run', 'ran']);
    expect(done.tasks[2]?.reason).toContain('needs');
  }, 30_000);

  test('fails in the same way where all cells share one process', () => {
    const interrupted = run(['6 * 7', sleeper('#| timeout: 0.3'), 'print(_)', 'step'], '--keep-going');
    expect(interrupted).toMatchObject({
      code: 1,
      oneProcess: true,
      diagnostics: [{ code: 'CW505' }, { code: 'CW511' }],
    });
    expect(statuses(interrupted)).toEqual(['ran', 'failed', 'ran', 'not-run']);
    const ended = run(['6 * 7', `#| timeout: 0.3\n${stubborn}`, 'print(_)'], '--keep-going');
    expect(ended).toMatchObject({ code: 1, oneProcess: true, diagnostics: [{ code: 'CW505' }, { code: 'CW511' }] });
    expect(statuses(ended)).toEqual(['ran', 'failed', 'not-run']);
    expect(ended.tasks[2]?.reason).toBe('the process of all cells was ended with 02_cell');
  }, 30_000);
});

describe('the limit', () => {
  test('counts neither the wait for a value nor the wait for the turn', () => {
    const done = run([
      'import time\ntime.sleep(1.2)\nx = 1',
      '#| timeout: 0.6\nprint(globals()["x"])',
      '#| timeout: 0.6\nopen("file", "w").write("text")',
    ]);
    expect(done).toMatchObject({ code: 0, diagnostics: [] });
  });

  test('for all cells is that of papermill, and a cell may have another', () => {
    const loop = 'import time\ntime.sleep(0.9)';
    const done = run([`#| timeout: 60\n${loop}`, `${loop}\n`], '--execution-timeout', '0.3');
    expect(done).toMatchObject({ code: 1, diagnostics: [{ code: 'CW505' }] });
    expect(statuses(done)).toEqual(['ran', 'failed']);
    expect(run([`${loop}\n`], '--execution-timeout', '-1').code).toBe(0);
    expect(run(['1'], '--execution-timeout', 'soon')).toMatchObject({ code: 2, diagnostics: [{ code: 'CW900' }] });
  });
});
