import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { bundleFiles, createCompiler } from '../../compiler/index.ts';
import { root } from '../environment.ts';

const wasm = (): { runtimeWasm: Buffer; languageWasm: Buffer } => ({
  runtimeWasm: readFileSync(path.join(root, 'node_modules/web-tree-sitter/web-tree-sitter.wasm')),
  languageWasm: readFileSync(path.join(root, 'node_modules/tree-sitter-python/tree-sitter-python.wasm')),
});

/** The compiler as one classic script for browsers. What of the parser only runs under Node is left out by name. */
async function scriptForBrowsers(): Promise<string> {
  const external = ['fs/promises', 'module', '@ts-morph/common'];
  const { outputFiles, metafile } = await build({
    entryPoints: [path.join(root, 'compiler', 'index.ts')],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'cellwright',
    target: 'es2023',
    // The last is loaded for notebooks in TypeScript alone.
    external,
    define: { 'import.meta.url': '"https://example.org/compiler.js"' },
    write: false,
    metafile: true,
  });
  const imported = Object.values(metafile.outputs).flatMap((output) => output.imports.map((entry) => entry.path));
  expect(imported.filter((name) => !external.includes(name))).toEqual([]);
  return outputFiles[0]?.text ?? '';
}

test('the compiler runs where there is nothing of Node, and gives the same bundle', async () => {
  // What a page has of what the compiler needs; no process, no require, no import.
  const page = vm.createContext({
    WebAssembly: Reflect.get(globalThis, 'WebAssembly') as unknown,
    TextDecoder,
    TextEncoder,
    URL,
    console,
    performance,
    setTimeout,
  });
  vm.runInContext('globalThis.window = globalThis; globalThis.self = globalThis;', page);
  vm.runInContext(await scriptForBrowsers(), page, { filename: 'compiler.js' });
  const notebook = readFileSync(path.join(root, 'samples', 'flights', 'notebook.ipynb'), 'utf8');
  Object.assign(page, { input: { ...wasm(), notebook } });
  const inPage = (await vm.runInContext(
    `(async () => {
      if (typeof process !== 'undefined' || typeof require !== 'undefined') throw new Error('Node is here');
      const compiler = await cellwright.createCompiler({
        runtimeWasm: new Uint8Array(input.runtimeWasm), languageWasm: new Uint8Array(input.languageWasm) });
      const { bundle, notebook } = compiler.compile(input.notebook, 'notebook.ipynb');
      return JSON.stringify(cellwright.bundleFiles(bundle, notebook, {}));
    })()`,
    page,
  )) as string;
  const { bundle, notebook: read } = (await createCompiler(wasm())).compile(notebook, 'notebook.ipynb');
  if (bundle === undefined || read === undefined) throw new Error('the sample does not compile');
  expect(JSON.parse(inPage)).toEqual(bundleFiles(bundle, read, {}));
});
