import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../accessibility/browser.ts';
import { environmentIn, program } from '../service/connection.ts';

/** The page of `cellwright open` in a real browser. */
export interface OpenedPage {
  /** Of the notebook. */
  readonly folder: string;
  readonly address: string;
  readonly browser: Browser;
  readonly page: Page;
  /** What the page has thrown, and what the browser has complained of. */
  readonly errors: readonly string[];
  /** Addresses that were asked for. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

/** How it is opened. */
export interface Opening {
  /** Puts the notebook into a folder, and says what it is called there. */
  readonly fill: (folder: string) => string;
  /** Folders of programs that come first on the path. */
  readonly programs?: readonly string[];
  /** Milliseconds that the page has for what it is asked. */
  readonly patience: number;
  /** True for a complaint of the browser that is wanted. */
  readonly isWanted?: (complaint: string) => boolean;
}

/** Starts `cellwright open` in a folder of its own, and a browser with its page. */
export async function openInBrowser({ fill, programs = [], patience, isWanted }: Opening): Promise<OpenedPage> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-view-'));
  const environment = environmentIn(folder);
  const PATH = [...programs, environment['PATH'] ?? ''].join(path.delimiter);
  const child = spawn(process.execPath, [program, 'open', fill(folder), '--no-browser'], {
    cwd: folder,
    env: { ...environment, PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data: Buffer) => {
      resolve(data.toString().trim());
    }),
  );
  const browser = await startBrowser();
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const [errors, asked]: [string[], string[]] = [[], []];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (said) => {
    if (said.type() === 'error' && isWanted?.(said.text()) !== true) errors.push(said.text());
  });
  context.on('request', (request) => asked.push(request.url()));
  await page.goto(address);
  const close = async (): Promise<void> => {
    await browser.close();
    child.kill('SIGINT');
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, address, browser, page, errors, asked, close };
}
