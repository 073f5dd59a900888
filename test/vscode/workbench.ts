/** Drives the workbench as a person does: buttons, keys, the command palette, and what is to be seen. */
import type { Frame, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** A page with the workbench in it. */
export class Workbench {
  readonly page: Page;
  /** Errors of pages, ours and the workbench's own. */
  readonly errors: string[] = [];
  /** Every address that was asked for and is not of this machine. */
  readonly abroad: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('request', (request) => {
      if (!/^(?:https?:\/\/(?:127\.0\.0\.1|localhost)[:/]|data:|blob:|vscode-)/.test(request.url()))
        this.abroad.push(request.url());
    });
  }

  /** Opens a folder's workbench, and waits until our own icon is there: before that a notebook would open as text. */
  async open(address: string): Promise<void> {
    await this.page.goto(address);
    await this.page.locator('.activitybar [aria-label*="Cellwright"]').first().waitFor({ timeout: 240_000 });
  }

  async openNotebook(name: string): Promise<void> {
    const file = this.page
      .locator('.explorer-folders-view')
      .getByRole('treeitem', { name: new RegExp(name.replace('.', '\\.')) });
    await file.first().waitFor({ timeout: 120_000 });
    await file.first().dblclick();
    await this.toolbar.waitFor({ timeout: 240_000 });
  }

  get toolbar(): Locator {
    return this.page.locator('.notebook-toolbar-container').filter({ visible: true }).first();
  }

  /** The toolbar's button that opens the pipeline view. */
  async pressShowPipeline(): Promise<Frame> {
    const began = performance.now();
    const button = this.toolbar.getByRole('button', { name: 'Show Pipeline' });
    await button.first().waitFor({ timeout: 240_000 });
    await button.first().click();
    const pressed = performance.now();
    const view = await this.pipeline();
    const milliseconds = [pressed - began, performance.now() - pressed].map((time) => Math.round(time));
    process.stdout.write(`button pressed after ${milliseconds.join(' ms, the graph was there ')} ms later\n`);
    return view;
  }

  /** The page of the pipeline view. It is made anew when the workbench is. */
  async pipeline(): Promise<Frame> {
    return await this.eventually(async () => {
      for (const frame of this.page.frames()) {
        if (
          (await frame
            .locator('.cw-row, .cw-picture [role]')
            .count()
            .catch(() => 0)) > 0
        )
          return frame;
      }
      return undefined;
    }, 'the pipeline view');
  }

  /** A command of the palette. */
  async command(name: string): Promise<void> {
    await this.#askPalette(name);
    const first = this.page
      .locator('.quick-input-list .monaco-list-row')
      .filter({ hasText: name.replace(/^.*: /, '') });
    await first.first().waitFor({ timeout: 60_000 });
    await first.first().click();
  }

  /** Keys go astray while a page is made that will have the focus. */
  async #askPalette(name: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input').first();
    await this.eventually(async () => {
      await this.page.keyboard.press('F1');
      const isThere = await input.waitFor({ timeout: 5000 }).then(
        () => true,
        () => false,
      );
      if (!isThere) await this.page.locator('.part.statusbar').click({ position: { x: 400, y: 5 } });
      return isThere ? true : undefined;
    }, 'the command palette');
    await input.fill(`>${name}`);
  }

  /** True when the palette offers it now. */
  async offers(name: string): Promise<boolean> {
    await this.#askPalette(name);
    await this.page.waitForTimeout(1000);
    const rows = await this.page.locator('.quick-input-list .monaco-list-row').allInnerTexts();
    await this.page.keyboard.press('Escape');
    return rows.some((row) => row.includes(name));
  }

  /** What the tree of tasks says of each cell, by its label. */
  async tasks(): Promise<ReadonlyMap<string, string>> {
    await this.showView();
    const texts = await this.#rowsOf('.pane', 'Tasks');
    return new Map(
      texts.flatMap((text) => {
        const [, number, state] = /^Task (\d+), [^:]+: ([^,]+)/.exec(text) ?? [];
        return number === undefined || state === undefined ? [] : [[number, state] as const];
      }),
    );
  }

  /** The runs that the tree lists, the newest first. */
  async runs(): Promise<readonly string[]> {
    await this.showView();
    return await this.#rowsOf('.pane', 'Runs');
  }

  async showView(): Promise<void> {
    const icon = this.page
      .locator('.activitybar .action-item', { has: this.page.locator('[aria-label*="Cellwright"]') })
      .first();
    if (!((await icon.getAttribute('class')) ?? '').includes('checked')) await icon.click();
  }

  /** The texts below the cells that are in view. */
  async statusTexts(): Promise<readonly string[]> {
    const texts = await this.page.locator('.cell-status-item').allInnerTexts();
    return texts.map((text) => text.trim());
  }

  /** An entry of a list that asks. */
  async choose(text: string): Promise<void> {
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
    await row.waitFor({ timeout: 120_000 });
    await row.click();
  }

  /** What the Testing panel lists. */
  async tests(): Promise<readonly string[]> {
    const rows = await this.#rowsOf('.test-explorer', '');
    if (rows.length !== 1) return rows;
    // Only the notebook is there: what is below it is folded.
    await this.page.locator('.test-explorer .monaco-list-row').first().click();
    await this.page.keyboard.press('ArrowRight');
    return await this.#rowsOf('.test-explorer', '');
  }

  /** Puts the cursor into the line of a cell that has a text. */
  async clickInCell(text: string): Promise<void> {
    const line = this.page.locator('.notebookOverlay .cell .view-line', { hasText: text }).first();
    await this.scrollTo(line);
    await line.click();
  }

  /** Puts the cursor at the end of the cell that has a text, and types. */
  async typeInCell(text: string, more: string): Promise<void> {
    await this.clickInCell(text);
    await this.page.keyboard.press('Control+End');
    await this.page.keyboard.type(more);
  }

  /** Of a notebook only the cells in view are drawn. */
  async scrollTo(place: Locator): Promise<void> {
    const list = this.page.locator('.notebookOverlay .cell-list-container').first();
    const box = await list.boundingBox();
    if (box === null) throw new Error('no notebook is shown');
    await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await this.page.mouse.wheel(0, -100_000);
    for (let tries = 0; tries < 60; tries++) {
      await this.page.waitForTimeout(150);
      if ((await place.count()) > 0) {
        // What is above it may cover it.
        const isFree = await place.click({ trial: true, timeout: 1000 }).then(
          () => true,
          () => false,
        );
        if (isFree) return;
      }
      await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await this.page.mouse.wheel(0, Math.min(100, box.height / 3));
    }
    throw new Error('the cell was not found');
  }

  /** What the Problems panel lists. */
  async problems(): Promise<readonly string[]> {
    if ((await this.page.locator('.markers-panel').count()) === 0)
      await this.command('Problems: Focus on Problems View');
    await this.page.locator('.markers-panel').waitFor();
    return await this.#rowsOf('.markers-panel', '');
  }

  /** What a screen reader says of each row of a list. */
  async #rowsOf(place: string, title: string): Promise<readonly string[]> {
    const header =
      title === '' ? '' : `.filter((one) => one.querySelector('.pane-header')?.textContent.startsWith('${title}'))`;
    return await this.page.evaluate<readonly string[]>(
      `[...document.querySelectorAll('${place}')]${header}.flatMap((one) => [...one.querySelectorAll('.monaco-list-row')]).map((row) => row.getAttribute('aria-label') ?? '')`,
    );
  }

  /** Asks until it gives something, or fails with what it was for. */
  async eventually<T>(ask: () => Promise<T | undefined>, what: string, seconds = 240): Promise<T> {
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const found = await ask();
      if (found !== undefined) return found;
      await this.page.waitForTimeout(250);
    }
    throw new Error(`${what} did not come within ${String(seconds)} s`);
  }

  /** Waits until something holds, and shows what was there instead when it does not come to hold. */
  async until<T>(ask: () => Promise<T>, holds: (value: T) => boolean, seconds = 240): Promise<T> {
    let last = await ask();
    const end = performance.now() + seconds * 1000;
    while (!holds(last) && performance.now() < end) {
      await this.page.waitForTimeout(300);
      last = await ask();
    }
    expect(holds(last), JSON.stringify(last instanceof Map ? [...last] : last)).toBe(true);
    return last;
  }
}
