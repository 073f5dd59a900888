/** The same wheel in the real Notebook 7. */
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../accessibility/browser.ts';
import { addKernel, installedWheel } from './installed-wheel.ts';
import { startServer, type JupyterServer } from './jupyter-server.ts';
import { cellAt, markOf, openNotebook, pipelineButton, runButton, sidebar } from './lab-page.ts';
import { kernel, smallNotebook, writeNotebook } from './notebooks.ts';
import { taskCount, untilEnded } from './view.ts';
import { isWanted } from './wanted.ts';

describe.skipIf(!isWanted)('Notebook 7', () => {
  let server: JupyterServer;
  let browser: Browser;
  beforeAll(async () => {
    const wheel = installedWheel('lab');
    addKernel(wheel, kernel);
    server = await startServer(wheel, { program: 'jupyter-notebook' });
    browser = await startBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await server.remove();
  });

  test(
    'the button shows the pipeline, the run comes to its end, marks stand at the cells',
    { timeout: 180_000 },
    async () => {
      writeNotebook(path.join(server.root, 'small.ipynb'), smallNotebook(1));
      const opened = await openNotebook(browser, server, { notebook: 'small.ipynb', application: 'notebooks' });
      const { page } = opened;
      await pipelineButton(page).click();
      const view = sidebar(page);
      expect(await taskCount(view)).toBe(6);
      await runButton(page).click();
      await view.locator('.cw-status', { hasText: 'last run' }).waitFor();
      expect(await untilEnded(view, 60_000)).toEqual(['done', 'done', 'done', 'done', 'done', 'done']);
      await markOf(cellAt(page, 4), 'done').waitFor();
      // Notebook 7 itself throws this one, with or without the extension.
      const own = opened.errors.filter((error) => !error.includes("reading 'schema'"));
      expect([own, opened.elsewhere]).toEqual([[], []]);
      await opened.close();
    },
  );
});
