/** `cellwright open` in a real browser: the graph, a run, its states, an edit, a failure, and what axe-core finds. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executable, findViolations } from '../accessibility/browser.ts';
import { notebookText } from './notebook.ts';
import { openInBrowser, type OpenedPage } from './opened-page.ts';

if (executable === undefined)
  process.stderr.write(
    'SKIPPED: the view in a real browser. Install chromium, or set CELLWRIGHT_TEST_CHROMIUM to one.\n',
  );

const looks = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['forced colours', { colorScheme: 'dark', forcedColors: 'active' }],
] as const;

describe.skipIf(executable === undefined)('the view in a real browser', () => {
  let opened: OpenedPage;
  let notebook: string;
  let page: Page;
  beforeAll(async () => {
    opened = await openInBrowser({
      fill: (folder) => {
        notebook = path.join(folder, 'rain.ipynb');
        writeFileSync(notebook, notebookText());
        return 'rain.ipynb';
      },
      patience: 10_000,
      // That the program of an output is stopped is what is wanted.
      isWanted: (complaint) => complaint.startsWith('Blocked script execution in'),
    });
    ({ page } = opened);
  }, 60_000);
  afterAll(async () => {
    await opened.close();
  });

  const row = (name: RegExp): Locator => page.getByRole('treeitem', { name });
  const graph = async (): Promise<void> => await page.getByRole('button', { name: 'Graph', exact: true }).click();
  const list = async (): Promise<void> => await page.getByRole('button', { name: 'List', exact: true }).click();
  const openPage = async (name: string): Promise<void> => await page.getByRole('tab', { name }).click();

  test('the graph of the notebook is there, with names that a screen reader says', async () => {
    await row(/^Task 3 of 7, wait a while, will run, reads pause from 1 and rows from 2$/).waitFor();
    expect(await page.getByRole('treeitem').count()).toBe(10);
    expect(await row(/^Section Model, 3 cells: 3 will run$/).count()).toBe(0);
    expect(await row(/^Section Model, 4 cells: 4 will run$/).getAttribute('aria-expanded')).toBe('true');
    expect(page.url()).not.toContain('token');
  });

  test('the keyboard walks, folds, searches and goes to the cell', async () => {
    await row(/^Section Rain/).focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
    const focused = async (): Promise<unknown> =>
      await page.evaluate('document.activeElement?.querySelector(":scope > .cw-hidden, :scope > title")?.textContent');
    expect(await focused()).toMatch(/^Task 2 of 7, rows/);
    await page.keyboard.press('End');
    expect(await focused()).toMatch(/^Task 7 of 7/);
    await page.keyboard.press('ArrowLeft');
    expect(await focused()).toMatch(/^Section Model/);
    await page.keyboard.press('ArrowLeft');
    await row(/^Section Model/)
      .and(page.locator('[aria-expanded="false"]'))
      .waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('/');
    await page.keyboard.type('scaled');
    expect(await page.getByText('2 cells', { exact: true }).count()).toBe(1);
    await page.keyboard.press('Enter');
    expect(await page.locator('.cw-cell.cw-here').getAttribute('data-cell')).toBe('scale');
    await page.keyboard.press('Escape');
    await page.locator('.cw-details').getByText('row * factor', { exact: false }).first().waitFor();
    const details = (await page.locator('.cw-details').textContent()) ?? '';
    expect(details).toMatch(
      /Reads.*from \[2\] rows.*rows = \[3, 4, 5\].*from \[1\] factor.*Is read by.*by \[5\] rmse/s,
    );
    expect(details).toContain('Is read by');
  });

  test('hovering a cell marks what it reads and writes, here and in the notebook', async () => {
    await row(/^Task 4 of 7/).hover();
    const marked = await page.locator('.cw-cell.cw-near').all();
    const near = await Promise.all(marked.map(async (cell) => await cell.getAttribute('data-cell')));
    expect(near).toEqual(['parameters', 'load', 'scale', 'score']);
    expect(await page.locator('.cw-row.cw-gives').count()).toBe(2);
    expect(await page.locator('.cw-row.cw-takes').count()).toBe(1);
  });

  test('a run is started, shown while it goes on, and told to its end', async () => {
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await row(/^Task 3 of 7, wait a while, running/).waitFor();
    await row(/^Task 7 of 7, .*, done/).waitFor({ timeout: 40_000 });
    await page.getByRole('status').getByText('7 cells, 7 done', { exact: false }).waitFor();
    await openPage('Run');
    const run = page.getByRole('tabpanel', { name: 'Run' });
    await run.getByText('rmse < 90 holds', { exact: false }).waitFor();
    expect(await run.getByText('24', { exact: true }).count()).toBe(1);
    await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
    await run.getByText('the end 12 24.0').waitFor();
    const frame = run.locator('iframe');
    expect(await frame.getAttribute('sandbox')).toBe('');
    expect(await frame.contentFrame().locator('#said').textContent()).toBe('said');
    expect(await page.title()).toBe('rain.ipynb – Cellwright');
  }, 60_000);

  test('an edited cell is stale at once, and only what it reaches runs again', async () => {
    await openPage('Pipeline');
    writeFileSync(notebook, notebookText({ scale: 'scaled = [row * factor + 1 for row in rows]' }));
    await row(/^Task 4 of 7, scaled, stale/).waitFor();
    await row(/^Task 5 of 7, .*, will run/).waitFor();
    expect(await row(/^Task 3 of 7, wait a while, (?:done|cached)/).count()).toBe(1);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await row(/^Task 7 of 7, .*, done/).waitFor({ timeout: 40_000 });
    expect(await row(/, cached/).count()).toBe(4);
    expect(await row(/, done/).count()).toBe(3);
    await row(/^Task 2 of 7/).click();
    await page
      .locator('.cw-details')
      .getByText(/from run \d{8}T/)
      .waitFor();
  }, 60_000);

  test('a cell that raises and a gate that does not hold are shown at their cells', async () => {
    writeFileSync(notebook, notebookText({ scale: 'scaled = [row * 100 for row in rows]' }));
    await row(/^Task 4 of 7, scaled, stale/).waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await row(/^Task 5 of 7, .*, gate does not hold/).waitFor({ timeout: 40_000 });
    writeFileSync(notebook, notebookText({ scale: 'scaled = [row / 0 for row in rows]' }));
    await row(/^Task 4 of 7, scaled, stale/).waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await row(/^Task 4 of 7, scaled, failed/).waitFor({ timeout: 40_000 });
    await row(/^Task 4 of 7/).click();
    await page
      .locator('.cw-details')
      .getByText('ZeroDivisionError: division by zero', { exact: false })
      .first()
      .waitFor();
  }, 90_000);

  test('what the compiler refuses is told with what, why and what to do', async () => {
    writeFileSync(notebook, notebookText({ scale: '#| lable: scale\nscaled = [row * factor for row in rows]' }));
    await row(/^Task 4 of 7, .*, refused, reads .*, 1 message$/).click();
    const details = page.locator('.cw-details');
    await details.getByText('There is no directive lable.', { exact: false }).first().waitFor();
    await details.getByText('Did you mean label?', { exact: false }).waitFor();
    writeFileSync(notebook, notebookText());
    await row(/^Task 4 of 7, scaled, (?:stale|done|cached|will run)/).waitFor();
  });

  test('the runs are listed and compared; a page that is loaded again shows the last one', async () => {
    await openPage('History');
    const history = page.getByRole('tabpanel', { name: 'History' });
    await history
      .getByRole('button', { name: /^Compare \S+ with/ })
      .nth(2)
      .waitFor();
    await history
      .getByRole('button', { name: /^Compare \S+ with/ })
      .nth(2)
      .click();
    await history.getByText('Made on').waitFor();
    await history.getByText('+ 1 for row', { exact: false }).waitFor();
    // To look at an earlier run changes nothing of what is said of the cells now.
    await openPage('Pipeline');
    const before = await page.getByRole('treeitem').allTextContents();
    await openPage('History');
    await history
      .getByRole('button', { name: /^\d{8}T/ })
      .last()
      .click();
    const run = page.getByRole('tabpanel', { name: 'Run' });
    await run.getByText('rmse < 90 holds', { exact: false }).waitFor();
    await openPage('Pipeline');
    expect(await page.getByRole('treeitem').allTextContents()).toEqual(before);
    await openPage('Run');
    await run.getByRole('button', { name: 'Back to the current run' }).click();
    await run.getByText('ZeroDivisionError', { exact: false }).first().waitFor();
    await page.reload();
    await row(/^Task 4 of 7, scaled, /).waitFor();
    await openPage('Run');
    await page
      .getByRole('tabpanel', { name: 'Run' })
      .getByText('ZeroDivisionError', { exact: false })
      .first()
      .waitFor();
    await openPage('Pipeline');
  });

  test.each(looks)(
    'axe-core finds nothing: %s',
    async (_, media) => {
      const own = await opened.browser.newContext({ ...media, viewport: { width: 1200, height: 900 } });
      const seen = await own.newPage();
      await seen.goto(opened.address);
      await seen.getByRole('treeitem', { name: /^Task 4 of 7/ }).click();
      const found: unknown[] = [];
      const look = async (what: string): Promise<void> => {
        await seen.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
        await seen.mouse.move(5, 5);
        for (const violation of await findViolations(seen)) found.push({ what, ...violation });
      };
      await look('list');
      await seen.getByRole('button', { name: 'Graph', exact: true }).click();
      await look('graph');
      await seen.getByRole('tab', { name: 'Run' }).click();
      await look('run');
      await seen.getByRole('tab', { name: 'History' }).click();
      await seen
        .getByRole('button', { name: /^Compare/ })
        .first()
        .click();
      await seen.getByText('Made on').waitFor();
      await look('history');
      await own.close();
      expect(found).toEqual([]);
    },
    60_000,
  );

  test('the graph in layers: boxes go to their cells, the keyboard goes along the arrows', async () => {
    await graph();
    const box = page.getByRole('button', { name: /^Task 4 of 7/ });
    await box.click();
    expect(await page.locator('.cw-cell.cw-here').getAttribute('data-cell')).toBe('scale');
    await page.keyboard.press('ArrowDown');
    expect(
      await page.evaluate('document.activeElement?.querySelector(":scope > .cw-hidden, :scope > title")?.textContent'),
    ).toMatch(/^Task 5 of 7/);
    await page.keyboard.press('Home');
    expect(
      await page.evaluate('document.activeElement?.querySelector(":scope > .cw-hidden, :scope > title")?.textContent'),
    ).toMatch(/^Task 1 of 7/);
    await list();
  });

  test('nothing was asked of another machine, and nothing went wrong in the page', () => {
    expect(
      opened.asked.filter(
        (url) => !url.startsWith(new URL(opened.address).origin) && !/^(?:data|blob|about):/.test(url),
      ),
    ).toEqual([]);
    expect(opened.asked.filter((url) => url.includes('typescript'))).toEqual([]);
    expect(opened.errors).toEqual([]);
  });
});
