/**
 * Bundles the rooms into dist/: one file each, plus the two WebAssembly files of the parser and the Python worker,
 * which every bundle finds beside itself.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';

import { root } from './command.mjs';
import { buildTypescriptLibrary, typescriptAt } from './typescript-library.mjs';

const dist = path.join(root, 'dist');
const common = {
  bundle: true,
  format: 'esm',
  target: 'es2023',
  charset: 'utf8',
  legalComments: 'linked',
  logLevel: 'warning',
  sourcemap: false,
  plugins: [typescriptAt('./typescript.mjs')],
};
const forNode = { ...common, platform: 'node', target: 'node20' };
// The parser's loader looks for these when it finds itself in Node; in a browser it never asks.
const forAnywhere = {
  ...common,
  platform: 'browser',
  external: ['fs', 'fs/promises', 'module', 'path', 'url'],
};

const forWorker = {
  ...forAnywhere,
  format: 'iife',
  minify: true,
  // The parser's loader makes addresses from it before it sees that it was given the bytes: nothing is asked there.
  define: { 'import.meta.url': '"https://cellwright.invalid/compile-worker.js"' },
};

const entries = [
  { from: 'compiler/index.ts', to: 'compiler.mjs', options: forAnywhere, pure: true },
  { from: 'compiler/bundle/index.ts', to: 'bundle.mjs', options: forAnywhere, pure: true },
  { from: 'runtime/index.ts', to: 'runtime.mjs', options: forNode },
  {
    from: 'runtime/node/worker.ts',
    to: 'node/worker.mjs',
    options: { ...forNode, inject: [path.join(root, 'build', 'own-globals.js')] },
  },
  { from: 'runtime/javascript/serve-steps.ts', to: 'node/steps.mjs', options: forNode },
  { from: 'runtime/node/stored-inputs.ts', to: 'node/stored-inputs.mjs', options: forNode },
  { from: 'extensions/cli/main.ts', to: 'cellwright.mjs', options: forNode, program: true },
  { from: 'extensions/ui/page.ts', to: 'ui/page.js', options: { ...forAnywhere, minify: true }, pure: true },
  // A classic script: it also starts from a blob, where a page may not name its address.
  { from: 'extensions/ui/compile-worker.ts', to: 'ui/compile-worker.js', options: forWorker, pure: true },
];

const failures = [];
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

for (const { from, to, options, pure, program } of entries) {
  const entry = path.join(root, from);
  const outfile = path.join(dist, to);
  if (!existsSync(entry)) {
    failures.push(`${from} does not exist`);
    continue;
  }
  const shebang = program && !readFileSync(entry, 'utf8').startsWith('#!') ? { js: '#!/usr/bin/env node' } : undefined;
  try {
    await build({ ...options, entryPoints: [entry], outfile, ...(shebang ? { banner: shebang } : {}) });
  } catch (error) {
    failures.push(`${from}: ${error instanceof Error ? error.message : String(error)}`);
    continue;
  }
  if (program) chmodSync(outfile, 0o755);
  if (pure) {
    // A browser has no such modules: a static import, or any `node:` at all, would end the page's load.
    const text = readFileSync(outfile, 'utf8');
    if (/["'`]node:/.test(text)) failures.push(`${to} names a node: module`);
    if (/^import\s[^(]*["'](?:fs|fs\/promises|module|path|url)["']/m.test(text)) {
      failures.push(`${to} imports a module that only Node has`);
    }
  }
}

await buildTypescriptLibrary(dist);

for (const file of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-python/tree-sitter-python.wasm']) {
  cpSync(path.join(root, 'node_modules', file), path.join(dist, path.basename(file)));
}

for (const file of ['page.html', 'page.css'])
  cpSync(path.join(root, 'extensions', 'ui', file), path.join(dist, 'ui', file));

const workerSource = path.join(root, 'runtime', 'python');
const workers = existsSync(workerSource)
  ? readdirSync(workerSource, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.py'))
  : [];
if (workers.length === 0) failures.push('runtime/python holds no .py file');
for (const name of workers) cpSync(path.join(workerSource, name), path.join(dist, 'python', name));

for (const failure of failures) process.stderr.write(`build: ${failure}\n`);
process.stdout.write(`build: dist/ holds ${readdirSync(dist).sort().join(', ')}\n`);
process.exit(failures.length === 0 ? 0 : 1);
