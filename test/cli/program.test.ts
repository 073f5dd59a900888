import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';

const program = path.join(root, 'dist', 'cellwright.mjs');
let folder: string;
let environment: NodeJS.ProcessEnv;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-program-'));
  const folders = `${path.dirname(python)}${path.delimiter}${process.env['PATH'] ?? ''}`;
  environment = { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache'), PATH: folders, NO_COLOR: '1' };
  const lines = Array.from({ length: 3000 }, (_, at) => `print("${'x'.repeat(40)}", ${String(at)})`).join('\n');
  writeFileSync(path.join(folder, 'n.py'), '# %%\na = 1\n# %%\nprint(a)\n');
  writeFileSync(path.join(folder, 'bad.py'), `# %%\n${lines}\n# %%\n1 / 0\n`);
  const slow = '# %%\nprint("first")\n# %%\nimport time\nopen("started", "w").close()\ntime.sleep(60)\n';
  writeFileSync(path.join(folder, 'slow.py'), slow);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a line of the shell; `cw` is the program. */
function shell(line: string): Ended {
  const script = `cw() { "${process.execPath}" "${program}" "$@"; }\n${line}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', script], {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
    timeout: 50_000,
  });
  return { code: status, out: stdout, err: stderr };
}

async function until(isSo: () => boolean): Promise<void> {
  for (const limit = Date.now() + 30_000; !isSo();) {
    if (Date.now() > limit) throw new Error('it did not happen within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function endOf(child: ChildProcess): Promise<number | string | null> {
  return await new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
}

/** Runs the program at a terminal of its own, and answers what it asks. */
const atTerminal = `
import os, pty, sys
answer, *words = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execv(words[0], words)
said = b""
while b"[y/N]" not in said:
    said += os.read(terminal, 1000)
os.write(terminal, answer.encode() + b"\\n")
try:
    while True:
        said += os.read(terminal, 1000)
except OSError:
    pass
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

test('at a terminal, whoever is there is asked about a bundle from elsewhere', () => {
  shell('XDG_CACHE_HOME=$PWD/elsewhere cw compile n.py -q');
  const answered = (answer: string): Ended => {
    const words = [program, 'run', 'n.cellwright', '-q', '--python', python, '-o', 'asked.ipynb'];
    const all = ['-c', atTerminal, answer, process.execPath, ...words];
    const done = spawnSync(python, all, { cwd: folder, env: environment, encoding: 'utf8', timeout: 50_000 });
    return { code: done.status, out: done.stdout, err: done.stderr };
  };
  expect(answered('n')).toMatchObject({ code: 2, out: expect.stringContaining('2 cells: 01_a') as unknown });
  expect(existsSync(path.join(folder, 'asked.ipynb'))).toBe(false);
  expect(answered('yes')).toMatchObject({ code: 0 });
  expect(existsSync(path.join(folder, 'asked.ipynb'))).toBe(true);
});

describe('pipes', () => {
  test('a reader that goes away changes neither the exit code nor the files', () => {
    expect(shell('cw run n.py --json -o kept.ipynb | head -c 1')).toMatchObject({ code: 0, out: '{', err: '' });
    expect(readFileSync(path.join(folder, 'kept.ipynb'), 'utf8')).toContain('1\\n');
    expect(shell('cw explain n.py | true')).toMatchObject({ code: 0, err: '' });
    expect(shell('cw run bad.py -q -o - 2>/dev/null | head -c 1')).toMatchObject({ code: 1, out: '{' });
    expect(shell('cw run n.py --force 2>&1 >/dev/null | head -n 1').code).toBe(0);
  });

  test('without a terminal there are plain lines and no escape codes', () => {
    const { out, err } = shell('cw run bad.py');
    expect(`${out}${err}`).not.toContain('\u001B');
    expect(`${out}${err}`).not.toContain('\r');
    expect(err).toContain('FAILED   02_cell');
  });

  test('a full disk behind standard output is told', () => {
    const { code, err } = shell('cw compile n.py > /dev/full');
    expect(code).toBe(2);
    expect(err).toBe('error CW902: Standard output cannot be written: the disk is full.\n');
  });

  test('standard input that is closed or empty is told', () => {
    for (const line of ['cw run - <&-', 'cw run - </dev/null']) {
      expect(shell(line)).toMatchObject({ code: 2, out: '' });
      expect(shell(line).err).toContain('Standard input is empty.');
    }
  });

  test('standard output and standard error that are closed do no harm', () => {
    expect(shell('cw compile n.py >&-').code).toBe(0);
    expect(shell('cw run n.py --force 2>&-').code).toBe(0);
  });

  test('a notebook comes through a pipe, a named pipe or the substitution of a process', () => {
    for (const line of [
      'cat n.py | cw run - -q',
      'cw run <(cat n.py) -o - -q',
      'mkfifo pipe && { cat n.py > pipe & cw run pipe -o - -q; }',
    ]) {
      const { code, out, err } = shell(line);
      expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
      expect(out).toContain('"1\\n"');
    }
  });
});

describe('paths', () => {
  test.each([
    ['cw run loop.ipynb', 'its symbolic links go round in a circle'],
    ['cw compile loop.ipynb', 'its symbolic links go round in a circle'],
    ['cw run n.py -o loop.ipynb', 'its symbolic links go round in a circle'],
    [`cw run ${'x'.repeat(300)}`, 'its name is too long'],
    ['cw run .', 'is a folder, and no bundle'],
    ['cw run n.py/deeper.ipynb', 'cannot be read'],
    ['cw run ""', 'The name of the notebook is empty.'],
    ['XDG_CACHE_HOME=$PWD/n.py cw run n.py', 'a part of its path is no folder'],
    ['XDG_CACHE_HOME=/proc/none cw status n.py', 'cannot be written'],
    ['XDG_CACHE_HOME=/proc/none cw verify n.py', 'cannot be written'],
  ])('%s', (line, message) => {
    if (!readdirSync(folder).includes('loop.ipynb')) symlinkSync('loop.ipynb', path.join(folder, 'loop.ipynb'));
    const { code, out, err } = shell(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).not.toContain('at Object');
  });
});

describe('interruption', () => {
  test('while it waits for its input it ends as any program does', async () => {
    execFileSync('mkfifo', [path.join(folder, 'never')]);
    const child = spawn(process.execPath, [program, 'run', 'never'], { cwd: folder, env: environment });
    const ended = endOf(child);
    await new Promise((resolve) => setTimeout(resolve, 700));
    child.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
  });

  test('of the whole group, as a terminal does it, ends with 130 and keeps what has finished', async () => {
    const child = spawn(process.execPath, [program, 'run', 'slow.py', '-o', 'slow.ipynb', '--no-report'], {
      cwd: folder,
      env: environment,
      detached: true,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = endOf(child);
    await until(() => readdirSync(folder).includes('started'));
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect(await ended).toBe(130);
    expect(said).not.toContain('worker failed');
    expect(readFileSync(path.join(folder, 'slow.ipynb'), 'utf8')).toContain('first\\n');
    expect(shell('cw status slow.py').out).toMatch(/^\[1\] {2}01_cell +reuse\n/);
  });

  test('verify ends with 130 too', async () => {
    rmSync(path.join(folder, 'started'), { force: true });
    const child = spawn(process.execPath, [program, 'verify', 'slow.py', '--json'], { cwd: folder, env: environment });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    const ended = endOf(child);
    await until(() => readdirSync(folder).includes('started'));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(JSON.parse(out)).toMatchObject({ command: 'verify', status: 'interrupted', exitCode: 130 });
  });
});

test('a terminal sees one line for each running task, which are taken away at the end', () => {
  // `script` gives the program a terminal.
  const line = `"${process.execPath}" "${program}" run n.py --force --no-report`;
  const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
    cwd: folder,
    env: { ...environment, TERM: 'xterm' },
    encoding: 'utf8',
  });
  expect(stdout).toMatch(/0 of 2, next /);
  expect(stdout).toMatch(/… {2}01_a {2}\d\.\d\d s/);
  expect(stdout.replaceAll(/\u001B\[[0-9]*[A-Z]/g, '')).toContain('ran      02_cell');
});
