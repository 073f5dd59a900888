import { execFileSync, spawnSync } from 'node:child_process';
import { linkSync, lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-undo-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs cells of which the last raises, so that all of them run again in one process. */
function run(...cells: readonly string[]): void {
  const text = ['import os', ...cells, 'raise ValueError("on purpose")'].map((cell) => `# %%\n${cell}\n`).join('');
  writeFileSync(path.join(folder, 'notebook.py'), text);
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const words = ['run', 'notebook.py', '--python', python, '--state', 'state', '-o', 'out.ipynb'];
  const done = spawnSync(process.execPath, [program, ...words], { cwd: folder, encoding: 'utf8' });
  expect([1, 3], done.stderr).toContain(done.status);
}

const at = (name: string): string => path.join(folder, name);
const read = (name: string): string => readFileSync(at(name), 'utf8');

describe('what cells did before all of them run again is done once', () => {
  const append = 'with open("app.txt", "a") as file:\n    file.write("new\\n")';

  test('through a link', () => {
    writeFileSync(at('real.txt'), 'old\n');
    symlinkSync('real.txt', at('app.txt'));
    run(append);
    expect(lstatSync(at('app.txt')).isSymbolicLink()).toBe(true);
    expect(read('real.txt')).toBe('old\nnew\n');
  });

  test('to a file with two names', () => {
    writeFileSync(at('real.txt'), 'old\n');
    linkSync(at('real.txt'), at('app.txt'));
    run(append);
    expect(statSync(at('app.txt')).nlink).toBe(2);
    expect(read('real.txt')).toBe('old\nnew\n');
  });

  test('to a link that is removed', () => {
    writeFileSync(at('real.txt'), 'old\n');
    symlinkSync('real.txt', at('app.txt'));
    run('if os.path.islink("app.txt"):\n    os.remove("app.txt")\n    print("removed", file=open("log.txt", "a"))');
    expect(read('log.txt')).toBe('removed\n');
    expect(read('real.txt')).toBe('old\n');
  });

  test.each([
    'env python3 append.py',
    'find . -maxdepth 0 -fprint app.txt',
    'PATH=.:$PATH ls2',
    'sort -uo app.txt append.py',
  ])('by the program %s', (command) => {
    writeFileSync(at('append.py'), 'print("new", file=open("app.txt", "a"))\n');
    writeFileSync(at('ls2'), '#!/bin/sh\necho new >> app.txt\n', { mode: 0o755 });
    run(`!${command}`);
    expect(read('app.txt').split('\n').length).toBe(2);
  });
});

test('programs that only read are known, whatever else they could do', () => {
  const commands = {
    'ls -l | sort -k2 | uniq -c': true,
    'find . -name "*.csv"': true,
    'pip install pandas': true,
    'date +%s': true,
    'python --version': true,
    env: false,
    'curl -O http://example.org': false,
    'sort a -o b': false,
    'sort -uo b a': false,
    'sort --output=b a': false,
    'uniq a b': false,
    'tree -o b': false,
    'find . -delete': false,
    'find . -fprint0 b': false,
    'X=/bin/ls append': false,
    './append --version': false,
    'pip uninstall -y pandas': false,
    'cat <(touch b)': false,
  };
  const code = `import json, sys
from cellwright_worker.journal import only_reads
print(json.dumps([only_reads(command) for command in json.loads(sys.argv[1])]))`;
  const words = ['-c', code, JSON.stringify(Object.keys(commands))];
  const out = execFileSync(python, words, { cwd: path.join(root, 'runtime', 'python'), encoding: 'utf8' });
  expect(JSON.parse(out)).toEqual(Object.values(commands));
});
