import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';

let folder: string;
let child: ChildProcess | undefined;
let text = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-watch-'));
});
afterEach(async () => {
  if (child !== undefined && child.exitCode === null) await interrupt();
  child = undefined;
  text = '';
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function watch(name: string): void {
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const state = path.join(folder, `${name}.state`);
  child = spawn(process.execPath, [program, 'run', '--watch', `${name}.py`, '--state', state, '--python', python], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
  child.stderr?.on('data', (part: Buffer) => (text += part.toString()));
}

/** Waits for so many lines that end a run or a wait, and gives the last without the time. */
async function line(number: number): Promise<string> {
  const lines = (): string[] => text.split('\n').filter((one) => /^\d\d:\d\d:\d\d {2}/.test(one));
  await until(() => lines().length >= number);
  return (
    lines()
      [number - 1]?.slice(10)
      .replace(/, in .*/, '') ?? ''
  );
}

async function until(isSo: () => boolean): Promise<void> {
  for (const limit = Date.now() + 45_000; !isSo();) {
    if (Date.now() > limit) throw new Error(`it did not happen within 45 s:\n${text}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function interrupt(): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child?.on('close', resolve));
  child?.kill('SIGINT');
  return await ended;
}

function save(name: string, ...cells: readonly string[]): void {
  writeFileSync(
    path.join(folder, `${name}.py`),
    cells.map((cell) => `# %% [id="${cell.split('\n')[0]?.slice(2) ?? ''}"]\n${cell}\n`).join(''),
  );
}

/** As editors do that write another file and give it the name. */
function saveByRename(name: string, ...cells: readonly string[]): void {
  save(`${name}-new`, ...cells);
  renameSync(path.join(folder, `${name}-new.py`), path.join(folder, `${name}.py`));
}

describe('run --watch', () => {
  test('runs what an edit affects on each save, waits out a bad one, and ends with all its processes', async () => {
    const first = '# first\na = 1';
    const second = '# second\nb = 2';
    save('n', first, second, '# third\nprint("a is", a)', '# fourth\nprint("b is", b)');
    watch('n');
    expect(await line(1)).toMatch(/^ran \[1\] .*, \[2\] .*, \[3\] .*, \[4\] .*; 0 reused$/);
    saveByRename('n', '# first\na = 5', second, '# third\nprint("a is", a)', '# fourth\nprint("b is", b)');
    expect(await line(2)).toMatch(/^ran \[1\] \w+, \[3\] \w+; 2 reused$/);
    const out = path.join(folder, 'n.cellwright', 'n.out.ipynb');
    expect(readFileSync(out, 'utf8')).toContain('a is 5');
    save('n', '# first\na = 5', second, '# third\nprint("a is", a)', '# fourth\nprint("b is", b');
    expect(await line(3)).toBe('waiting for the next save');
    expect(text).toContain('CW201');
    save('n', '# first\na = 5', second, '# third\nprint("a is", a)', '# fourth\nprint("b is now", b)');
    expect(await line(4)).toMatch(/^ran \[4\] \w+; 3 reused$/);
    expect(readFileSync(out, 'utf8')).toContain('b is now 2');
    // The same content again is no edit.
    save('n', '# first\na = 5', second, '# third\nprint("a is", a)', '# fourth\nprint("b is now", b)');
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(text.match(/^\d\d:/gm)).toHaveLength(4);
    expect(await interrupt()).toBe(130);
  }, 120_000);

  test('a save while a cell runs ends the run when that cell was edited, and lets it come to its end when another was', async () => {
    const marker = path.join(folder, 'began');
    const slow = (seconds: number): string =>
      `# slow\nimport time\nopen(${JSON.stringify(marker)}, "w").close()\ntime.sleep(${seconds})\nprint("slept")`;
    save('s', '# quick\na = 1', slow(60), '# last\nprint(a)');
    watch('s');
    await until(() => exists(marker));
    save('s', '# quick\na = 1', slow(3), '# last\nprint(a)');
    expect(await line(1)).toMatch(/^stopped: \[2\] \w+ was edited$/);
    rmSync(marker);
    await until(() => exists(marker));
    save('s', '# quick\na = 1', slow(3), '# last\nprint(a, "again")');
    await until(() => readOut('s').includes('1 again'));
    // The slow cell went on to its end, and was not run a second time.
    expect(readOut('s')).toContain('slept');
    await until(() => /ran \[3\] \w+; 2 reused/.test(text));
    expect(await interrupt()).toBe(130);
  }, 120_000);
});

function readOut(name: string): string {
  const file = path.join(folder, `${name}.cellwright`, `${name}.out.ipynb`);
  return exists(file) ? readFileSync(file, 'utf8') : '';
}

function exists(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}
