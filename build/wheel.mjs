/**
 * Builds the one wheel that brings everything for Jupyter: the command line, the extension of JupyterLab and Notebook, the server's part.
 * It comes to out/wheels/. The extension's packages are installed only here, from their own lock.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';

import { node, python, root, run } from './command.mjs';

const extension = path.join(root, 'extensions', 'jupyterlab');
const library = path.join(extension, 'lib');
const built = path.join(extension, 'build');
const wheels = path.join(root, 'out', 'wheels');
const packages = path.join(extension, 'node_modules');

/** Ends the program with what a step has printed when it failed. */
async function must(name, step) {
  const { code } = await step;
  if (code === 0) return;
  process.stderr.write(`wheel: ${name} failed (${code})\n`);
  process.exit(1);
}

/** True when node_modules is as new as the lock. */
function isInstalled() {
  const installed = path.join(packages, '.package-lock.json');
  return (
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(path.join(extension, 'package-lock.json')).mtimeMs
  );
}

/** The extension's own modules with those of the shared view, for the bundler of JupyterLab, which knows what is shared in its page. */
async function bundleExtension() {
  rmSync(library, { recursive: true, force: true });
  await build({
    bundle: true,
    format: 'esm',
    target: 'es2023',
    platform: 'browser',
    charset: 'utf8',
    legalComments: 'linked',
    logLevel: 'warning',
    entryPoints: [path.join(extension, 'src', 'index.ts')],
    outfile: path.join(library, 'index.js'),
    external: ['@jupyterlab/*', '@lumino/*'],
  });
  cpSync(path.join(root, 'dist', 'ui', 'compile-worker.js'), path.join(library, 'compile-worker.js'));
  for (const file of ['web-tree-sitter.wasm', 'tree-sitter-python.wasm', 'typescript.mjs'])
    cpSync(path.join(root, 'dist', file), path.join(library, file));
}

if (!isInstalled()) await must('npm ci', run('npm', ['ci', '--prefix', extension]));
await must('build', node('build/build.mjs'));
await must('tsc', node('node_modules/typescript/bin/tsc', ['-b', extension]));
await bundleExtension();
const builder = path.join(packages, '@jupyter', 'builder', 'lib', 'build-labextension.js');
const core = path.join(packages, '@jupyterlab', 'core-meta', 'core.package.json');
rmSync(built, { recursive: true, force: true });
mkdirSync(built, { recursive: true });
await must(
  'the extension',
  // Its loaders are looked for from the folder it is called in.
  run(process.execPath, [builder, '--core-package-file', core, extension], { cwd: extension }),
);
cpSync(path.join(root, 'dist'), path.join(built, 'dist'), { recursive: true });
cpSync(path.join(root, 'LICENSE'), path.join(built, 'LICENSE'));
rmSync(wheels, { recursive: true, force: true });
await must('pip wheel', run(python, ['-m', 'pip', 'wheel', '--no-deps', '--quiet', '--wheel-dir', wheels, extension]));
for (const name of readdirSync(wheels)) {
  const megabytes = (statSync(path.join(wheels, name)).size / 1e6).toFixed(1);
  process.stdout.write(`wheel: out/wheels/${name}, ${megabytes} MB\n`);
}
