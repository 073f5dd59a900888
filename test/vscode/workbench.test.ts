/** The extension in a real workbench, installed from its .vsix: npm run vscode. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { executable, findViolations, startBrowser } from '../accessibility/browser.ts';
import { python } from '../environment.ts';
import { hasCodeServer, startServer, type Server } from './code-server.ts';
import { writeCells, writeFlights } from './notebooks.ts';
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
  context = await browser.newContext({ viewport: { width: 1700, height: 1000 }, colorScheme: scheme });
  bench = new Workbench(await context.newPage());
  await bench.open(server?.address ?? '');
}

/** A server of its own for every test: what one leaves is nothing to the next. */
async function start(more: Readonly<Record<string, unknown>> = {}, asksForTrust = false): Promise<void> {
  server = await startServer({ home: path.join(base, 'home'), workspace, settings: { ...settings, ...more }, asksForTrust });
  await openWorkbench();
}

/** The processes of the extension's program, by what they were called with. */
export function programs(): readonly string[] {
  const listed = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  return listed.filter((line) => line.includes(base) && line.includes('cellwright.mjs'));
}

describe.skipIf(!hasCodeServer || executable === undefined)('VS Code', { timeout: 600_000 }, () => {
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
    const began = performance.now();
    let view = await bench.pressShowPipeline();
    await bench.until(async () => await view.locator('.cw-row[aria-label^="Task "]').count(), (count) => count === cells);
    process.stdout.write(`graph ${String(Math.round(performance.now() - began))} ms after the button\n`);
    await bench.until(async () => await bench.statusTexts(), (texts) => texts.some((text) => /will run/.test(text)));

    // axe-core, on our page in the workbench.
    const violations = await findViolations(view);
    const told = violations.map(({ id, impact, nodes }) => ({ id, impact, count: nodes.length }));
    process.stdout.write(`axe-core: ${JSON.stringify(told)}\n`);

    await view.getByRole('button', { name: 'Run', exact: true }).click();
    await bench.until(async () => [...(await bench.tasks()).values()], (all) => all.length === cells && all.every((state) => state === 'done'), 300);
    expect(await bench.statusTexts()).toContainEqual(expect.stringMatching(/done \d/));
    const [first] = await bench.runs();
    expect(first).toMatch(new RegExp(`ok, ${String(cells)} ran, 0 reused`));

    // An edited cell is marked at once, and what needs it; nothing else is touched.
    await bench.typeInCell('cancelled = df', '\nedited = 1');
    await bench.until(async () => (await bench.tasks()).get('5'), (state) => state === 'stale', 5);
    expect((await bench.tasks()).get('3')).not.toBe('stale');
    await bench.command('Cellwright: Run Pipeline');
    await bench.until(async () => (await bench.runs()).length, (count) => count === 2, 120);
    await bench.until(async () => (await bench.runs())[0], (run) => run?.includes('ok') === true, 300);
    const [second] = await bench.runs();
    const ran = Number(/ok, (\d+) ran/.exec(second ?? '')?.[1]);
    process.stdout.write(`after the edit ${String(ran)} of ${String(cells)} ran\n`);
    expect(ran).toBeLessThan(cells / 2);

    // A broken cell fails, and says so at its place.
    await bench.typeInCell('edited = 1', '\nraise ValueError("broken on purpose")');
    await bench.command('Cellwright: Run Pipeline');
    await bench.until(async () => (await bench.tasks()).get('5'), (state) => state === 'failed', 300);
    const problems = await bench.until(async () => await bench.problems(), (all) => all.some((one) => one.includes('broken on purpose')));
    expect(problems.find((one) => one.includes('broken on purpose'))).toMatch(/Error: ValueError: broken on purpose.*cellwright/);
    await bench.until(async () => await view.locator('.cw-is-failed').count(), (count) => count > 0);

    // The window goes, and comes back.
    await context?.close();
    await openWorkbench();
    // The workbench restores the notebook by itself.
    await bench.toolbar.waitFor({ timeout: 60_000 });
    await bench.until(async () => (await bench.tasks()).get('5'), (state) => state === 'failed', 60);
    expect((await bench.runs()).length).toBe(3);
    view = await bench.pressShowPipeline();
    await bench.until(async () => await view.locator('.cw-is-failed').count(), (count) => count > 0);
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
    await bench.until(async () => await Promise.resolve(ticks()), (count) => count > 2, 120);
    await context?.close();
    await server?.end();
    const then = ticks();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(ticks()).toBeGreaterThan(then);

    server = await startServer({ home: path.join(base, 'home'), workspace, settings });
    await openWorkbench();
    await bench.openNotebook('slow.ipynb');
    await bench.until(async () => (await bench.tasks()).get('2'), (state) => state === 'running', 60);
    await bench.command('Cellwright: Stop Pipeline');
    await bench.until(async () => (await bench.runs())[0], (run) => /interrupted|unfinished/.test(run ?? ''), 60);
    const last = ticks();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(ticks()).toBe(last);
  });
});
