/** The same wheel in the real JupyterLite: files on a web server, and nothing that could run a notebook. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../accessibility/browser.ts';
import { root } from '../environment.ts';
import { installedWheel } from './installed-wheel.ts';
import {
  cellAt,
  markOf,
  messagesUnder,
  isTypeScript,
  pipelineButton,
  runButton,
  sidebar,
  watchedPage,
} from './lab-page.ts';
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
    copyFileSync(path.join(root, 'samples', 'typescript', 'notebook.ipynb'), path.join(contents, 'typed.ipynb'));
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
    expect(opened.asked.filter(isTypeScript)).toEqual([]);
    expect(opened.elsewhere).toEqual([]);
    await opened.close();

    const typed = await watchedPage(await browser.newContext({ viewport: { width: 1440, height: 900 } }));
    await typed.page.goto(`${site.address}lab/index.html?path=typed.ipynb`);
    const dialog = typed.page.locator('.jp-Dialog').getByRole('button', { name: /^(?:No Kernel|Cancel)$/ });
    await dialog.first().click();
    await pipelineButton(typed.page).click();
    expect(await taskCount(sidebar(typed.page))).toBe(10);
    await typed.page.getByRole('treeitem', { name: /^Task 3 of 10, mine, .*reads .*weeks from 2/ }).waitFor();
    // JupyterLite's own worker passes requests on, so that one is seen twice.
    expect(new Set(typed.asked.filter(isTypeScript)).size).toBe(1);
    expect([typed.errors, typed.elsewhere]).toEqual([[], []]);
    await typed.close();
    await site.stop();
  });
});
