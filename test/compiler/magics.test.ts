import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Access } from '../../compiler/bundle/format.ts';
import { createCompiler, type Compiler } from '../../compiler/index.ts';
import { root } from '../environment.ts';

let compiler: Compiler;
beforeAll(async () => {
  const wasm = (file: string): Buffer => readFileSync(path.join(root, 'node_modules', file));
  compiler = await createCompiler({
    runtimeWasm: wasm('web-tree-sitter/web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python/tree-sitter-python.wasm'),
  });
});

const file = path.join(root, 'test', 'compiler', 'magics.txt');
const [introduction = '', ...sections] = readFileSync(file, 'utf8').split(/^=== ?\n/m);
const samples = sections.map((section) => section.split(/^==> ?\n/m)[0] ?? '');

/** Every name that the samples use is bound by the cell before. */
const before = 'a = b = c = f = x = name = folder = text = task = out = 1';

function describeAccess({ access, resource, certainty, reason }: Access): string {
  switch (resource.kind) {
    case 'variable':
      return `${access} ${resource.name}${access === 'bind' && certainty === 'may' ? ' perhaps' : ''}`;
    case 'state':
      return `${access === 'read' ? 'read' : 'set'} the state of ${resource.name}`;
    case 'file':
      return `${access === 'read' ? 'read' : 'write'} the file ${resource.path}`;
    case 'outside':
      return resource.reason === 'unknown' ? `anything: ${reason}` : `act outside: ${resource.reason}`;
  }
}

function effectsOf(source: string): string {
  const cells = [before, source.trimEnd()].map((text) => ({
    cell_type: 'code',
    metadata: {},
    outputs: [],
    source: text,
  }));
  const notebook = JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
  const { bundle, diagnostics } = compiler.compile(notebook, 'n.ipynb');
  const builtins = new Set(['read print', 'read sum', 'read range']);
  const found = bundle?.tasks[1]?.accesses.map(describeAccess).filter((line) => !builtins.has(line)) ?? [];
  const told = diagnostics.map(({ code }) => `told as ${code}`);
  return [...new Set([...found, ...told])].map((line) => `${line}\n`).join('');
}

test('each magic has the effects of the table', () => {
  const found = samples.map((source) => `===\n${source}==>\n${effectsOf(source)}`).join('');
  const text = `${introduction}${found}`;
  if (process.env['UPDATE'] !== undefined) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
});
