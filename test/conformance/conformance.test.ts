import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCases } from '../../build/cases.mjs';
import { python, root } from '../environment.ts';

const folder = path.join(root, 'test', 'conformance', 'cases');
const cases = readCases(folder);
/** Those of TypeScript and JavaScript; they are run by themselves, where their kernels are. */
const typescript = readCases(path.join(root, 'test', 'conformance', 'typescript'));

describe('a case of the suite', () => {
  test('says what its hazard is, what goes wrong, and what Jupyter gives', () => {
    expect(cases.length).toBeGreaterThanOrEqual(120);
    expect(typescript.length).toBeGreaterThanOrEqual(165);
    const silent = [...cases, ...typescript].filter(
      ({ hazard, missed, cells }) => hazard === '' || missed === '' || cells.length < 2,
    );
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  test('has outputs for each of its cells', () => {
    const optional = new Set(['duckdb', 'polars', 'pyarrow', 'torch']);
    for (const { name, file, needs, cells } of [...cases, ...typescript]) {
      if (needs.some((module) => optional.has(module))) continue;
      const truth = JSON.parse(readFileSync(file.replace(/txt$/, 'json'), 'utf8')) as { cells: unknown[] };
      expect(truth.cells.length, name).toBe(cells.length);
    }
  });
});

function conformance(...words: readonly string[]): string {
  const done = spawnSync(
    process.execPath,
    [path.join(root, 'build', 'conformance.mjs'), ...words, '--python', python],
    {
      encoding: 'utf8',
    },
  );
  expect(done.stderr).toBe('');
  return done.stdout.trimEnd().split('\n').at(-1) ?? '';
}

describe('the runner', () => {
  test('judges Cellwright', () => {
    expect(conformance('nested-alias,open-file-written-on,expected-error')).toBe(
      '3 cases: 3 equal, 0 refused, 0 DIFFERENT, 0 crashed',
    );
  });

  test('tells what is different, what crashed and what refused', () => {
    expect(conformance('nested-alias', '--tool', 'cp {input} {output}')).toBe(
      '1 cases: 0 equal, 0 refused, 1 DIFFERENT, 0 crashed',
    );
    expect(conformance('nested-alias', '--tool', 'false')).toBe('1 cases: 0 equal, 0 refused, 0 DIFFERENT, 1 crashed');
    expect(conformance('nested-alias', '--tool', 'echo no >&2; exit 3')).toBe(
      '1 cases: 0 equal, 1 refused, 0 DIFFERENT, 0 crashed',
    );
  });
});

describe('whatever the order in which tasks run', () => {
  test('a case gives the same', () => {
    const some = [
      'augmented-assignment-through-an-alias',
      'file-renamed',
      'function-kept-under-another-name',
      'global-changed-by-a-function',
      'iterator-by-two-names',
      'random-numbers-over-cells',
      'text-that-binds-names',
      'weak-references-in-a-class',
    ];
    expect(conformance(some.join(','), '--shuffle', '2', '--seed', '7')).toBe(
      '64 runs: 64 equal, 0 refused, 0 DIFFERENT, 0 crashed',
    );
  }, 120_000);
});
