import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { root } from '../environment.ts';
import type { JupyterServer } from './jupyter-server.ts';

/** A page of JupyterLab or Notebook with one notebook in front. */
export interface NotebookPage {
  readonly page: Page;
  /** Errors that the page itself has thrown. */
  readonly errors: readonly string[];
  /** Every address that was asked for. */
  readonly asked: readonly string[];
  /** Addresses that are not of this machine; there must be none. */
  readonly elsewhere: readonly string[];
  close(): Promise<void>;
}

export interface PageWishes {
  readonly notebook: string;
  readonly colorScheme?: 'light' | 'dark';
  readonly application?: 'lab' | 'notebooks';
}

const patience = 60_000;

/** Opens the notebook in a browser of its own, and waits until the extension's button is there. */
export async function openNotebook(browser: Browser, server: JupyterServer, wishes: PageWishes): Promise<NotebookPage> {
  const { notebook, colorScheme = 'light', application = 'lab' } = wishes;
  const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 } });
  const opened = await watchedPage(context);
  // A workspace that was kept would open what an earlier test had opened.
  const place = application === 'lab' ? `lab/workspaces/one/tree/${notebook}?reset&` : `notebooks/${notebook}?`;
  await opened.page.goto(`${server.address}${place}token=${server.token}`);
  await pipelineButton(opened.page).waitFor({ timeout: patience });
  return opened;
}

/** A page of which is kept what it throws and where it goes. */
export async function watchedPage(context: BrowserContext): Promise<NotebookPage> {
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const errors: string[] = [];
  const asked: string[] = [];
  const elsewhere: string[] = [];
  page.on('pageerror', ({ message, stack }) => errors.push(stack ?? message));
  context.on('request', (request) => {
    asked.push(request.url());
    if (!/^(?:https?|wss?):\/\/127\.0\.0\.1[:/]|^(?:data|blob|about):/.test(request.url()))
      elsewhere.push(request.url());
  });
  return { page, errors, asked, elsewhere, close: () => context.close() };
}

/** True for the address of TypeScript's compiler, which is only for notebooks in that language. */
export function isTypeScript(address: string): boolean {
  return /\/typescript\.\w+\.js/.test(address);
}

/** The button "Pipeline" in the notebook's toolbar. */
export function pipelineButton(page: Page): Locator {
  return page.locator('[data-jp-item-name="cellwright-show"]').locator('jp-button, button').first();
}

/** The button that runs, in the notebook's toolbar. */
export function runButton(page: Page): Locator {
  return page.locator('[data-jp-item-name="cellwright-run"]').locator('jp-button, button').first();
}

/** File › Pipeline, unfolded. */
export async function openPipelineMenu(page: Page): Promise<Locator> {
  await page.locator('.lm-MenuBar-itemLabel', { hasText: /^File$/ }).click();
  await page.locator('.lm-Menu-itemLabel', { hasText: /^Pipeline$/ }).hover();
  const menu = page.locator('#jp-mainmenu-file-cellwright');
  await menu.locator('.lm-Menu-itemLabel', { hasText: 'Compile to' }).waitFor();
  return menu;
}

/** The panel at the right. */
export function sidebar(page: Page): Locator {
  return page.locator('#cellwright-pipeline');
}

/** A code cell of the notebook by its place among all cells. */
export function cellAt(page: Page, index: number): Locator {
  return page.locator(`.jp-Notebook .jp-Cell[data-windowed-list-index="${String(index)}"]`);
}

/** The mark at a cell when it has a state. */
export function markOf(cell: Locator, state: string): Locator {
  return cell.locator(`.cellwright-mark[data-state="${state}"]`);
}

/** What is said under a cell. */
export function messagesUnder(cell: Locator): Locator {
  return cell.locator('.cellwright-messages');
}

/** Puts another text into a cell, as the keyboard does. */
export async function typeInto(page: Page, cell: Locator, text: string): Promise<void> {
  await cell.locator('.cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
}

/** What axe-core finds wrong below an element, by its rules of WCAG 2.2 AA, as far as it is serious. */
export async function seriousViolations(page: Page, selector: string): Promise<readonly string[]> {
  await page.evaluate(axe);
  const options = JSON.stringify({
    runOnly: { type: 'tag', values: tags },
    resultTypes: ['violations'],
    iframes: false,
  });
  return await page.evaluate<readonly string[]>(
    `axe.run(${JSON.stringify(selector)}, ${options}).then(({ passes, violations }) => {
      if (passes.length < 3) throw new Error('axe-core looked at almost nothing');
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html.slice(0, 200) + ' ' + failureSummary).join(' | '));
    })`,
  );
}

const axe = readFileSync(createRequire(path.join(root, 'package.json')).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
