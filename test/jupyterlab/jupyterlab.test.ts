/** The wheel in the real JupyterLab, Notebook and JupyterLite, in a real browser: npm run jupyterlab. */
import { cpSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executable, startBrowser } from '../accessibility/browser.ts';
import { root } from '../environment.ts';
import { installWheel, type InstalledWheel } from './installed-wheel.ts';
import { startServer } from './jupyter-server.ts';
import { openNotebook, pipelineButton, sidebar } from './lab-page.ts';
import { taskCount } from './view.ts';

const isWanted = process.env['CELLWRIGHT_JUPYTERLAB'] === '1';
if (!isWanted) process.stderr.write('SKIPPED: the extension in the real JupyterLab. It has a command: npm run jupyterlab\n');
if (isWanted && executable === undefined) throw new Error('Install chromium, or set CELLWRIGHT_TEST_CHROMIUM to one.');

describe.skipIf(!isWanted)('the wheel', () => {
  let wheel: InstalledWheel;
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  test('from pip install to the graph of a notebook that was never seen: less than 60 seconds', { timeout: 240_000 }, async () => {
    wheel = installWheel('lab', ['lab']);
    const startedAt = performance.now();
    const server = await startServer(wheel, { program: 'jupyter-lab' });
    cpSync(path.join(root, 'samples', 'flights', 'notebook.ipynb'), path.join(server.root, 'unseen.ipynb'));
    const opened = await openNotebook(browser, server, { notebook: 'unseen.ipynb' });
    await pipelineButton(opened.page).click();
    expect(await taskCount(sidebar(opened.page))).toBe(34);
    const seconds = wheel.seconds + (performance.now() - startedAt) / 1000;
    process.stdout.write(`pip install ${wheel.seconds.toFixed(1)} s, to the graph ${seconds.toFixed(1)} s\n`);
    expect(seconds).toBeLessThan(60);
    expect([opened.errors, opened.elsewhere]).toEqual([[], []]);
    await opened.close();
    await server.remove();
  });
});
