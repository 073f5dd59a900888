/** The extension in a real workbench, installed from its .vsix: npm run vscode. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { executable, findViolations, startBrowser } from '../accessibility/browser.ts';
import { python, root } from '../environment.ts';
import { deno } from '../typescript/workplace.ts';
import { hasCodeServer, startServer, type Server } from './code-server.ts';
import { packJupyterLike } from './jupyter-like.ts';
import { writeCells, writeFlights, writeTypeScript } from './notebooks.ts';
import { Workbench } from './workbench.ts';

if (!hasCodeServer || executable === undefined)
  process.stderr.write('SKIPPED: the extension for VS Code in a real workbench. npm run vscode runs it.\n');

let browser: Browser;
let base: string;
let workspace: string;
let server: Server | undefined;
let context: BrowserContext | undefined;
let bench: Workbench;

const settings = { 'cellwright.python': python };

async function openWorkbench(scheme: 'light' | 'dark' = 'light'): Promise<void> {
  context = await browser.newContext({ viewport: { width: 1600, height: 900 }, colorScheme: scheme });
  bench = new Workbench(await context.newPage());
  await bench.open(server?.address ?? '');
}

const pictures = process.env['CELLWRIGHT_PICTURES'];

/** Takes a picture for the documentation, where pictures were asked for: light as it is, and dark in a window of its own. */
async function takePictures(name: string, isReady: string): Promise<void> {
  if (pictures === undefined) return;
  const save = async (page: Page, scheme: string): Promise<void> => {
    await page.mouse.move(0, 0);
    await page.waitForTimeout(1500);
    await page.screenshot({ path: path.join(root, pictures, `vscode-${name}-${scheme}.png`) });
  };
  await save(bench.page, 'light');
  const [light, lightContext] = [bench, context];
  await openWorkbench('dark');
  await bench.openNotebook('flights.ipynb');
  await bench.showView();
  const view = await bench.pressShowPipeline();
  await view.locator(isReady).first().waitFor({ timeout: 240_000 });
  if (name === 'failed') await bench.problems();
  await save(bench.page, 'dark');
  await context?.close();
  [bench, context] = [light, lightContext];
}

/** A server of its own for every test: what one leaves is nothing to the next. */
async function start(more: Readonly<Record<string, unknown>> = {}, asksForTrust = false): Promise<void> {
  server = await startServer({
    home: path.join(base, 'home'),
    workspace,
    settings: { ...settings, ...more },
    asksForTrust,
  });
  await openWorkbench();
}

/** The processes of the extension's program, by what they were called with. */
function programs(): readonly string[] {
  const listed = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  return listed.filter((line) => line.includes(base) && line.includes('cellwright.mjs'));
}

/** The records of all runs, as they are written. */
function eventsOf(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('events.jsonl'),
  );
  return names.map((name) => readFileSync(path.join(folder, name), 'utf8')).join('');
}

describe.skipIf(!hasCodeServer || executable === undefined)('VS Code', { timeout: 1_200_000 }, () => {
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') {
      await bench.page.screenshot({ path: path.join(tmpdir(), 'cellwright-vscode-failed.png') }).catch(() => undefined);
      process.stderr.write(`${server?.log() ?? ''}\n`);
    }
    await context?.close();
    await server?.stop();
    [context, server] = [undefined, undefined];
    rmSync(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });
  const prepare = (): void => {
    base = mkdtempSync(path.join(tmpdir(), 'cellwright-vscode-'));
    workspace = path.join(base, 'work');
    mkdirSync(workspace);
  };

  test('a notebook is seen, run, edited, broken, and there again after the window was closed', async () => {
    prepare();
    const cells = writeFlights(workspace, 'congestion');
    await start();
    await bench.openNotebook('flights.ipynb');
    let view = await bench.pressShowPipeline();
    await bench.until(
      async () => await view.locator('.cw-row:not(.cw-heading)').count(),
      (count) => count === cells,
    );
    await bench.until(
      async () => await bench.statusTexts(),
      (texts) => texts.some((text) => /will run/.test(text)),
    );

    // axe-core, on our page in the workbench.
    const violations = await findViolations(view);
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
    process.stdout.write(`axe-core: ${String(violations.length)} findings that are not serious\n`);

    await view.getByRole('button', { name: 'Run', exact: true }).click();
    await bench.until(
      async () => [...(await bench.tasks()).values()],
      (all) => all.length === cells && all.every((state) => state === 'done'),
    );
    await takePictures('done', '.cw-is-done');
    expect(await bench.statusTexts()).toContainEqual(expect.stringMatching(/done \d/));
    const [first] = await bench.runs();
    expect(first).toMatch(new RegExp(`ok, ${String(cells)} ran, 0 reused`));

    // An edited cell is marked at once, and what needs it; nothing else is touched.
    await bench.typeInCell('cancelled = df', '\nedited = 1');
    await bench.until(
      async () => (await bench.tasks()).get('5'),
      (state) => state === 'stale',
      20,
    );
    expect((await bench.tasks()).get('3')).not.toBe('stale');
    await bench.command('Cellwright: Run Pipeline');
    await bench.until(
      async () => (await bench.runs()).length,
      (count) => count === 2,
    );
    await bench.until(
      async () => (await bench.runs())[0],
      (run) => run?.includes('ok') === true,
    );
    const [second] = await bench.runs();
    const ran = Number(/ok, (\d+) ran/.exec(second ?? '')?.[1]);
    process.stdout.write(`after the edit ${String(ran)} of ${String(cells)} ran\n`);
    expect(ran).toBeLessThan(cells / 2);

    // A broken cell fails, and says so at its place.
    await bench.typeInCell('edited = 1', '\nraise ValueError("broken on purpose")');
    await bench.command('Cellwright: Run Pipeline');
    await bench.until(
      async () => (await bench.tasks()).get('5'),
      (state) => state === 'failed',
    );
    const problems = await bench.until(
      async () => await bench.problems(),
      (all) => all.some((one) => one.includes('broken on purpose')),
    );
    expect(problems.find((one) => one.includes('broken on purpose'))).toMatch(
      /Error: ValueError: broken on purpose.*cellwright/,
    );
    await bench.until(
      async () => await view.locator('.cw-is-failed').count(),
      (count) => count > 0,
    );

    await takePictures('failed', '.cw-is-failed');

    // The window goes, and comes back.
    await context?.close();
    await openWorkbench();
    await bench.openNotebook('flights.ipynb');
    await bench.until(
      async () => (await bench.tasks()).get('5'),
      (state) => state === 'failed',
    );
    expect((await bench.runs()).length).toBe(3);
    view = await bench.pressShowPipeline();
    await bench.until(
      async () => await view.locator('.cw-is-failed').count(),
      (count) => count > 0,
    );
  });

  test('a run goes on when the whole editor ends, is seen when it is there again, and can be stopped', async () => {
    prepare();
    const file = path.join(workspace, 'ticks.txt');
    writeCells(workspace, 'slow.ipynb', [
      'import time',
      `for n in range(600):\n    time.sleep(0.2)\n    with open("ticks.txt", "a") as f: print(n, file=f)`,
      'print("end")',
    ]);
    await start();
    await bench.openNotebook('slow.ipynb');
    await bench.pressShowPipeline();
    await bench.command('Cellwright: Run Pipeline');
    const ticks = (): number => {
      try {
        return readFileSync(file, 'utf8').split('\n').length;
      } catch {
        return 0;
      }
    };
    await bench.until(
      async () => await Promise.resolve(ticks()),
      (count) => count > 2,
    );
    await context?.close();
    await server?.end();
    const then = ticks();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(ticks()).toBeGreaterThan(then);

    server = await startServer({ home: path.join(base, 'home'), workspace, settings });
    await openWorkbench();
    await bench.openNotebook('slow.ipynb');
    await bench.until(
      async () => (await bench.tasks()).get('2'),
      (state) => state === 'running',
    );
    await bench.command('Cellwright: Stop Pipeline');
    await bench.until(
      async () => (await bench.runs())[0],
      (run) => /interrupted|unfinished/.test(run ?? ''),
    );
    const last = ticks();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(ticks()).toBe(last);
  });

  test('problems stand at their place, with fixes and an explanation; gates and checks are in the Testing panel; tasks find problems', async () => {
    prepare();
    writeCells(workspace, 'fine.ipynb', ['#| cach: false\nx = 1', '#| metric: y\n#| gate: y > 0\ny = x + 1', 'y + 1']);
    await start();
    await bench.openNotebook('fine.ipynb');
    const [found] = await bench.until(
      async () => await bench.problems(),
      (all) => all.some((one) => one.includes('no directive cach')),
    );
    expect(found).toBeDefined();
    const problem = (await bench.problems()).find((one) => one.includes('no directive cach')) ?? '';
    expect(problem).toMatch(/Error: There is no directive cach\. Did you mean cache\?.*at line 1/);

    // Its code leads to what it means.
    await bench.page.locator('.markers-panel').getByText('CW120').first().click();
    await bench.page.getByRole('tab', { name: /CW120/ }).first().waitFor({ timeout: 60_000 });
    await bench.page
      .getByRole('tab', { name: /fine\.ipynb/ })
      .first()
      .click();

    await bench.command('Tasks: Run Task');
    await bench.choose('cellwright');
    await bench.choose('run fine.ipynb');
    await bench.until(
      async () => await bench.problems(),
      (all) => all.filter((one) => one.includes('no directive cach')).length === 2,
    );

    // The first remedy.
    await bench.clickInCell('cach: false');
    await bench.page.keyboard.press('Control+.');
    const fixes = bench.page.locator('.action-widget').filter({ hasText: 'Quick Fix' }).first();
    await fixes.waitFor({ timeout: 60_000 });
    const offered = await fixes.locator('.monaco-list-row').allInnerTexts();
    expect(offered.join('\n')).toMatch(/Write cache[^]*Explain CW120/);
    await bench.page.keyboard.press('Enter');
    await bench.until(
      async () => await bench.problems(),
      (all) => all.filter((one) => one.includes('no directive cach')).length <= 1,
    );
    await bench.until(
      async () => [...(await bench.tasks()).keys()].length,
      (count) => count === 3,
    );

    await bench.command('Cellwright: Run Pipeline');
    await bench.until(
      async () => (await bench.runs())[0],
      (run) => run?.includes('ok, 3 ran') === true,
    );
    await bench.command('Testing: Focus on Test Explorer View');
    await bench.until(
      async () => await bench.tests(),
      (all) => all.some((one) => /Gate: y > 0.*Passed/i.test(one)),
    );
    await bench.clickInCell('y = x + 1');
    await bench.command('Cellwright: Make a Check of Cell from the Last Run');
    await bench.until(
      async () => await bench.tests(),
      (all) => all.some((one) => one.includes('Check: 02_y')),
    );
    await bench.command('Test: Run All Tests');
    await bench.until(
      async () => await bench.tests(),
      (all) => all.some((one) => /Check: 02_y.*Passed/i.test(one)),
    );
  });

  test('in a workspace that is not trusted the graph is seen and nothing is run', async () => {
    prepare();
    writeCells(workspace, 'fine.ipynb', ['x = 1', 'y = x + 1']);
    await start({}, true);
    await bench.openNotebook('fine.ipynb');
    const view = await bench.pressShowPipeline();
    await bench.until(
      async () => await view.locator('.cw-row:not(.cw-heading)').count(),
      (count) => count === 2,
    );
    expect(await view.getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
    expect(await view.locator('button:disabled[title*="not trusted"]').count()).toBe(1);
    expect(await bench.offers('Cellwright: Run Pipeline')).toBe(false);
    expect(programs()).toEqual([]);

    await bench.command('Workspaces: Manage Workspace Trust');
    await bench.page.getByRole('button', { name: 'Trust', exact: true }).first().click();
    await bench.page
      .locator('.monaco-modal-editor-block')
      .getByRole('button', { name: /^Close/ })
      .first()
      .click();
    await bench.until(
      async () => await (await bench.pipeline()).getByRole('button', { name: 'Run', exact: true }).isEnabled(),
      (isEnabled) => isEnabled,
    );
    await bench.until(
      async () => await Promise.resolve(programs()),
      (all) => all.some((one) => one.includes('serve --stdio')),
    );
  });

  test('in the web editor the graph and the problems are seen, without any process', async () => {
    prepare();
    writeCells(workspace, 'fine.ipynb', ['#| cach: false\nx = 1', 'y = x + 1']);
    await start({ 'remote.extensionKind': { 'cellwright.cellwright': ['web'] } });
    await bench.openNotebook('fine.ipynb');
    const view = await bench.pressShowPipeline();
    await bench.until(
      async () => await view.locator('.cw-row:not(.cw-heading)').count(),
      (count) => count === 2,
    );
    await bench.until(
      async () => await bench.problems(),
      (all) => all.some((one) => one.includes('no directive cach')),
    );
    await bench.until(
      async () => (await bench.tasks()).size,
      (count) => count === 2,
    );
    expect(await view.locator('button:disabled[title*="A browser cannot start processes"]').count()).toBe(1);
    expect(await bench.offers('Cellwright: Run Pipeline')).toBe(false);
    expect(programs()).toEqual([]);
  });

  test('in the web editor the graph of a notebook in TypeScript is there as well', async () => {
    prepare();
    writeTypeScript(workspace);
    await start({ 'remote.extensionKind': { 'cellwright.cellwright': ['web'] } });
    await bench.openNotebook('notebook.ipynb');
    const view = await bench.pressShowPipeline();
    await bench.until(
      async () => await view.locator('.cw-row:not(.cw-heading)').count(),
      (count) => count === 10,
    );
    await view.getByRole('treeitem', { name: /^Task 3 of 10, mine, .*reads .*weeks from 2/ }).waitFor();
    await bench.until(
      async () => (await bench.tasks()).size,
      (count) => count === 10,
    );
  });

  test.skipIf(deno === undefined)('a notebook in TypeScript is seen, run with Deno and edited', async () => {
    prepare();
    writeTypeScript(workspace);
    symlinkSync(path.join(root, 'node_modules'), path.join(workspace, 'node_modules'));
    await start();
    await bench.openNotebook('notebook.ipynb');
    const view = await bench.pressShowPipeline();
    await bench.until(
      async () => await view.locator('.cw-row:not(.cw-heading)').count(),
      (count) => count === 10,
    );
    await view.getByRole('button', { name: 'Run', exact: true }).click();
    await bench.until(
      async () => [...(await bench.tasks()).values()],
      (all) => all.length === 10 && all.every((state) => state === 'done'),
    );
    expect(await bench.statusTexts()).toContainEqual(expect.stringMatching(/done \d/));
    await bench.typeInCell('const station', '\nconst wrong: number = "text";');
    await bench.until(
      async () => await bench.problems(),
      (all) => all.some((one) => one.includes("Type 'string' is not assignable to type 'number'")),
    );
    await bench.until(
      async () => (await bench.tasks()).get('1'),
      (state) => state === 'stale',
    );
    expect(await view.locator('body').innerText()).not.toMatch(/python/i);
    expect((await bench.statusTexts()).join(' ')).not.toMatch(/python/i);
  });

  test('the interpreter is that of the kernel which is selected, where the extension for Jupyter tells it', async () => {
    prepare();
    writeCells(workspace, 'fine.ipynb', ['import sys\nprint(sys.executable)']);
    const link = path.join(base, 'selected-python');
    writeFileSync(link, `#!/bin/sh\nexec ${python} "$@"\n`, { mode: 0o755 });
    server = await startServer({
      home: path.join(base, 'home'),
      workspace,
      settings: {},
      packages: [packJupyterLike(base, link)],
    });
    await openWorkbench();
    await bench.openNotebook('fine.ipynb');
    await bench.until(
      async () => (await bench.tasks()).size,
      (count) => count === 1,
    );
    await bench.command('Cellwright: Run Pipeline');
    await bench.until(
      async () => (await bench.runs())[0],
      (run) => run?.includes('ok, 1 ran') === true,
    );
    expect(eventsOf(base)).toContain(`"executable":"${link}"`);
  });
});
