/** Pictures of the main states for the documentation: npm run jupyterlab -- --pictures */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startBrowser } from '../accessibility/browser.ts';
import { root } from '../environment.ts';
import { addKernel, installedWheel } from './installed-wheel.ts';
import { startServer, type JupyterServer } from './jupyter-server.ts';
import {
  cellAt,
  markOf,
  messagesUnder,
  openNotebook,
  pipelineButton,
  runButton,
  sidebar,
  typeInto,
} from './lab-page.ts';
import { copySample, kernel, writeNotebook } from './notebooks.ts';
import { taskCount, untilEnded } from './view.ts';
import { isWanted } from './wanted.ts';

const long = 600_000;

describe.skipIf(!isWanted || process.env['CELLWRIGHT_PICTURES'] !== '1')('pictures', () => {
  const folder = path.join(root, 'docs', 'images');
  let server: JupyterServer;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    const wheel = installedWheel('lab');
    addKernel(wheel, kernel);
    server = await startServer(wheel, { program: 'jupyter-lab' });
    browser = await startBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await server.remove();
  });

  const take = async (page: Page, name: string): Promise<void> => {
    // Without the caret, which comes and goes.
    await page.waitForTimeout(500);
    await page.screenshot({ path: path.join(folder, `jupyterlab-${name}.png`), caret: 'hide', animations: 'disabled' });
  };

  test.each(['light', 'dark'] as const)('%s', { timeout: long }, async (colorScheme) => {
    copySample('flights', path.join(server.root, 'flights.ipynb'));
    const opened = await openNotebook(browser, server, { notebook: 'flights.ipynb', colorScheme });
    const { page } = opened;
    // The notebook and its pipeline, and nothing else.
    await page.keyboard.press('Control+B');
    await pipelineButton(page).click();
    const view = sidebar(page);
    await taskCount(view);
    await take(page, `graph-${colorScheme}`);
    await runButton(page).click();
    await view.locator('.cw-status', { hasText: /Running: [1-9]/ }).waitFor();
    await take(page, `run-${colorScheme}`);
    await untilEnded(view, long);
    const cell = cellAt(page, 6);
    await cell.locator('.cm-content', { hasText: 'cancelled' }).scrollIntoViewIfNeeded();
    await typeInto(page, cell, 'cancelled = df["departure"].isna()');
    await runButton(page).click();
    await markOf(cell, 'failed').waitFor({ timeout: long });
    await messagesUnder(cell).scrollIntoViewIfNeeded();
    await take(page, `failed-${colorScheme}`);
    await opened.close();
  });

  test.each(['light', 'dark'] as const)('properties, %s', { timeout: long }, async (colorScheme) => {
    writeNotebook(path.join(server.root, 'train.ipynb'), [
      { id: 'rows', code: 'rows = [(n, n * 2.5) for n in range(1000)]' },
      {
        id: 'fit',
        code: '#| label: fit\n#| metrik: slope\nslope = sum(y for _, y in rows) / sum(x for x, _ in rows)\nslope',
      },
      { id: 'show', code: 'print(f"{slope:.2f}")' },
    ]);
    const opened = await openNotebook(browser, server, { notebook: 'train.ipynb', colorScheme });
    const { page } = opened;
    await page.keyboard.press('Control+B');
    await pipelineButton(page).click();
    await markOf(cellAt(page, 1), 'refused').waitFor();
    await cellAt(page, 1).locator('.cm-content').click();
    await page.locator('.jp-SideBar.jp-mod-right [title*="Property Inspector"]').click();
    await page.locator('.jp-NotebookTools .jp-Collapse-header', { hasText: 'Pipeline' }).click();
    const form = page.locator('.cellwright-properties');
    await form.getByLabel('Memory').fill('8gb');
    await form.getByLabel('Memory').press('Tab');
    await form.locator('.cellwright-problem', { hasText: 'gb is no unit' }).waitFor();
    await take(page, `properties-${colorScheme}`);
    await opened.close();
  });
});
