import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCompiler, type Compilation, type Compiler } from '../../compiler/index.ts';
import { root } from '../environment.ts';

let compiler: Compiler;
beforeAll(async () => {
  const wasm = (file: string): Buffer => readFileSync(path.join(root, 'node_modules', file));
  compiler = await createCompiler({
    runtimeWasm: wasm('web-tree-sitter/web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python/tree-sitter-python.wasm'),
  });
});

const sample = readFileSync(path.join(root, 'samples', 'analysis', 'notebook.ipynb'));

/** A bundle, or an error that has a code: never an exception, and never neither. */
function check(compilation: Compilation): void {
  const errors = compilation.diagnostics.filter(({ severity }) => severity === 'error');
  expect(compilation.bundle === undefined ? errors.length > 0 : errors.length === 0).toBe(true);
}

function notebook(...sources: unknown[]): string {
  const cells = sources.map((source) => ({ cell_type: 'code', metadata: {}, outputs: [], source }));
  return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
}

describe('no input makes the compiler throw', () => {
  test('a notebook that is cut off anywhere', () => {
    for (let end = 0; end < sample.length; end += Math.ceil(sample.length / 300)) {
      const { bundle, diagnostics } = compiler.compile(sample.subarray(0, end), 'n.ipynb');
      expect(bundle).toBeUndefined();
      expect(['CW101', 'CW102']).toContain(diagnostics[0]?.code);
    }
  });

  test('a notebook with any byte changed', () => {
    for (let at = 0; at < sample.length; at += Math.ceil(sample.length / 300)) {
      const bytes = Uint8Array.from(sample);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      check(compiler.compile(bytes, 'n.ipynb'));
      check(compiler.compile(bytes, 'n.py'));
    }
  });

  const values: readonly unknown[] = [null, true, 7, 'text', [], {}, [null], { __proto__: null }, [[[]]]];

  test.each(['cells', 'metadata', 'nbformat', 'nbformat_minor', 'worksheets'])('%s is anything', (key) => {
    for (const value of values)
      for (const nbformat of [3, 4, undefined])
        check(compiler.compile(JSON.stringify({ nbformat, cells: [], metadata: {}, [key]: value }), 'n.ipynb'));
  });

  test.each([
    'cell_type',
    'source',
    'id',
    'metadata',
    'outputs',
    'execution_count',
    'attachments',
    'input',
    'language',
  ])('%s of a cell is anything', (key) => {
    for (const value of values) {
      const cell = { cell_type: 'code', source: 'a = 1', input: 'a = 1', [key]: value };
      check(compiler.compile(JSON.stringify({ nbformat: 4, metadata: {}, cells: [cell, cell] }), 'n.ipynb'));
      check(
        compiler.compile(JSON.stringify({ nbformat: 3, metadata: {}, worksheets: [{ cells: [cell] }] }), 'n.ipynb'),
      );
    }
  });

  test.each(['tags', 'kernelspec', 'language_info', 'jupytext', 'papermill'])(
    '%s in the metadata is anything',
    (key) => {
      for (const value of values) {
        const metadata = { [key]: value };
        const cells = [{ cell_type: 'code', source: 'a = 1', metadata }];
        check(compiler.compile(JSON.stringify({ nbformat: 4, metadata, cells }), 'n.ipynb'));
      }
    },
  );

  const deep = 50_000;
  const sources: Readonly<Record<string, string>> = {
    'brackets that can be walked': `x = ${'['.repeat(900)}${']'.repeat(900)}`,
    'a sum that can be walked': `x = a${' + a'.repeat(900)}`,
    'a chain that can be walked': `x = a${'.b(c)'.repeat(450)}`,
    'open brackets': '('.repeat(deep),
    'closed brackets': `${'('.repeat(deep)}1${')'.repeat(deep)}`,
    'a long chain of methods': `a${'.b()'.repeat(deep)}`,
    'a long sum': `a${' + a'.repeat(deep)}`,
    'deep blocks': Array.from({ length: 400 }, (_, depth) => `${' '.repeat(depth)}if a:`).join('\n'),
    'nested functions': Array.from({ length: 90 }, (_, depth) => `${' '.repeat(depth)}def f(a=b):`).join('\n'),
    'a long elif chain': `if a: b\n${'elif a: b\n'.repeat(5_000)}`,
    'not operators': `${'not '.repeat(deep)}a`,
    'null bytes': 'a = 1\u0000\u0000b',
    'half a surrogate pair': 'a = "\ud800"',
    'strange line ends': 'a = 1\rb = 2\u2028c = 3\u0085d = 4\f',
    'percent signs': '%'.repeat(deep),
    'question marks': '?'.repeat(deep),
    'exclamation marks': `${'!'.repeat(deep)}\n`,
    'equal signs': `a${'='.repeat(deep)}`,
    'many names': Array.from({ length: 5_000 }, (_, at) => `name_${String(at)} = name_${String(at + 1)}`).join('\n'),
    quotes: '"'.repeat(deep),
    backslashes: '\\\n'.repeat(5_000),
    'word characters': `${'a'.repeat(deep)}?`,
    dots: `${'a.'.repeat(deep)}?`,
    directives: '#| '.repeat(deep),
    'a prototype': '__proto__ = constructor = toString\nhasOwnProperty(__proto__)',
  };

  test.each(Object.keys(sources))('a cell of %s', (name) => {
    check(compiler.compile(notebook(sources[name], 'after = 1'), 'n.ipynb'));
    check(compiler.compile(`# %%\n${sources[name] ?? ''}\n# %%\nafter = 1\n`, 'n.py'));
  });

  const many = Array.from({ length: 150 }, (_, at) => at);
  const entangled: Readonly<Record<string, readonly string[]>> = {
    'functions that all call each other': [
      ...many.map(
        (at) => `def f${at}(a):\n    g${at}.append(a)\n    return [${many.map((to) => `f${to}(a)`).join(', ')}]`,
      ),
      ...many.map((at) => `f${at}(g${at})`),
    ],
    'functions that hand each other over': many.map(
      (at) => `def f(a=None, b=None): return f(f, lambda: f(a, f${at}))\nf(f)`,
    ),
    'tuples that double': ['x = (1, [])', ...many.map(() => 'x = (x, x)\ndef f(a): return (a, a)\nx = f(f(x))')],
    'aliases of aliases': ['a0 = []', ...many.map((at) => `a${at + 1} = a${at}\na${at + 1}.append(1)`)],
    'classes made from each other': ['class A(A): pass', 'class B(A): pass\nclass A(B): pass', 'A().f()\nB().g()'],
    'closures in closures': [
      many
        .slice(0, 60)
        .map((at) => `${' '.repeat(at)}def f${at}(a):\n${' '.repeat(at + 1)}a.x(${at})\n`)
        .join(''),
      'f0([])',
    ],
    'zips of zips': ['x = zip([], [])', ...many.map(() => 'x = zip(x, enumerate(x))\nfor a, (b, c) in x: b.append(c)')],
    'calls without end': [`def f(a): return ${'f('.repeat(400)}a${')'.repeat(400)}`, ...many.map(() => 'f([])')],
  };

  test.each(Object.keys(entangled))('cells of %s', (name) => {
    check(compiler.compile(notebook(...(entangled[name] ?? [])), 'n.ipynb'));
  });

  test('JSON of a great depth', () => {
    check(compiler.compile('['.repeat(200_000), 'n.ipynb'));
    check(compiler.compile(`{"nbformat":4,"cells":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'n.ipynb'));
  });

  test('100 MB', () => {
    const image = 'A'.repeat(100_000_000);
    const output = { output_type: 'display_data', data: { 'image/png': image }, metadata: {} };
    const cells = [{ cell_type: 'code', metadata: {}, outputs: [output], source: 'a = 1' }];
    const { bundle } = compiler.compile(JSON.stringify({ cells, metadata: {}, nbformat: 4 }), 'n.ipynb');
    expect(bundle?.tasks).toHaveLength(1);
  });

  test('100 MB of code', () => {
    check(compiler.compile(notebook(`a = "${'A'.repeat(100_000_000)}"`), 'n.ipynb'));
  });
});
