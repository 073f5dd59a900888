/** A notebook of Deno's kernel in the real JupyterLab: its graph, a run with the real Deno, what is said of a cell. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../accessibility/browser.ts';
import { root } from '../environment.ts';
import { deno } from '../typescript/workplace.ts';
import { addKernel, installedWheel } from './installed-wheel.ts';
import { startServer, type JupyterServer } from './jupyter-server.ts';
import {
  cellAt,
  isTypeScript,
  markOf,
  messagesUnder,
  openNotebook,
  pipelineButton,
  runButton,
  sidebar,
  typeInto,
} from './lab-page.ts';
import { kernel, smallNotebook, writeNotebook } from './notebooks.ts';
import { taskCount, untilEnded } from './view.ts';
import { isWanted } from './wanted.ts';

const long = 300_000;

describe.skipIf(!isWanted || deno === undefined)('a notebook in TypeScript in JupyterLab', () => {
  let server: JupyterServer;
  let browser: Browser;
  beforeAll(async () => {
    const wheel = installedWheel('lab');
    addKernel(wheel, kernel);
    const place = path.join(wheel.folder, 'share', 'jupyter', 'kernels', 'deno');
    mkdirSync(place, { recursive: true });
    // As `deno jupyter --install` writes it.
    const argv = [deno, 'jupyter', '--kernel', '--conn', '{connection_file}'];
    writeFileSync(
      path.join(place, 'kernel.json'),
      JSON.stringify({ argv, display_name: 'Deno', language: 'typescript' }),
    );
    server = await startServer(wheel, { program: 'jupyter-lab' });
    cpSync(path.join(root, 'samples', 'typescript'), server.root, { recursive: true });
    cpSync(path.join(server.root, 'notebook.ipynb'), path.join(server.root, 'again.ipynb'));
    writeNotebook(path.join(server.root, 'small.ipynb'), smallNotebook(0));
    browser = await startBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await server.remove();
  });

  test('the graph, a run, an edited cell, and no word of another language', { timeout: long }, async () => {
    const opened = await openNotebook(browser, server, { notebook: 'notebook.ipynb' });
    const { page } = opened;
    await pipelineButton(page).click();
    const view = sidebar(page);
    expect(await taskCount(view)).toBe(10);
    expect(opened.asked.filter(isTypeScript)).toHaveLength(1);
    await runButton(page).click();
    await view.locator('.cw-status', { hasText: 'Running' }).waitFor();
    expect(new Set(await untilEnded(view, long))).toEqual(new Set(['done']));
    const mine = cellAt(page, 4);
    await typeInto(page, mine, 'const mine: Week[] = weeks.slice(0, "ten");');
    await markOf(mine, 'stale').waitFor();
    await messagesUnder(mine).getByText('is not assignable to parameter of type', { exact: false }).waitFor();
    await runButton(page).click();
    await view.locator('.cw-status', { hasText: 'Running' }).waitFor();
    const after = await untilEnded(view, long);
    expect(after.slice(0, 4)).toEqual(['cached', 'cached', 'done', 'cached']);
    expect(await view.innerText()).not.toMatch(/python/i);
    expect([opened.errors, opened.elsewhere]).toEqual([[], []]);
    await opened.close();
  });

  test('a directive of the property inspector is a comment of the language', { timeout: long }, async () => {
    const opened = await openNotebook(browser, server, { notebook: 'again.ipynb' });
    const { page } = opened;
    await pipelineButton(page).click();
    expect(await taskCount(sidebar(page))).toBe(10);
    await cellAt(page, 4).locator('.cm-content').click();
    await page.locator('.jp-SideBar.jp-mod-right [title*="Property Inspector"]').click();
    await page.locator('.jp-NotebookTools .jp-Collapse-header', { hasText: 'Pipeline' }).click();
    const memory = page.locator('.cellwright-properties').getByLabel('Memory');
    await memory.fill('8gb');
    await memory.press('Tab');
    await page.locator('.cellwright-properties .cellwright-problem', { hasText: 'gb is no unit' }).waitFor();
    await memory.fill('8Gi');
    await memory.press('Tab');
    const source = cellAt(page, 4).locator('.cm-content');
    await expect.poll(() => source.innerText()).toMatch(/^\/\/\| mem: 8Gi\n/);
    expect(opened.errors).toEqual([]);
    await opened.close();
  });

  test('a notebook in Python asks for nothing of it', { timeout: long }, async () => {
    const opened = await openNotebook(browser, server, { notebook: 'small.ipynb' });
    await pipelineButton(opened.page).click();
    expect(await taskCount(sidebar(opened.page))).toBe(6);
    expect(opened.asked.filter(isTypeScript)).toEqual([]);
    await opened.close();
  });
});
