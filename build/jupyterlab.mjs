/**
 * Tries the extension in the real JupyterLab, Notebook and JupyterLite: npm run jupyterlab [-- -t NAME]
 *
 * Builds the wheel, installs it with pip into fresh environments below out/jupyterlab, and drives the applications with a Chromium of this
 * machine. Takes minutes; `--built` takes the wheel that is there.
 */
import path from 'node:path';

import { node, root, run } from './command.mjs';

const words = process.argv.slice(2);
const isBuilt = words.includes('--built');
const filter = words.filter((word) => word !== '--built');
const steps = [
  ...(isBuilt ? [] : [() => node('build/wheel.mjs')]),
  () => node('node_modules/eslint/bin/eslint.js', ['extensions/jupyterlab']),
  () =>
    run(process.execPath, [path.join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'test/jupyterlab', ...filter], {
      env: { CELLWRIGHT_JUPYTERLAB: '1' },
    }),
];
for (const step of steps) {
  const { code } = await step();
  if (code !== 0) process.exit(code);
}
