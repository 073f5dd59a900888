/**
 * Pictures of the shared view in its main states, light and dark, in docs/images/: `npm run pictures`. It needs a Chromium; the notebooks
 * are written here, so that the pictures are the same on every machine.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { root } from './command.mjs';

const [target = path.join(root, 'docs', 'images')] = process.argv.slice(2);
const executablePath = [
  process.env['CELLWRIGHT_TEST_CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
].find((file) => file !== '' && existsSync(file));
const python = path.join(root, '.venv', 'bin', 'python');

/** A notebook of so many code cells in sections, in which most cells use what came shortly before. */
function notebookOf(count) {
  const cells = [];
  let seed = 7;
  const random = (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const topics = ['Load', 'Clean', 'Explore', 'Features', 'Model', 'Evaluate', 'Compare', 'Report'];
  const markdown = (text) => ({ cell_type: 'markdown', id: `m${cells.length}`, metadata: {}, source: text });
  const code = (id, source) => ({ cell_type: 'code', id, metadata: {}, source, outputs: [], execution_count: null });
  cells.push(markdown('# A study of something'), code('c0', 'import pandas as pd\nimport numpy as np'));
  for (let at = 1; at < count; at++) {
    if (at % 6 === 1)
      cells.push(
        markdown(`## ${topics[Math.floor(at / 6) % topics.length]}${at < 48 ? '' : ` ${Math.floor(at / 48) + 1}`}`),
      );
    const back = at < 3 ? 1 : 1 + random(Math.min(at - 1, random(10) === 0 ? 30 : 5));
    const other = at < 3 ? 1 : 1 + random(Math.min(at - 1, 8));
    const from = at === 1 ? '1' : `part_${at - back < 1 ? 1 : at - back}`;
    const more = at > 4 && at % 3 === 0 ? ` + part_${at - other < 1 ? 1 : at - other}` : '';
    cells.push(code(`c${at}`, `part_${at} = ${from}${more}  # step ${at}`));
  }
  const metadata = {
    kernelspec: { name: 'python3', language: 'python', display_name: 'Python 3' },
    language_info: { name: 'python' },
  };
  return JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
}

async function open(notebook, state) {
  const words = [path.join(root, 'dist', 'cellwright.mjs'), 'open', notebook, '--no-browser', '-q', '--state', state];
  const environment = { ...process.env, PATH: `${path.dirname(python)}:${process.env['PATH'] ?? ''}` };
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'], env: environment });
  const address = await new Promise((resolve, reject) => {
    child.stdout.once('data', (data) => resolve(String(data).trim()));
    child.once('exit', (code) => reject(new Error(`cellwright open ended with ${code}`)));
  });
  return { address, end: () => child.kill('SIGINT') };
}

async function photograph(browser, { address, name, scheme, width, height }, act = async () => undefined) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height }, deviceScaleFactor: 1 });
  const page = await context.newPage();
  page.on('pageerror', (error) => process.stderr.write(`${name}: ${error}\n`));
  page.on('console', (said) => {
    if (said.type() === 'error') process.stderr.write(`${name}: ${said.text()}\n`);
  });
  await page.goto(address);
  await page.getByRole('treeitem').first().waitFor();
  await act(page);
  await page.waitForTimeout(300);
  const file = path.join(target, `${name}-${scheme}.png`);
  await page.screenshot({ path: file });
  process.stdout.write(`${file}\n`);
  await context.close();
}

const schemes = ['light', 'dark'];
const base = mkdtempSync(path.join(tmpdir(), 'cellwright-pictures-'));
mkdirSync(target, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const graph = async (page) => {
  await page.getByRole('button', { name: 'Graph', exact: true }).click();
  await page.getByRole('button', { name: 'Fit' }).click();
};
try {
  for (const count of [10, 50, 300]) {
    const notebook = path.join(base, `study-${count}.ipynb`);
    writeFileSync(notebook, notebookOf(count));
    const served = await open(notebook, path.join(base, `state-${count}`));
    for (const scheme of schemes) {
      const shot = { address: served.address, scheme, width: 1280, height: 860 };
      await photograph(browser, { ...shot, name: `list-${count}` });
      await photograph(browser, { ...shot, name: `graph-${count}` }, graph);
    }
    served.end();
  }
  const flights = path.join(base, 'flights.ipynb');
  cpSync(path.join(root, 'samples', 'flights', 'notebook.ipynb'), flights);
  const served = await open(flights, path.join(base, 'state-flights'));
  const shot = { address: served.address, width: 1280, height: 860 };
  const both = async (name, act) => {
    for (const scheme of schemes) await photograph(browser, { ...shot, scheme, name }, act);
  };
  await both('flights-list', async (page) => await page.getByText('join(hourly').first().click());
  await both('flights-graph', graph);
  await both('flights-narrow', async (page) => await page.setViewportSize({ width: 300, height: 860 }));
  await photograph(browser, { ...shot, scheme: 'light', name: 'flights-running' }, async (page) => {
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('treeitem', { name: /^Task 13 of .*, running/ }).waitFor({ timeout: 240_000 });
  });
  await photograph(browser, { ...shot, scheme: 'dark', name: 'flights-running' }, async (page) => {
    await page.getByRole('treeitem', { name: /^Task 20 of .*, (?:running|done)/ }).waitFor({ timeout: 240_000 });
  });
  await both('flights-run', async (page) => {
    await page.locator('.cw-main:enabled').waitFor({ timeout: 900_000 });
    await page.getByRole('tab', { name: 'Run' }).click();
  });
  // An edit far down: what is before it stays as it is.
  const text = readFileSync(flights, 'utf8');
  writeFileSync(flights, text.replace('busiest = hourly.idxmax()', 'busiest = hourly.idxmin()'));
  await both('flights-edited', async (page) => {
    await page.getByRole('treeitem', { name: /, stale/ }).click();
  });
  served.end();
} finally {
  await browser.close();
  rmSync(base, { recursive: true, force: true });
}
