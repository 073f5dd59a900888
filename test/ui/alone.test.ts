/** The view without any server, as in JupyterLite: the graph and the diagnostics of a text that nobody has saved, soon after a keystroke. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executable, startBrowser } from '../accessibility/browser.ts';
import { root } from '../environment.ts';

if (executable === undefined)
  process.stderr.write(
    'SKIPPED: the view without a server. Install chromium, or set CELLWRIGHT_TEST_CHROMIUM to one.\n',
  );

const origin = 'http://view.test';
/** A page that an editor could be: it gives the view a text, and has no server. */
const entry = `
import { mountPanel } from './panel.ts';
const log = { goTo: [], highlighted: [], edits: [] };
const panel = mountPanel(document.querySelector('main'), {
  service: undefined,
  notebookPath: undefined,
  createWorker: () => new Worker('/compile-worker.js'),
  compilerFiles: {
    runtimeWasm: new URL('/web-tree-sitter.wasm', location.href),
    languageWasm: new URL('/tree-sitter-python.wasm', location.href),
    typescript: async () => new URL('/typescript.mjs', location.href),
  },
  goTo: (cell) => log.goTo.push(cell),
  highlight: (cells) => log.highlighted.push(cells),
  beforeRun: async () => true,
  open: () => undefined,
  applyEdit: (edit) => log.edits.push(edit),
  saveSettings: () => undefined,
  loadSettings: () => undefined,
});
Object.assign(window, { panel, log });
`;

const python = { name: 'python3', language: 'python', display_name: 'Python 3' };
const deno = { name: 'deno', language: 'typescript', display_name: 'Deno' };

function textOf(count: number, last: string, isTyped = false): string {
  const [declare, kernelspec] = isTyped ? (['const ', deno] as const) : (['', python] as const);
  const cells = Array.from({ length: count }, (_, at) => ({
    ...{ cell_type: 'code', id: `c${at}`, metadata: {}, outputs: [], execution_count: null },
    source:
      at === 0
        ? `${declare}v0 = 1`
        : at === count - 1
          ? last
          : `${declare}v${at} = v${at - 1} + v${Math.floor(at / 2)}`,
  }));
  return JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
}

describe.skipIf(executable === undefined)('the view without a server', () => {
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];
  const asked: string[] = [];
  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: { contents: entry, resolveDir: path.join(root, 'extensions', 'ui'), loader: 'ts' },
      bundle: true,
      format: 'esm',
      external: ['fs', 'fs/promises', 'module', 'path', 'url', 'ts-morph'],
      write: false,
    });
    const dist = path.join(root, 'dist');
    const files: Readonly<Record<string, readonly [string, string | Buffer]>> = {
      '/': [
        'text/html',
        '<!doctype html><html lang="en"><title>View</title><main style="height:800px;width:340px"></main><script type="module" src="/page.js"></script>',
      ],
      '/page.js': ['text/javascript', outputFiles[0]?.text ?? ''],
      '/compile-worker.js': ['text/javascript', readFileSync(path.join(dist, 'ui', 'compile-worker.js'))],
      '/web-tree-sitter.wasm': ['application/wasm', readFileSync(path.join(dist, 'web-tree-sitter.wasm'))],
      '/tree-sitter-python.wasm': ['application/wasm', readFileSync(path.join(dist, 'tree-sitter-python.wasm'))],
      '/typescript.mjs': ['text/javascript', readFileSync(path.join(dist, 'typescript.mjs'))],
    };
    browser = await startBrowser();
    page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => errors.push(error.message));
    await page.route('**', async (route) => {
      const { pathname } = new URL(route.request().url());
      asked.push(pathname);
      const found = files[pathname];
      if (found === undefined) await route.fulfill({ status: 404 });
      else await route.fulfill({ contentType: found[0], body: found[1] });
    });
    await page.goto(`${origin}/`);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
  });

  async function type(text: string): Promise<void> {
    await page.evaluate(`panel.setNotebook(${JSON.stringify(text)}, 'n.ipynb')`);
  }

  /** Milliseconds from a keystroke in the last cell to the graph, the shortest first. */
  async function keystrokes(count: number, textWith: (name: string) => string): Promise<readonly number[]> {
    const took: number[] = [];
    for (const name of ['one', 'two', 'three', 'four', 'five'])
      took.push(
        await page.evaluate<number>(`new Promise((resolve) => {
          const began = performance.now();
          panel.cells.onChange(() => panel.cells.get('c${count - 1}')?.label === '${name}' && requestAnimationFrame(() => resolve(performance.now() - began)));
          panel.setNotebook(${JSON.stringify(textWith(name))}, 'n.ipynb');
        })`),
      );
    took.sort((left, right) => left - right);
    const said = took.map((one) => one.toFixed(0)).join(', ');
    process.stdout.write(`${count} cells: ${said} ms from a keystroke to the graph\n`);
    return took;
  }

  test('the graph is there, runs are not offered, and why is said', async () => {
    await type(textOf(10, 'last = v8'));
    await page.getByRole('treeitem', { name: /^Task 10 of 10, last, not known, reads v8 from 9$/ }).waitFor();
    const run = page.getByRole('button', { name: 'Run', exact: true });
    expect(await run.isDisabled()).toBe(true);
    expect(await run.getAttribute('title')).toContain('Without a server');
  });

  test('a directive that is not known is told at its cell, with an edit that mends it', async () => {
    await type(textOf(3, '#| lable: x\nlast = v1'));
    await page.getByRole('treeitem', { name: /refused/ }).click();
    await page.getByRole('button', { name: 'Write label' }).click();
    const { edits, goTo } = await page.evaluate<{ edits: object[]; goTo: string[] }>('log');
    expect(goTo).toEqual(['c2']);
    expect(edits).toEqual([
      expect.objectContaining({ cell: 'c2', newText: 'label', source: '#| lable: x\nlast = v1' }) as object,
    ]);
  });

  test.each([10, 50, 300])('%d cells: what was typed is in the graph soon after a pause', async (count) => {
    await type(textOf(count, 'last = v1'));
    await page.getByRole('treeitem', { name: new RegExp(`^Task ${count} of ${count}, last,`) }).waitFor();
    const [fastest = Infinity] = await keystrokes(count, (name) => textOf(count, `${name} = v1`));
    // 300 where the machine has nothing else to do; those of tests do, so that this finds what got much slower.
    expect(fastest).toBeLessThan(1000);
  });

  test('what is only for TypeScript is not asked for until there is a notebook in it', async () => {
    expect(asked).not.toContain('/typescript.mjs');
    const typed = (last: string): string => textOf(50, `const ${last} = v1;`, true);
    const began = performance.now();
    await type(typed('last'));
    await page.getByRole('treeitem', { name: /^Task 50 of 50, last, .*, reads v1 from 2$/ }).waitFor();
    const cold = performance.now() - began;
    process.stdout.write(`TypeScript: ${cold.toFixed(0)} ms from its first notebook to the graph\n`);
    await keystrokes(50, typed);
    await type(textOf(3, '//| lable: x\nconst last = v1;', true));
    await page.getByRole('treeitem', { name: /refused/ }).click();
    await page.getByRole('button', { name: 'Write label' }).waitFor();
    await type(textOf(3, 'const last: string = v1;', true));
    await page.getByRole('treeitem', { name: /^Task 3 of 3, last, .*, 1 message$/ }).click();
    await page.locator('.cw-details').getByText("Type 'number' is not assignable to type 'string'.").waitFor();
    expect(asked.filter((one) => one === '/typescript.mjs')).toHaveLength(1);
  });

  test('nothing went wrong in the page', () => {
    expect(errors).toEqual([]);
  });
});
