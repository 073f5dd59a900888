/** `cellwright open` with a notebook of Deno's kernel, in a real browser under the page's own policy: graph, run, states, hover, an edit. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executable } from '../accessibility/browser.ts';
import { root } from '../environment.ts';
import { deno } from '../typescript/workplace.ts';
import { openInBrowser, type OpenedPage } from './opened-page.ts';

if (executable === undefined)
  process.stderr.write(
    'SKIPPED: a notebook in TypeScript in a real browser. Install chromium, or set CELLWRIGHT_TEST_CHROMIUM to one.\n',
  );

describe.skipIf(executable === undefined || deno === undefined)('a notebook in TypeScript in a real browser', () => {
  let opened: OpenedPage;
  beforeAll(async () => {
    opened = await openInBrowser({
      fill: (folder) => {
        cpSync(path.join(root, 'samples', 'typescript'), folder, { recursive: true });
        return 'notebook.ipynb';
      },
      programs: [path.dirname(deno ?? '')],
      patience: 20_000,
    });
  }, 60_000);
  afterAll(async () => {
    await opened.close();
  });

  const row = (name: RegExp): Locator => opened.page.getByRole('treeitem', { name });

  test('the graph, with the reason for each arrow, under the policy of the page', async () => {
    await row(/^Task 3 of 10, mine, will run, reads .*weeks from 2/).click();
    const details = (await opened.page.locator('.cw-details').textContent()) ?? '';
    expect(details).toMatch(/Reads.*from \[2\] .*weeks = parseCsv.*Is read by/s);
    expect(opened.asked.filter((one) => new URL(one).pathname === '/typescript.mjs')).toHaveLength(1);
  });

  test('a run, and an edit that is stale at once', async () => {
    await opened.page.getByRole('button', { name: 'Run', exact: true }).click();
    await row(/^Task 10 of 10, .*, done/).waitFor({ timeout: 40_000 });
    const file = path.join(opened.folder, 'notebook.ipynb');
    writeFileSync(file, readFileSync(file, 'utf8').replace('mine.slice(0, 3)', 'mine.slice(0, 4)'));
    await row(/^Task 3 of 10, mine, stale/).waitFor();
    expect(await opened.page.locator('.cw-place').innerText()).not.toMatch(/python/i);
    expect(opened.errors).toEqual([]);
  }, 60_000);
});
