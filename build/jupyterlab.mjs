/**
 * Tries the extension in the real JupyterLab, Notebook and JupyterLite: npm run jupyterlab [-- -t NAME]
 *
 * Builds the wheel, installs it with pip into fresh environments below out/jupyterlab, and drives the applications with a Chromium of this
 * machine. Takes minutes; `--built` takes the wheel and the environment that are there. `--pictures` writes those of docs/images, and tries nothing.
 */
import path from 'node:path';

import { node, root, run } from './command.mjs';

const words = process.argv.slice(2);
const isBuilt = words.includes('--built');
const arePictures = words.includes('--pictures');
const filter = words.filter((word) => !['--built', '--pictures'].includes(word));
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const tests = path.join('test', 'jupyterlab');
const env = { CELLWRIGHT_JUPYTERLAB: '1', ...(arePictures ? { CELLWRIGHT_PICTURES: '1' } : {}) };
const tried = (...more) => run(process.execPath, [vitest, 'run', '--no-file-parallelism', ...more], { env });
const install = path.join(tests, 'install.test.ts');
const pictures = path.join(tests, 'pictures.test.ts');
const steps = [
  ...(isBuilt ? [] : [() => node('build/wheel.mjs')]),
  () => node('node_modules/eslint/bin/eslint.js', ['extensions/jupyterlab']),
  // Makes the environment that the others use.
  ...(isBuilt ? [] : [() => tried(install)]),
  () => (arePictures ? tried(pictures) : tried(tests, `--exclude=${install}`, `--exclude=${pictures}`, ...filter)),
];
for (const step of steps) {
  const { code } = await step();
  if (code !== 0) process.exit(code);
}
