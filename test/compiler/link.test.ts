import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCompiler, type Compiler } from '../../compiler/index.ts';
import { root } from '../environment.ts';
import { readCases } from './cases.ts';
import { describeBundle } from './describe-accesses.ts';

/** Percent-format notebooks, each with what its cells are found to do; UPDATE=1 writes down what is found now. */
const file = path.join(root, 'test', 'compiler', 'link-cases.txt');
const cases = readCases(file);

let compiler: Compiler;
beforeAll(async () => {
  const wasm = (name: string): Buffer => readFileSync(path.join(root, 'node_modules', name));
  compiler = await createCompiler({
    runtimeWasm: wasm('web-tree-sitter/web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python/tree-sitter-python.wasm'),
  });
});

function find(source: string): string {
  const { bundle } = compiler.compile(`# %%\n${source}`, 'case.py');
  if (bundle === undefined) throw new Error('the case does not compile');
  return describeBundle(bundle);
}

describe('what cells do', () => {
  test.each(cases)('$title', ({ source, expected }) => {
    if (process.env['UPDATE'] !== '1') expect(find(source)).toBe(expected);
  });

  test('the file of cases says what is found', () => {
    if (process.env['UPDATE'] !== '1') return;
    const text = cases.map(({ title, source }) => `=== ${title}\n${source}\n==>\n${find(source)}\n`).join('\n');
    writeFileSync(file, text.replace(/\n\n+$/, '\n'));
  });
});
