import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createCompiler } from '../../compiler/index.ts';
import { root } from '../environment.ts';

const compiler = await createCompiler({
  runtimeWasm: readFileSync(path.join(root, 'node_modules/web-tree-sitter/web-tree-sitter.wasm')),
  languageWasm: readFileSync(path.join(root, 'node_modules/tree-sitter-python/tree-sitter-python.wasm')),
});

/** A cell, the import statements that are certain to run, and how many of them come before anything else. */
const cases: readonly (readonly [string, readonly string[], number])[] = [
  ['import a, b.c as d\nfrom e import f as g, h', ['import a, b.c', 'from e import f, h'], 2],
  [
    '"""About."""\n# Why.\nfrom __future__ import annotations\nfrom a import *\nx = 1\nimport b',
    ['from a import *', 'import b'],
    1,
  ],
  ['import a; a.use("x"); import b', ['import a', 'import b'], 1],
  ['try:\n    import a\nexcept ImportError:\n    import b', ['import a'], 0],
  ['with quiet():\n    import a\nif a:\n    import b\ndef f():\n    import c\nclass D:\n    import e', ['import a'], 0],
  ['from . import a\nfrom .b import c\nimport d', ['import d'], 1],
  [
    '%matplotlib inline\n%config InlineBackend.figure_format = "svg"\nimport a\n%load_ext autoreload\n%autoreload 2\nimport b',
    ['import a', 'import b'],
    2,
  ],
  ['import a\n%matplotlib qt\nimport b', ['import a', 'import b'], 1],
  ['import a\n!pip install b\nimport b', ['import a', 'import b'], 1],
  ['%%time\nimport a', ['import a'], 0],
];

test.each(cases)('%j', (source, imports, leading) => {
  const notebook = JSON.stringify({
    cells: [{ cell_type: 'code', id: 'a', metadata: {}, source, outputs: [], execution_count: null }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  });
  const compiled = compiler.compile(notebook, 'n.ipynb');
  expect(compiled).toMatchObject({ bundle: { tasks: [{ imports, leadingImports: leading }] } });
});
