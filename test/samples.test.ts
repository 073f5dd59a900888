/** What every sample must be before it is worth running. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { root } from './environment.ts';

interface SampleCell {
  readonly id?: string;
  readonly cell_type: string;
  readonly source: string | readonly string[];
  readonly execution_count?: number | null;
  readonly outputs?: readonly unknown[];
}

interface SampleNotebook {
  readonly nbformat: number;
  readonly nbformat_minor: number;
  readonly metadata: { readonly kernelspec: { readonly name: string } };
  readonly cells: readonly SampleCell[];
}

const folder = path.join(root, 'samples');
const samples = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

test('the samples that the documentation names are there', () => {
  expect(samples).toEqual(expect.arrayContaining(['analysis', 'flights', 'messy']));
});

describe.each(samples)('%s', (name) => {
  const notebook = JSON.parse(readFileSync(path.join(folder, name, 'notebook.ipynb'), 'utf8')) as SampleNotebook;
  const code = notebook.cells.filter(({ cell_type }) => cell_type === 'code');

  test('is nbformat 4.5 with an id of its own for every cell', () => {
    expect([notebook.nbformat, notebook.nbformat_minor]).toEqual([4, 5]);
    const ids = notebook.cells.map(({ id }) => id);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
    expect(notebook.metadata.kernelspec.name).toBe(name === 'typescript' ? 'deno' : 'python3');
  });

  test('is committed without outputs', () => {
    expect(code.length).toBeGreaterThan(0);
    expect(code.filter((cell) => (cell.outputs?.length ?? 0) > 0).map(({ id }) => id)).toEqual([]);
    expect(code.filter((cell) => typeof cell.execution_count === 'number').map(({ id }) => id)).toEqual([]);
  });

  test('says what it is', () => {
    expect(existsSync(path.join(folder, name, 'README.md'))).toBe(true);
  });
});
