/** The real JupyterLab, driven as a person drives it: a real server, a real kernel's interpreter, a real browser. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../accessibility/browser.ts';
import { addKernel, installedWheel } from './installed-wheel.ts';
import { startServer, type JupyterServer } from './jupyter-server.ts';
import {
  cellAt,
  markOf,
  messagesUnder,
  openNotebook,
  openPipelineMenu,
  pipelineButton,
  runButton,
  seriousViolations,
  sidebar,
  typeInto,
  type NotebookPage,
} from './lab-page.ts';
import { copySample, kernel, smallNotebook, writeNotebook } from './notebooks.ts';
import { taskCount, taskRow, untilEnded } from './view.ts';
import { isWanted } from './wanted.ts';

const long = 600_000;

describe.skipIf(!isWanted)('JupyterLab', () => {
  let server: JupyterServer;
  let browser: Browser;
  beforeAll(async () => {
    const wheel = installedWheel('lab');
    addKernel(wheel, kernel);
    server = await startServer(wheel, { program: 'jupyter-lab' });
    browser = await startBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await server.remove();
  });

  /** Opens a notebook with its pipeline, does something with it, and looks that nothing went wrong on the way. */
  async function withNotebook(
    notebook: string,
    act: (page: Page, opened: NotebookPage) => Promise<void>,
  ): Promise<void> {
    const opened = await openNotebook(browser, server, { notebook });
    await pipelineButton(opened.page).click();
    await taskCount(sidebar(opened.page));
    await act(opened.page, opened);
    expect([opened.errors, opened.elsewhere]).toEqual([[], []]);
    await opened.close();
  }

  const fileOf = (name: string): string => path.join(server.root, name);

  test('flights: the graph, a run to its end, one edited cell, a broken cell', { timeout: long }, async () => {
    copySample('flights', fileOf('flights.ipynb'));
    await withNotebook('flights.ipynb', async (page) => {
      const view = sidebar(page);
      expect(await taskCount(view)).toBe(34);
      await runButton(page).click();
      await view.locator('.cw-status', { hasText: 'Running' }).waitFor();
      expect(new Set(await untilEnded(view, long))).toEqual(new Set(['done']));

      // A picture, on which nothing rests; the panel leads to it.
      await taskRow(view, 14).click();
      const plot = cellAt(page, 18);
      await plot.locator('.cm-content', { hasText: 'sns.barplot' }).click();
      await page.keyboard.press('Control+End');
      await page.keyboard.insertText('\nprint("edited")');
      await markOf(plot, 'stale').waitFor();
      await runButton(page).click();
      await view.locator('.cw-status', { hasText: 'Running' }).waitFor();
      const after = await untilEnded(view, long);
      expect(after.filter((state) => state === 'done')).toHaveLength(1);
      expect(after.filter((state) => state === 'cached')).toHaveLength(33);

      await typeInto(page, plot, 'raise ValueError("the plot is broken")');
      await runButton(page).click();
      await view.locator('.cw-status', { hasText: 'Running' }).waitFor();
      await untilEnded(view, long);
      await markOf(plot, 'failed').waitFor();
      expect(await messagesUnder(plot).innerText()).toContain('the plot is broken');
    });
  });

  test('a page that is closed during a run finds it again, and it comes to its end', { timeout: long }, async () => {
    // Long enough for a page to be opened on a busy machine.
    writeNotebook(fileOf('long.ipynb'), smallNotebook(30));
    await withNotebook('long.ipynb', async (page) => {
      await runButton(page).click();
      await taskRow(sidebar(page), 3).locator('.cw-is-running').waitFor();
    });
    await withNotebook('long.ipynb', async (page) => {
      const view = sidebar(page);
      await taskRow(view, 3).locator('.cw-is-running').waitFor({ timeout: 20_000 });
      expect(await untilEnded(view, 60_000)).toEqual(['done', 'done', 'done', 'done', 'done', 'done']);
      await view.getByRole('tab', { name: 'Run' }).click();
      await view.getByRole('tabpanel', { name: 'Run' }).getByText('total').first().waitFor();
    });
  });

  test('a run goes on when the server ends, and the next server shows it', { timeout: long }, async () => {
    writeNotebook(fileOf('longer.ipynb'), smallNotebook(12));
    await withNotebook('longer.ipynb', async (page) => {
      await runButton(page).click();
      await taskRow(sidebar(page), 3).locator('.cw-is-running').waitFor();
    });
    await server.stop();
    server = await startServer(installedWheel('lab'), { program: 'jupyter-lab', again: server });
    await withNotebook('longer.ipynb', async (page) => {
      await taskRow(sidebar(page), 6).locator('.cw-is-done').waitFor();
      expect(await untilEnded(sidebar(page), 60_000)).toEqual(['done', 'done', 'done', 'done', 'done', 'done']);
    });
  });

  test('stop, and resume where it was stopped', { timeout: long }, async () => {
    writeNotebook(fileOf('stopped.ipynb'), smallNotebook(6));
    await withNotebook('stopped.ipynb', async (page) => {
      const view = sidebar(page);
      await runButton(page).click();
      await taskRow(view, 3).locator('.cw-is-running').waitFor();
      await view.getByRole('button', { name: 'Stop' }).click();
      const stopped = await untilEnded(view, 30_000);
      expect(stopped.slice(2)).toEqual(['will-run', 'will-run', 'will-run', 'will-run']);
      await runButton(page).click();
      await view.locator('.cw-status', { hasText: 'Running' }).waitFor();
      expect(await untilEnded(view, 60_000)).toEqual(['cached', 'cached', 'done', 'done', 'done', 'done']);
    });
  });

  test('one cell with its inputs, and the same cell in a notebook of its own', { timeout: long }, async () => {
    writeNotebook(fileOf('one.ipynb'), smallNotebook(0));
    await withNotebook('one.ipynb', async (page) => {
      const view = sidebar(page);
      await runButton(page).click();
      await view.locator('.cw-status', { hasText: 'last run' }).waitFor();
      await typeInto(page, cellAt(page, 5), 'total = sum(n for n, _ in clean) / 0\ntotal');
      await cellAt(page, 5).locator('.jp-InputPrompt').click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Run this Cell with its Inputs' }).click();
      await markOf(cellAt(page, 5), 'failed').waitFor();
      expect(await messagesUnder(cellAt(page, 5)).innerText()).toContain('ZeroDivisionError');
      await cellAt(page, 5).locator('.jp-InputPrompt').click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Open this Cell with its Inputs' }).click();
      const opened = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)', { hasText: 'open_inputs' });
      await opened.locator('.jp-CodeCell', { hasText: '/ 0' }).waitFor();
      await page.locator('.lm-DockPanel-tabBar .lm-TabBar-tab', { hasText: /^one\.ipynb$/ }).click();
      const menu = await openPipelineMenu(page);
      await menu.locator('.lm-Menu-itemLabel', { hasText: 'Open the Report' }).click();
      await page.frameLocator('.jp-HTMLViewer iframe').getByText('ZeroDivisionError').first().waitFor();
      expect(readdirSync(server.root).filter((name) => name.endsWith('.debug.ipynb'))).toHaveLength(1);
    });
  });

  test('what the compiler refuses stands under the cell, with a remedy of one click', { timeout: long }, async () => {
    writeNotebook(fileOf('refused.ipynb'), [
      { id: 'a', code: 'a = 1' },
      { id: 'b', code: '#| metrik: b\nb = a + 1' },
    ]);
    await withNotebook('refused.ipynb', async (page) => {
      await markOf(cellAt(page, 1), 'refused').waitFor();
      const message = messagesUnder(cellAt(page, 1));
      expect(await message.innerText()).toMatch(/There is no directive metrik\.\s*CW120\s*Did you mean metric\?/);
      await message.getByRole('button', { name: /metric/ }).click();
      await message.waitFor({ state: 'detached' });
      expect(await cellAt(page, 1).locator('.cm-content').innerText()).toContain('#| metric: b');
    });
  });

  test('a cell that had to run in the process of another one says so, and leads there', { timeout: long }, async () => {
    writeNotebook(fileOf('fused.ipynb'), [
      { id: 'make', code: 'numbers = (n * n for n in range(5))' },
      { id: 'other', code: 'print("apart")' },
      { id: 'take', code: 'print(next(numbers))' },
    ]);
    await withNotebook('fused.ipynb', async (page) => {
      await runButton(page).click();
      await markOf(cellAt(page, 2), 'fused').waitFor();
      const message = messagesUnder(cellAt(page, 2));
      expect(await message.innerText()).toContain('only the process of an earlier cell has numbers');
      await message.getByRole('button', { name: /^Show / }).click();
      await page.locator('.jp-Cell.jp-mod-active', { hasText: 'for n in range(5)' }).waitFor();
    });
  });

  test('a node goes to its cell, and marks it while it is pointed at', { timeout: long }, async () => {
    writeNotebook(fileOf('go.ipynb'), smallNotebook(0));
    await withNotebook('go.ipynb', async (page) => {
      const row = taskRow(sidebar(page), 6);
      await row.hover();
      await page.locator('.jp-Cell.cellwright-highlighted', { hasText: 'print("total"' }).waitFor();
      await row.click();
      await page.locator('.jp-Cell.jp-mod-active', { hasText: 'print("total"' }).waitFor();
    });
  });

  test('tags and directives in the property inspector, judged before they are written', { timeout: long }, async () => {
    writeNotebook(fileOf('properties.ipynb'), smallNotebook(0));
    await withNotebook('properties.ipynb', async (page) => {
      await cellAt(page, 4).locator('.cm-content').click();
      await page.locator('.jp-SideBar.jp-mod-right [title*="Property Inspector"]').click();
      await page.locator('.jp-NotebookTools .jp-Collapse-header', { hasText: 'Pipeline' }).click();
      const form = page.locator('.cellwright-properties');
      await form.getByLabel('Memory').fill('8gb');
      await form.getByLabel('Memory').press('Tab');
      await form.locator('.cellwright-problem', { hasText: 'gb is no unit' }).waitFor();
      const source = cellAt(page, 4).locator('.cm-content');
      expect(await source.innerText()).not.toContain('#|');
      await form.getByLabel('Memory').fill('8Gi');
      await form.getByLabel('Memory').press('Tab');
      await form.getByLabel('Retries').fill('2');
      await form.getByLabel('Retries').press('Tab');
      await form.getByLabel('Metrics').fill('rows (higher)\nlost (lower)');
      await form.getByLabel('Metrics').press('Tab');
      await expect
        .poll(() => source.innerText())
        .toMatch(/^#\| mem: 8Gi\n#\| retries: 2\n#\| metric: rows \(higher\)\n#\| metric: lost \(lower\)\n/);
      await form.getByLabel('Retries').fill('');
      await form.getByLabel('Retries').press('Tab');
      await expect.poll(() => source.innerText()).not.toContain('retries');
      await form.getByLabel('Gate', { exact: true }).check();
      expect(await seriousViolations(page, '.cellwright-properties')).toEqual([]);
      await page.keyboard.press('Control+S');
      await expect.poll(() => readFileSync(fileOf('properties.ipynb'), 'utf8')).toMatch(/"tags": \[\s*"gate"\s*\]/);
    });
  });

  test(
    'the File menu and the palette have all commands; compiling to an engine writes its project',
    { timeout: long },
    async () => {
      writeNotebook(fileOf('menu.ipynb'), smallNotebook(0));
      await withNotebook('menu.ipynb', async (page) => {
        const menu = await openPipelineMenu(page);
        const labels = await menu.locator('.lm-Menu-itemLabel').allInnerTexts();
        expect(labels).toEqual([
          'Pipeline',
          'Run as Pipeline',
          'Stop the Pipeline',
          'Verify the Pipeline',
          'Open the Report',
          'Compile to…',
        ]);
        await page.keyboard.press('Escape');
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+Shift+C');
        await page.locator('.lm-CommandPalette-input').fill('Compile to');
        await page.keyboard.press('Enter');
        const dialog = page.locator('.jp-Dialog');
        await dialog.locator('select').selectOption('shell');
        await dialog.getByRole('button', { name: 'Next' }).click();
        await dialog.getByRole('button', { name: 'Compile' }).click();
        await page.locator('.jp-toast-message', { hasText: 'Written to menu-shell' }).waitFor();
        expect(existsSync(fileOf('menu-shell'))).toBe(true);
      });
    },
  );

  test(
    'axe-core: nothing serious in the panel and in what stands at the cells, light and dark',
    { timeout: long },
    async () => {
      writeNotebook(fileOf('look.ipynb'), [...smallNotebook(0), { id: 'bad', code: '#| mem: 8gb\npass' }]);
      for (const colorScheme of ['light', 'dark'] as const) {
        const opened = await openNotebook(browser, server, { notebook: 'look.ipynb', colorScheme });
        const { page } = opened;
        await pipelineButton(page).click();
        await taskCount(sidebar(page));
        await messagesUnder(cellAt(page, 8)).waitFor();
        expect(await seriousViolations(page, '#cellwright-pipeline')).toEqual([]);
        expect(await seriousViolations(page, '.cellwright-messages')).toEqual([]);
        expect(await seriousViolations(page, '.cellwright-mark')).toEqual([]);
        await opened.close();
      }
    },
  );
});
