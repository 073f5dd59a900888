/** The wheel in a fresh environment: what it brings, and how long it takes until somebody sees something. */
import { cpSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { version } from '../../extensions/cli/version.ts';
import { startBrowser } from '../accessibility/browser.ts';
import { root } from '../environment.ts';
import { installWheel, type InstalledWheel } from './installed-wheel.ts';
import { startServer, type JupyterServer } from './jupyter-server.ts';
import { openNotebook, pipelineButton, sidebar } from './lab-page.ts';
import { taskCount } from './view.ts';
import { isWanted } from './wanted.ts';

describe.skipIf(!isWanted)('the wheel', () => {
  let wheel: InstalledWheel;
  let browser: Browser;
  let server: JupyterServer | undefined;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await server?.remove();
  });

  test(
    'from pip install to the graph of a notebook that was never seen: less than 60 seconds',
    { timeout: 240_000 },
    async () => {
      wheel = installWheel('lab', ['lab', 'notebook']);
      const startedAt = performance.now();
      server = await startServer(wheel, { program: 'jupyter-lab' });
      cpSync(path.join(root, 'samples', 'flights', 'notebook.ipynb'), path.join(server.root, 'unseen.ipynb'));
      const opened = await openNotebook(browser, server, { notebook: 'unseen.ipynb' });
      await pipelineButton(opened.page).click();
      expect(await taskCount(sidebar(opened.page))).toBe(34);
      const shown = (performance.now() - startedAt) / 1000;
      process.stdout.write(`pip install ${wheel.seconds.toFixed(1)} s, then ${shown.toFixed(1)} s to the graph\n`);
      expect(wheel.seconds + shown).toBeLessThan(60);
      expect([opened.errors, opened.elsewhere]).toEqual([[], []]);
      await opened.close();
    },
  );

  test('the command line, with the Node runtime that came with it', () => {
    expect(wheel.run('cellwright', '--version').trim()).toBe(`cellwright ${version}`);
    const notebook = path.join(root, 'samples', 'flights', 'notebook.ipynb');
    expect(wheel.run('cellwright', 'graph', notebook)).toContain('34_');
  });

  test('Jupyter knows both parts', () => {
    expect(wheel.run('jupyter', 'labextension', 'list')).toMatch(
      /cellwright-jupyterlab v[\d.]+ .*enabled.* .*OK.* \(python, cellwright\)/,
    );
    expect(wheel.run('jupyter', 'server', 'extension', 'list')).toMatch(/cellwright [\d.]* ?.*OK/);
  });
});
