import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CellEffects, EffectsProfile } from '../../compiler/bundle/effects-profile.ts';
import { python, root } from '../environment.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-profile-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => path.join(folder, name);

function call(...words: readonly string[]): {
  readonly code: number | null;
  readonly document: Record<string, unknown>;
} {
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const done = spawnSync(process.execPath, [program, ...words, '--json'], { cwd: folder, encoding: 'utf8' });
  expect(done.stderr).not.toContain('    at ');
  return { code: done.status, document: JSON.parse(done.stdout) as Record<string, unknown> };
}

/** The outputs of a run with nothing in its state. */
function run(state: string, ...words: readonly string[]): readonly unknown[] {
  const own = ['--no-report', '--python', python, '--state', state, '-j', '4'];
  const { code, document } = call('run', 'notebook.py', '-o', 'out.ipynb', ...own, ...words);
  expect({ code, status: document['status'] }).toEqual({ code: 0, status: 'ok' });
  const { cells } = JSON.parse(readFileSync(at('out.ipynb'), 'utf8')) as {
    readonly cells: readonly { readonly outputs: unknown }[];
  };
  return cells.map(({ outputs }) => outputs);
}

/** Changes through functions and other names, chance, hidden state, files, what only one process has: all that a lie could spoil. */
const cells = [
  'import random, warnings, own\nlimit = 2\ndef add(rows, value):\n    rows.append(value + limit)\ndef save(rows, path=None):\n    if path:\n        open(path, "w").write(str(rows))\n    return len(rows)',
  'rows = [1]\nalias = rows\ntable = {"rows": rows}',
  'random.seed(7)\nown.look(rows)',
  'add(alias, random.randint(0, 9))',
  'own.change(table)',
  'n = save(rows)',
  'save(rows, "rows.txt")',
  'print(open("rows.txt").read(), random.random())',
  'g = (value for value in rows)',
  'limit = 5\nadd(rows, next(g))',
  'print(rows, alias is rows, table, n, list(g), len(warnings.filters) > 0)',
  'del n\nprint("n" in dir())',
];

function write(all: readonly string[]): void {
  writeFileSync(at('notebook.py'), all.map((cell) => `# %%\n${cell}\n`).join(''));
}

describe('the profile of a notebook', () => {
  let truth: readonly unknown[];
  let profile: EffectsProfile;

  const lie = (make: (cell: CellEffects) => CellEffects): void => {
    writeFileSync(at('lies.json'), JSON.stringify({ ...profile, cells: profile.cells.map(make) }));
  };

  beforeAll(() => {
    writeFileSync(
      at('own.py'),
      'def look(rows):\n    return len(rows)\ndef change(table):\n    table["rows"].append(0)\n',
    );
    write(cells);
    truth = run('one', '--one-process');
    expect(run('state')).toEqual(truth);
  }, 60_000);

  test('is written from what runs observed, and is the same when it is written again', () => {
    expect(call('profile', 'notebook.py', '--state', 'state')).toMatchObject({
      code: 0,
      document: { cells: cells.length, changed: [], outdated: [], unknown: [] },
    });
    const text = readFileSync(at('notebook.effects.json'), 'utf8');
    expect(text).not.toContain(folder);
    expect(call('profile', 'notebook.py', '--state', 'state').document).toMatchObject({ added: [], changed: [] });
    expect(readFileSync(at('notebook.effects.json'), 'utf8')).toBe(text);
    profile = JSON.parse(text) as EffectsProfile;
    const [, , looks, adds, changes, , saves] = profile.cells;
    expect(looks).toMatchObject({ changes: [], state: ['random'] });
    expect(adds?.changes).toContain('rows');
    expect(changes?.changes).toContain('rows');
    expect(saves).toMatchObject({ files: { writes: ['rows.txt'] }, outside: ['file-write'] });
    expect(profile.cells.find(({ held }) => 'g' in held)?.held['g']).toBe('a generator');
  });

  test('makes the graph more precise, and says what it took away', () => {
    const without = call('compile', 'notebook.py', '--profile', '/dev/null', '-o', 'without').document;
    const with_ = call('compile', 'notebook.py', '-o', 'with').document;
    expect(without).toMatchObject({ claims: 0, observed: [], diagnostics: [{ code: 'CW311', severity: 'warning' }] });
    expect(with_).toMatchObject({ diagnostics: [], outdated: [] });
    expect(with_['claims']).toBeGreaterThan(0);
    const edges = (folder_: string): readonly { readonly observed?: boolean }[] =>
      (JSON.parse(readFileSync(at(`${folder_}/bundle.json`), 'utf8')) as { readonly edges: readonly object[] }).edges;
    expect(edges('with').some(({ observed }) => observed)).toBe(true);
    expect(edges('without').some(({ observed }) => observed)).toBe(false);
  });

  test('changes no result', () => {
    expect(run('again')).toEqual(truth);
    // What was remembered without it is reused with it.
    expect(run('state')).toEqual(truth);
  });

  test('changes no result though it leaves everything out', () => {
    const nothing = {
      uses: {},
      reads: [],
      binds: [],
      changes: [],
      deletes: [],
      state: [],
      outside: [],
      imports: [],
      held: {},
    };
    lie(({ name, code }) => ({ name, code, ...nothing, files: { reads: [], writes: [] } }));
    expect(run('nothing', '--profile', 'lies.json')).toEqual(truth);
  }, 60_000);

  test('changes no result though it invents everything', () => {
    const all = [
      'rows',
      'alias',
      'table',
      'n',
      'g',
      'limit',
      'add',
      'random',
      'print',
      'nobody',
      '__builtins__',
      'a b',
      '*',
      'def:x',
    ];
    const everything = {
      reads: all,
      binds: all,
      changes: all,
      deletes: all,
      state: ['random', 'warnings', 'cwd', 'nothing'],
    };
    const more = { outside: ['network', 'nonsense'], imports: ['antigravity'], held: { rows: 'a lie' } };
    lie(({ name, code }) => ({
      name,
      code,
      uses: {},
      ...everything,
      files: { reads: ['x'], writes: ['rows.txt'] },
      ...more,
    }));
    expect(run('everything', '--profile', 'lies.json')).toEqual(truth);
  }, 60_000);

  test('changes no result though each entry is that of another cell', () => {
    const shifted = profile.cells.map((cell, place) => ({
      ...(profile.cells[(place + 5) % profile.cells.length] ?? cell),
      name: cell.name,
      code: cell.code,
      uses: {},
    }));
    writeFileSync(at('lies.json'), JSON.stringify({ ...profile, cells: shifted }));
    expect(run('shifted', '--profile', 'lies.json')).toEqual(truth);
  }, 60_000);

  test('is left out where the code it speaks of has changed, and brought up to date', () => {
    write(cells.with(0, (cells[0] ?? '').replace('value + limit', 'value * limit')));
    const { document } = call('compile', 'notebook.py', '-o', 'with');
    // The cells that call the function, and that with the function itself.
    expect((document['outdated'] as readonly string[]).length).toBeGreaterThanOrEqual(2);
    expect((document['observed'] as readonly string[]).length).toBeGreaterThanOrEqual(3);
    const before = call('profile', 'notebook.py', '--state', 'state').document;
    expect((before['outdated'] as readonly string[]).length).toBeGreaterThanOrEqual(3);
    expect((before['unknown'] as readonly string[]).length).toBeGreaterThanOrEqual(3);
    run('state');
    const update = call('profile', 'notebook.py', '--state', 'state').document;
    expect((update['added'] as readonly string[]).length).toBeGreaterThanOrEqual(3);
    expect(update).toMatchObject({ cells: cells.length, unknown: [], outdated: [] });
    expect(call('compile', 'notebook.py', '-o', 'with').document).toMatchObject({ outdated: [] });
  }, 60_000);

  test('needs a run first, and a file that is named must be there', () => {
    expect(call('profile', 'notebook.py', '--state', 'unused')).toMatchObject({ code: 2 });
    expect(call('compile', 'notebook.py', '--profile', 'absent.json')).toMatchObject({
      code: 2,
      document: { diagnostics: [{ code: 'CW902' }] },
    });
  });
});
