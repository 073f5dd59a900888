/**
 * Builds the extension for VS Code: npm run vsix [-- --no-package]
 *
 * out/vscode/ is the extension as it is installed: the manifest, the bundles for the extension host in Node and in a browser, the page of
 * the pipeline view, and the command line with everything it needs. out/cellwright.vsix is that folder, packed by vsce.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';

import { node, root, run } from './command.mjs';
import { typescriptAt } from './typescript-library.mjs';

const { values } = parseArgs({ options: { 'no-package': { type: 'boolean' } } });
const source = path.join(root, 'extensions', 'vscode');
const stage = path.join(root, 'out', 'vscode');
const dist = path.join(stage, 'dist');
const packed = path.join(root, 'out', 'cellwright.vsix');

const common = { bundle: true, minify: true, charset: 'utf8', legalComments: 'linked', logLevel: 'warning' };
const forBrowser = {
  ...common,
  platform: 'browser',
  target: 'es2022',
  plugins: [typescriptAt('./typescript.mjs')],
};
const outsideBrowser = ['fs', 'fs/promises', 'module', 'path', 'url'];

const bundles = [
  {
    from: 'extensions/vscode/activate-node.ts',
    to: 'node.js',
    options: {
      ...common,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      external: ['vscode'],
      plugins: [typescriptAt('./typescript.mjs')],
    },
  },
  {
    from: 'extensions/vscode/compile-thread.ts',
    to: 'compile-thread.mjs',
    options: {
      ...common,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      plugins: [typescriptAt('./typescript.mjs')],
    },
  },
  {
    from: 'extensions/vscode/activate-web.ts',
    to: 'web.js',
    isPure: true,
    options: {
      ...forBrowser,
      format: 'cjs',
      external: ['vscode', ...outsideBrowser],
      // The parser's loader reads it in Node only.
      define: { 'import.meta.url': '"file:///web.js"' },
    },
  },
  { from: 'extensions/vscode/webview.ts', to: 'webview.js', isPure: true, options: { ...forBrowser, format: 'iife' } },
  {
    from: 'extensions/ui/compile-worker.ts',
    to: 'compile-worker.js',
    isPure: true,
    options: {
      ...forBrowser,
      format: 'iife',
      external: outsideBrowser,
      define: { 'import.meta.url': '"file:///compile-worker.js"' },
    },
  },
];

function fail(message) {
  process.stderr.write(`vsix: ${message}\n`);
  process.exit(1);
}

/** The manifest as it is installed: what only this repository needs is left out. */
function manifest() {
  const written = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8'));
  const kept = Object.entries(written).filter(([name]) => !['type', 'private', 'devDependencies'].includes(name));
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  return { ...Object.fromEntries(kept), version };
}

const built = await node('build/build.mjs', [], { quiet: true });
if (built.code !== 0) fail(built.output);

rmSync(stage, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
for (const { from, to, options, isPure } of bundles) {
  await build({ ...options, entryPoints: [path.join(root, from)], outfile: path.join(dist, to) });
  // The worker host of the web editor and a webview have no such modules.
  if (isPure && /["'`]node:/.test(readFileSync(path.join(dist, to), 'utf8'))) fail(`${to} names a node: module`);
}
for (const name of [
  'cellwright.mjs',
  'typescript.mjs',
  'node',
  'python',
  'tree-sitter-python.wasm',
  'web-tree-sitter.wasm',
]) {
  cpSync(path.join(root, 'dist', name), path.join(dist, name), { recursive: true });
}
cpSync(path.join(source, 'media'), path.join(stage, 'media'), { recursive: true });

cpSync(path.join(source, 'README.md'), path.join(stage, 'README.md'));
cpSync(path.join(root, 'LICENSE'), path.join(stage, 'LICENSE'));
writeFileSync(path.join(stage, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);

const size = readdirSync(stage, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);
process.stdout.write(`vsix: out/vscode, ${(size / 1e6).toFixed(2)} MB\n`);

if (values['no-package'] !== true) {
  const vsce = path.join('extensions', 'vscode', 'node_modules', '@vscode', 'vsce', 'vsce');
  if (!existsSync(path.join(root, vsce))) {
    const installed = await run('npm', ['ci', '--ignore-scripts', '--prefix', source]);
    if (installed.code !== 0) fail('the packages of extensions/vscode could not be installed');
  }
  rmSync(packed, { force: true });
  const done = await run(process.execPath, [path.join(root, vsce), 'package', '--no-dependencies', '-o', packed], {
    quiet: true,
    cwd: stage,
  });
  if (done.code !== 0) fail(done.output);
  process.stdout.write(`vsix: out/cellwright.vsix, ${(statSync(packed).size / 1e6).toFixed(2)} MB\n`);
}
