import { executable } from '../accessibility/browser.ts';

/** True in `npm run jupyterlab`, which has built the wheel. */
export const isWanted: boolean = process.env['CELLWRIGHT_JUPYTERLAB'] === '1';

if (!isWanted)
  process.stderr.write('SKIPPED: the extension in the real JupyterLab. It has a command: npm run jupyterlab\n');
if (isWanted && executable === undefined) throw new Error('Install chromium, or set CELLWRIGHT_TEST_CHROMIUM to one.');
