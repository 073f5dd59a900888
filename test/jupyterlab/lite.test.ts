/** The same wheel in the real JupyterLite: files on a web server, and nothing that could run a notebook. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../accessibility/browser.ts';
import { installedWheel } from './installed-wheel.ts';
import { cellAt, markOf, messagesUnder, pipelineButton, runButton, sidebar, watchedPage } from './lab-page.ts';
import { smallNotebook, writeNotebook } from './notebooks.ts';
import { serveFolder } from './static-server.ts';
import { taskCount } from './view.ts';
import { isWanted } from './wanted.ts';

describe.skipIf(!isWanted)('JupyterLite', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    const wheel = installedWheel('lab');
    wheel.run('pip', 'install', '--quiet', 'jupyterlite-core');
    folder = mkdtempSync(path.join(tmpdir(), 'cellwright-lite-'));
    const contents = path.join(folder, 'contents');
    mkdirSync(contents);
    writeNotebook(path.join(contents, 'small.ipynb'), [...smallNotebook(0), { id: 'bad', code: '#| mem: 8gb\npass' }]);
    const place = ['--lite-dir', folder, '--output-dir', path.join(folder, 'site'), '--contents', contents];
    wheel.run('jupyter', 'lite', 'build', ...place);
    browser = await startBrowser();
  }, 240_000);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the graph, the marks and what the compiler says, without any server', { timeout: 180_000 }, async () => {
    const site = await serveFolder(path.join(folder, 'site'));
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const opened = await watchedPage(context);
    const { page } = opened;
    await page.goto(`${site.address}lab/index.html?path=small.ipynb`);
    // It has no kernel, and asks for one.
    await page
      .locator('.jp-Dialog')
      .getByRole('button', { name: /^(?:No Kernel|Cancel)$/ })
      .first()
      .click();
    await pipelineButton(page).click();
    expect(await taskCount(sidebar(page))).toBe(7);
    await markOf(cellAt(page, 8), 'refused').waitFor();
    expect(await messagesUnder(cellAt(page, 8)).innerText()).toContain('gb is no unit');
    await runButton(page).click();
    await page.locator('.jp-toast-message', { hasText: 'pip install cellwright' }).waitFor();
    expect(opened.elsewhere).toEqual([]);
    await opened.close();
    await site.stop();
  });
});
