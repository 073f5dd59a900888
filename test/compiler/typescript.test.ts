/** Cells in TypeScript, each with what they are found to do; UPDATE=1 writes down what is found now. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { notebookOf, splitCells } from '../../build/cases.mjs';
import type { Bundle } from '../../compiler/bundle/format.ts';
import { bundleFiles, createCompiler, type Compilation, type Compiler } from '../../compiler/index.ts';
import { javascriptKnowledge } from '../../compiler/knowledge/load.ts';
import { root } from '../environment.ts';
import { readCases } from './cases.ts';
import { describeAccess } from './describe-accesses.ts';

const file = path.join(root, 'test', 'compiler', 'typescript-cases.txt');
const cases = readCases(file);

let compiler: Compiler;
const empty = JSON.stringify(notebookOf([], 'deno'));
async function loadCompiler(): Promise<Compiler> {
  const wasm = (name: string): Buffer => readFileSync(path.join(root, 'node_modules', name));
  const loaded = await createCompiler({
    runtimeWasm: wasm('web-tree-sitter/web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python/tree-sitter-python.wasm'),
  });
  await loaded.prepare(empty, 'empty.ipynb');
  return loaded;
}

beforeAll(async () => {
  compiler = await loadCompiler();
}, 60_000);

function compile(source: string, kernel = 'deno'): Compilation {
  return compiler.compile(JSON.stringify(notebookOf(splitCells(source), kernel)), 'notebook.ipynb');
}

function bundleOf(source: string, kernel = 'deno'): Bundle {
  const { bundle } = compile(source, kernel);
  if (bundle === undefined) throw new Error('the case does not compile');
  return bundle;
}

/** Everything that the cells do, a cell a line; what is there without an import is not told. */
function find(source: string): string {
  const { tasks, diagnostics } = bundleOf(source);
  const lines = tasks.flatMap(({ accesses, preload, outlives = [] }, place) => {
    const told = accesses
      .filter(({ resource }) => resource.kind !== 'variable' || !javascriptKnowledge.builtinNames.has(resource.name))
      .map(describeAccess);
    if (preload === '*') told.push('preloads everything');
    for (const { reason } of outlives) told.push(`outlives: ${reason}`);
    return told.length === 0 ? [] : [`${place + 1}: ${[...new Set(told)].join(', ')}`];
  });
  const said = diagnostics.map(({ code, message, location }) => {
    const { line = 0, column = 0 } = location?.range?.start ?? {};
    return `${code} ${location?.cell ?? ''}:${line + 1}:${column + 1} ${message}`;
  });
  return [...lines, ...said].join('\n');
}

describe('what cells do', () => {
  test.each(cases)('$title', ({ source, expected }) => {
    if (process.env['UPDATE'] !== '1') expect(find(source)).toBe(expected);
  });

  test('the file of cases says what is found', () => {
    const written = cases.map(({ title, source }) => `=== ${title}\n${source}\n==>\n${find(source)}\n`).join('\n');
    if (process.env['UPDATE'] === '1') writeFileSync(file, written);
    expect(readFileSync(file, 'utf8')).toBe(written);
  });
});

test('a task is a module in TypeScript, or in JavaScript', () => {
  const source = 'import { join } from "node:path";\nconst a: number = 1;\n---\nconst b = a + 1;';
  for (const [kernel, extension] of [
    ['deno', 'ts'],
    ['jslab', 'js'],
  ] as const) {
    const { bundle, notebook } = compile(source.replace(': number', extension === 'ts' ? ': number' : ''), kernel);
    if (bundle === undefined || notebook === undefined) throw new Error('it does not compile');
    const files = bundleFiles(bundle, notebook, {});
    expect(bundle.tasks.map(({ module }) => module)).toEqual([`tasks/01_join.${extension}`, `tasks/02_b.${extension}`]);
    expect(files[`tasks/02_b.${extension}`]).toBe(
      '/** Cell cell-1. */\nexport async function task_02_b({ a }) {\n  const b = a + 1;\n  return {};\n}\n',
    );
  }
});

test('a cell that is edited is looked at again, and so are those that need it', () => {
  const [first, second] = ['const n = 1;', 'const n = "text";'].map((line) =>
    compile(`${line}\n---\nconst m: number = n;`).diagnostics.map(({ code }) => code),
  );
  expect(first).toEqual([]);
  expect(second).toEqual(['CW220']);
});

test('a notebook in TypeScript is refused as long as its language is not loaded', async () => {
  const wasm = (name: string): Buffer => readFileSync(path.join(root, 'node_modules', name));
  const bare = await createCompiler({
    runtimeWasm: wasm('web-tree-sitter/web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python/tree-sitter-python.wasm'),
  });
  expect(bare.compile(empty, 'empty.ipynb').diagnostics.map(({ code }) => code)).toEqual(['CW401']);
});

test('it is loaded from where it is said to be, once, and tried again when it could not be had', async () => {
  const wasm = (name: string): Buffer => readFileSync(path.join(root, 'node_modules', name));
  let asked = 0;
  const far = await createCompiler(
    {
      runtimeWasm: wasm('web-tree-sitter/web-tree-sitter.wasm'),
      languageWasm: wasm('tree-sitter-python/tree-sitter-python.wasm'),
    },
    async () => {
      asked++;
      if (asked === 1) throw new Error('away');
      return await import('@ts-morph/common');
    },
  );
  await far.prepare(JSON.stringify(notebookOf([], 'python3')), 'python.ipynb');
  expect(asked).toBe(0);
  await expect(far.prepare(empty, 'empty.ipynb')).rejects.toThrow('away');
  await far.prepare(empty, 'empty.ipynb');
  await far.prepare(empty, 'empty.ipynb');
  expect(asked).toBe(2);
  expect(far.compile(empty, 'empty.ipynb').bundle?.notebook.language).toBe('typescript');
});

test('cells are translated by themselves, however many are new, and with a decorator among them', async () => {
  const other = await loadCompiler();
  const cells = [
    'const a: number = 1;',
    '@((of: unknown) => of) class B { c = a }',
    'enum D { E }',
    'export const f = <T,>(x: T) => x;',
  ];
  const together = bundleOf(cells.join('\n---\n')).tasks.map(({ script }) => script);
  const alone = cells.map((cell) => {
    const { bundle } = other.compile(JSON.stringify(notebookOf(splitCells(cell), 'deno')), 'notebook.ipynb');
    return bundle?.tasks[0]?.script;
  });
  expect(together).toEqual(alone);
  expect(together.map((script) => script?.declares.map(({ name }) => name))).toEqual([['a'], ['B'], ['D'], ['f']]);
});
