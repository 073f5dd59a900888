import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../compiler/bundle/canonical.ts';
import {
  profileVersion,
  readEffectsProfile,
  writeEffectsProfile,
  type CellEffects,
  type EffectsProfile,
} from '../../compiler/bundle/effects-profile.ts';
import type { Bundle, Edge } from '../../compiler/bundle/format.ts';
import { readBundle } from '../../compiler/bundle/read.ts';
import { createCompiler, type Compiler } from '../../compiler/index.ts';
import { root } from '../environment.ts';

let compiler: Compiler;
beforeAll(async () => {
  const wasm = (name: string): Buffer => readFileSync(path.join(root, 'node_modules', name));
  compiler = await createCompiler({
    runtimeWasm: wasm('web-tree-sitter/web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python/tree-sitter-python.wasm'),
  });
});

function compile(cells: readonly string[], profile?: EffectsProfile): Bundle {
  const text = cells.map((cell) => `# %%\n${cell}\n`).join('');
  const { bundle, diagnostics } = compiler.compile(text, 'notebook.py', profile);
  if (bundle === undefined) throw new Error(JSON.stringify(diagnostics));
  return bundle;
}

const nothing: Omit<CellEffects, 'name' | 'code'> = {
  uses: {},
  reads: [],
  binds: [],
  changes: [],
  deletes: [],
  state: [],
  files: { reads: [], writes: [] },
  outside: [],
  imports: [],
  held: {},
};

/** A profile of these cells in which each does what is said, by its place; the others are unknown. */
function profileOf(cells: readonly string[], said: Readonly<Record<number, Partial<CellEffects>>>): EffectsProfile {
  const { tasks } = compile(cells);
  const entries = Object.entries(said).map(([place, effects]): CellEffects => {
    const task = tasks[Number(place)];
    if (task === undefined) throw new Error(`there is no cell ${place}`);
    return { name: task.name, code: task.code, ...nothing, ...effects };
  });
  return { formatVersion: profileVersion, cells: entries, oneProcess: [] };
}

/** `FROM>TO NAME`, the cells by their places. */
function arrows(bundle: Bundle, edges: readonly Edge[] = bundle.edges): readonly string[] {
  const place = (id: string): number => bundle.tasks.findIndex((task) => task.id === id);
  return edges
    .map((edge) => {
      const what = edge.resource.kind === 'variable' ? edge.resource.name : edge.resource.kind;
      return `${String(place(edge.from))}>${String(place(edge.to))} ${what}${edge.assumed ? '?' : ''}${edge.observed === true ? '!' : ''}`;
    })
    .sort();
}

const cells = ['import own\nrows = [1]', 'own.look(rows)', 'print(rows)'];

describe('what runs observed', () => {
  test('takes away a change that was only assumed, and the bundle says so', () => {
    expect(arrows(compile(cells))).toEqual(['0>1 own', '0>1 rows', '0>2 rows', '1>2 rows?']);
    const bundle = compile(cells, profileOf(cells, { 1: { reads: ['own', 'rows'] } }));
    expect(arrows(bundle)).toEqual(['0>1 own', '0>1 rows', '0>2 rows']);
    expect(arrows(bundle, bundle.claims)).toEqual(['1>2 rows?']);
    expect(bundle.tasks[1]).toMatchObject({ profile: 'used', unobserved: [{ access: 'mutate', assumed: true }] });
    expect(readBundle(canonicalJson(bundle))).toMatchObject({ ok: true });
  });

  test('makes a change certain that was only assumed', () => {
    const bundle = compile(cells, profileOf(cells, { 1: { reads: ['own', 'rows'], changes: ['rows'] } }));
    // Who changes a variable reads it, too: by way of the second cell the third waits for the first.
    expect(arrows(bundle)).toEqual(['0>1 own', '0>1 rows', '1>2 rows!']);
    expect(bundle.claims).toBeUndefined();
    expect(bundle.edges.find(({ observed }) => observed)?.reason).toContain('(observed in a run)');
  });

  test('adds what the text does not say', () => {
    const hidden = ['x = 1\nimport own', 'own.act()', 'print(1)'];
    expect(arrows(compile(hidden))).toEqual(['0>1 own']);
    const said = { 1: { changes: ['x'], reads: ['x', 'own'] }, 2: { reads: ['x'] } };
    const bundle = compile(hidden, profileOf(hidden, said));
    expect(arrows(bundle)).toEqual(['0>1 own', '0>1 x!', '1>2 x!']);
    expect(bundle.edges.find(({ observed }) => observed)?.reason).toBe('x: x = 1 → observed in a run');
  });

  test('takes away hidden state and acts on the outside that no run has seen', () => {
    const careful = [
      'import warnings\ndef save(path=None):\n    if path:\n        open(path, "w")',
      'warnings.simplefilter("default")',
      'save()',
      'print(2)',
    ];
    const plain = compile(careful);
    expect(arrows(plain)).toContain('1>3 state');
    expect(plain.tasks[2]?.accesses.some(({ resource }) => resource.kind === 'outside')).toBe(true);
    const bundle = compile(careful, profileOf(careful, { 1: {}, 2: {} }));
    expect(arrows(bundle)).not.toContain('1>3 state');
    expect(bundle.tasks[2]?.accesses.some(({ resource }) => resource.kind === 'outside')).toBe(false);
    const writes = compile(careful, profileOf(careful, { 2: { outside: ['file-write'] } }));
    expect(writes.tasks[2]?.unobserved).toBeUndefined();
  });

  test('never takes anything from what is kept for later cells or loaded beforehand', () => {
    const lies = Object.fromEntries(cells.map((_, place) => [place, {}]));
    const kept = (bundle: Bundle): unknown => bundle.tasks.map(({ exposes, preload }) => [exposes, preload]);
    expect(kept(compile(cells, profileOf(cells, lies)))).toEqual(kept(compile(cells)));
  });

  test('gives the same bytes every time, and other ones than without it', () => {
    const profile = profileOf(cells, { 1: {} });
    expect(canonicalJson(compile(cells, profile))).toBe(canonicalJson(compile(cells, profile)));
    expect(canonicalJson(compile(cells, profile))).not.toBe(canonicalJson(compile(cells)));
  });
});

describe('what was observed of code that has changed', () => {
  const functions = ['def look(x):\n    return external(x)\nrows = [1]', 'look(rows)', 'print(rows)'];
  const of = (place: number): CellEffects['code'] => compile(functions).tasks[place]?.code ?? 'sha256:';

  test('is ignored: of the cell, or of one that had written what it read', () => {
    const profile = profileOf(functions, { 1: { reads: ['look', 'rows'], uses: { look: of(0), rows: of(0) } } });
    expect(compile(functions, profile).tasks[1]?.profile).toBe('used');
    const own = functions.with(1, 'look(rows)  + 1');
    expect(canonicalJson(compile(own, profile))).toBe(canonicalJson(compile(own)));
    const callee = functions.with(0, 'def look(x):\n    return x.append(1)\nrows = [1]');
    const bundle = compile(callee, profile);
    expect(bundle.tasks[1]?.profile).toBe('outdated');
    expect(arrows(bundle)).toEqual(arrows(compile(callee)));
    expect(compile(functions.with(0, `${functions[0] ?? ''}  # a comment`), profile).tasks[1]?.profile).toBe('used');
  });

  test('is ignored where a new cell writes what it read, and holds where one does not', () => {
    const profile = profileOf(functions, { 0: {}, 1: { uses: { look: of(0) } }, 2: {} });
    const redefined = functions.toSpliced(1, 0, 'look = print');
    expect(compile(redefined, profile).tasks[2]?.profile).toBe('outdated');
    const beside = functions.toSpliced(1, 0, 'other = 2');
    expect(compile(beside, profile).tasks[2]?.profile).toBe('used');
    expect(compile(functions.slice(1), profile).tasks[0]?.profile, 'the definition is gone').toBe('outdated');
  });

  test('belongs to equal cells in their order', () => {
    const twice = ['import own\nrows = []', 'own.look(rows)', 'own.look(rows)', 'rows'];
    const profile = profileOf(twice, { 1: { changes: ['rows'] }, 2: {} });
    expect(arrows(compile(twice, profile))).toEqual(['0>1 own', '0>1 rows', '0>2 own', '1>2 rows!', '1>3 rows!']);
  });
});

describe('the file', () => {
  test('is the same whatever the order in which things were seen, and is read as it was written', () => {
    const one = profileOf(cells, { 1: { reads: ['b', 'a', 'b'], held: { g: 'a generator', f: 'an open file' } } });
    const two = profileOf(cells, { 1: { reads: ['a', 'b'], held: { f: 'an open file', g: 'a generator' } } });
    expect(writeEffectsProfile(one)).toBe(writeEffectsProfile(two));
    const read = readEffectsProfile(writeEffectsProfile(one), 'file');
    expect(read.ok && writeEffectsProfile(read.value)).toBe(writeEffectsProfile(one));
  });

  test.each([
    ['', 'CW311'],
    ['{"formatVersion": 1', 'CW311'],
    ['[]', 'CW311'],
    ['null', 'CW311'],
    ['{"formatVersion": 1, "cells": {}, "oneProcess": []}', 'CW311'],
    ['{"formatVersion": 1, "cells": [{"name": 1}], "oneProcess": []}', 'CW311'],
    ['{"formatVersion": 1, "cells": [], "oneProcess": [], "more": 1}', 'CW311'],
    ['['.repeat(200_000), 'CW311'],
    ['{"formatVersion": 2, "cells": []}', 'CW312'],
    ['{"formatVersion": "1"}', 'CW312'],
  ])('that is damaged or of another version is a warning: %.40s', (text, code) => {
    expect(readEffectsProfile(text, 'file')).toMatchObject({ ok: false, error: { code, severity: 'warning' } });
  });
});
