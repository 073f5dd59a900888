import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitCells, writeCells, type CaseCell } from '../../build/cases.mjs';
import { hasModules, python, root } from '../environment.ts';
import { outputsOf } from './normalise.ts';

/**
 * Hazards that show only when the world around the notebook changes between two runs. The first lines of a case say how:
 * `# BEFORE COMMAND` prepares its folder, `# AFTER COMMAND` changes it, `# VARIABLE NAME OLD => NEW` an environment variable (`-`:
 * there is none; HERE is the folder), `# CWD OLD => NEW` the folder that the cells run in. The second run gives what Jupyter gives then.
 * With `# NEEDS MODULE` it is skipped where the interpreter of the tests has no such module.
 */
const folder = path.join(root, 'test', 'equivalence', 'outside');
const filter = process.env['FILTER'] ?? '';
const names = readdirSync(folder)
  .filter((name) => name.includes(filter) && hasModules(needs(name)))
  .sort();
const scratch = mkdtempSync(path.join(tmpdir(), 'cellwright-outside-'));

function needs(name: string): readonly string[] {
  return /^# NEEDS (.*)$/m.exec(readFileSync(path.join(folder, name), 'utf8'))?.[1]?.split(' ') ?? [];
}

interface World {
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string>>;
  /** What the shell does to the folder. */
  readonly command: string;
}

interface Case {
  readonly cells: readonly CaseCell[];
  readonly before: World;
  readonly after: World;
}

function readCase(name: string, here: string): Case {
  const lines = readFileSync(path.join(folder, name), 'utf8').split('\n');
  const heads = lines.slice(
    0,
    lines.findIndex((line) => !/^# (NEEDS|BEFORE|AFTER|VARIABLE|CWD) /.test(line)),
  );
  const said = (word: string): readonly string[] =>
    heads.filter((line) => line.startsWith(`# ${word} `)).map((line) => line.slice(word.length + 3));
  const world = (word: string, place: 0 | 1): World => {
    const variables = said('VARIABLE').flatMap((text) => {
      const [name = '', values = ''] = text.split(/ (.*)/);
      const value = values.split(' => ')[place] ?? '';
      return value === '-' ? [] : [[name, value.replaceAll('HERE', here)]];
    });
    const cwd = said('CWD')[0]?.split(' => ')[place] ?? '.';
    const command = said(word).join('\n');
    return { cwd: path.join(here, cwd), variables: Object.fromEntries(variables) as World['variables'], command };
  };
  const cells = splitCells(lines.slice(heads.length).join('\n'));
  return { cells, before: world('BEFORE', 0), after: world('AFTER', 1) };
}

function write({ cells, before }: Case, here: string): void {
  mkdirSync(here, { recursive: true });
  change(before, here);
  writeCells(path.join(here, 'notebook.ipynb'), cells);
}

function change({ command }: World, here: string): void {
  execFileSync('sh', ['-ec', command], { cwd: here });
}

function run({ cwd, variables }: World, here: string): unknown[] {
  const out = path.join(scratch, 'out.ipynb');
  rmSync(out, { force: true });
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const words = ['run', path.join(here, 'notebook.ipynb'), '--python', python, '-o', out, '--cwd', cwd];
  const done = spawnSync(process.execPath, [program, ...words, '--state', path.join(scratch, 'state', here)], {
    env: { ...process.env, ...variables },
    encoding: 'utf8',
  });
  expect([0, 1], done.stderr).toContain(done.status);
  return outputsOf(out);
}

beforeAll(() => {
  const plans = names.map((name) => {
    const here = path.join(scratch, 'plain', name);
    const found = readCase(name, here);
    write(found, here);
    change(found.after, here);
    const { cwd, variables } = found.after;
    return { notebook: path.join(here, 'notebook.ipynb'), out: path.join(here, 'truth.ipynb'), cwd, variables };
  });
  execFileSync(python, [path.join(root, 'test', 'equivalence', 'worlds.py')], { input: JSON.stringify(plans) });
}, 300_000);

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  rmSync('/dev/shm/cellwright-test', { force: true });
});

const skipped = readdirSync(folder).filter((name) => name.includes(filter) && !names.includes(name));

describe('what a cell depends on outside of the notebook is seen when it changes', () => {
  test.skip.each(skipped)('%s (the interpreter of the tests has not what it needs)', () => undefined);
  test.each(names)(
    '%s',
    (name) => {
      const here = path.join(scratch, 'compiled', name);
      const found = readCase(name, here);
      write(found, here);
      const first = run(found.before, here);
      change(found.after, here);
      const truth = outputsOf(path.join(scratch, 'plain', name, 'truth.ipynb'));
      expect(truth, 'the change makes a difference').not.toEqual(first);
      expect(run(found.after, here)).toEqual(truth);
    },
    120_000,
  );
});
