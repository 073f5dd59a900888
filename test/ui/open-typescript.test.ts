/** `cellwright open` with a notebook of Deno's kernel, in a real browser under the page's own policy: graph, run, states, hover, an edit. */
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executable, startBrowser } from '../accessibility/browser.ts';
import { root } from '../environment.ts';
import { environmentIn, program } from '../service/connection.ts';
import { deno } from '../typescript/workplace.ts';

if (executable === undefined)
  process.stderr.write(
    'SKIPPED: a notebook in TypeScript in a real browser. Install chromium, or set CELLWRIGHT_TEST_CHROMIUM to one.\n',
  );

describe.skipIf(executable === undefined || deno === undefined)('a notebook in TypeScript in a real browser', () => {
  let folder: string;
  let child: ChildProcess;
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];
  const asked: string[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'cellwright-view-'));
    cpSync(path.join(root, 'samples', 'typescript'), folder, { recursive: true });
    const environment = environmentIn(folder);
    const programs = `${path.dirname(deno ?? '')}${path.delimiter}${environment['PATH'] ?? ''}`;
    child = spawn(process.execPath, [program, 'open', 'notebook.ipynb', '--no-browser'], {
      cwd: folder,
      env: { ...environment, PATH: programs },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const address = await new Promise<string>((resolve) =>
      child.stdout?.once('data', (data: Buffer) => resolve(data.toString().trim())),
    );
    browser = await startBrowser();
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (said) => {
      if (said.type() === 'error') errors.push(said.text());
    });
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(address);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    child.kill('SIGINT');
    rmSync(folder, { recursive: true, force: true });
  });

  const row = (name: RegExp): Locator => page.getByRole('treeitem', { name });

  test('the graph, with the reason for each arrow, under the policy of the page', async () => {
    await row(/^Task 3 of 10, mine, will run, reads .*weeks from 2/).click();
    const details = (await page.locator('.cw-details').textContent()) ?? '';
    expect(details).toMatch(/Reads.*from \[2\] .*weeks = parseCsv.*Is read by/s);
    expect(asked.filter((one) => one === '/typescript.mjs')).toHaveLength(1);
  });

  test('a run, and an edit that is stale at once', async () => {
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await row(/^Task 10 of 10, .*, done/).waitFor({ timeout: 40_000 });
    const file = path.join(folder, 'notebook.ipynb');
    writeFileSync(file, readFileSync(file, 'utf8').replace('mine.slice(0, 3)', 'mine.slice(0, 4)'));
    await row(/^Task 3 of 10, mine, stale/).waitFor();
    expect(await page.locator('.cw-place').innerText()).not.toMatch(/python/i);
    expect(errors).toEqual([]);
  }, 60_000);
});
