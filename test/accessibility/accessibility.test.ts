/** Every page that Cellwright writes, in a real browser, checked by axe-core against WCAG 2.2 AA and its best practices. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Workplace } from '../cli/installation.ts';
import { executable, findViolations, startBrowser, unfold, withPage, type Look } from './browser.ts';
import { makePages } from './pages.ts';

if (executable === undefined)
  process.stderr.write('SKIPPED: pages in a real browser. Install chromium, or set CELLWRIGHT_TEST_CHROMIUM to one.\n');

const looks: readonly (readonly [string, Look])[] = [
  ['light', { width: 1280, colorScheme: 'light' }],
  ['dark', { width: 1280, colorScheme: 'dark' }],
];
/** All pages have one style, so that one of them stands for the others. */
const moreLooks: typeof looks = [
  ['light, narrow, with more contrast', { width: 320, colorScheme: 'light', contrast: 'more' }],
  ['dark, narrow, with more contrast', { width: 320, colorScheme: 'dark', contrast: 'more' }],
];

describe.skipIf(executable === undefined)('pages in a real browser', () => {
  let browser: Browser;
  let place: Workplace;
  let pages: ReadonlyMap<string, string>;
  beforeAll(async () => {
    ({ place, pages } = await makePages());
    browser = await startBrowser();
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    place.remove();
  });

  const names = [
    'the report of a run',
    'the report of a variant that a gate stopped',
    'the page of all variants',
    'the page of metrics',
    'the comparison of two runs',
  ];
  const fileOf = (name: string): string => pages.get(name) ?? '';

  test.each(names)('%s: axe-core finds nothing in any look', async (name) => {
    for (const [what, look] of name === names[0] ? [...looks, ...moreLooks] : looks) {
      const found = await withPage(browser, { file: fileOf(name), look }, async (page) => {
        await unfold(page);
        return await findViolations(page);
      });
      expect({ what, found }).toEqual({ what, found: [] });
    }
  });

  test('the graph by itself, in a page', async () => {
    const file = `${fileOf('the graph as a file')}.html`;
    const svg = readFileSync(fileOf('the graph as a file'), 'utf8');
    writeFileSync(
      file,
      `<!doctype html><html lang="en"><title>Graph</title><main><h1>Graph</h1><div tabindex="0" role="group" aria-label="Graph" style="overflow:auto">${svg}</div></main></html>`,
    );
    for (const [, look] of looks) {
      expect(await withPage(browser, { file, look }, async (page) => await findViolations(page))).toEqual([]);
      const named = await withPage(browser, { file, look }, async (page) => await page.getByRole('img').count());
      expect(named).toBe(1);
    }
  });

  test('a page that is wrong is found to be wrong', async () => {
    const file = `${fileOf('the page of metrics')}.wrong.html`;
    const text = readFileSync(fileOf('the page of metrics'), 'utf8');
    writeFileSync(file, text.replace(' lang="en"', '').replace('--soft: #59636e', '--soft: #b9c3ce'));
    const found = await withPage(browser, { file, look: { width: 1280, colorScheme: 'light' } }, async (page) =>
      (await findViolations(page)).map(({ id }) => id),
    );
    expect(found).toEqual(expect.arrayContaining(['color-contrast', 'html-has-lang']));
  });

  test.each(names)('%s: no address is asked for, nothing moves, and nothing is cut off at 320 points', async (name) => {
    const look: Look = { width: 320, colorScheme: 'light', reducedMotion: 'reduce' };
    await withPage(browser, { file: fileOf(name), look }, async (page, asked) => {
      expect(asked.filter((address) => !/^(?:data|about):/.test(address))).toEqual([]);
      expect(await page.evaluate<number>('document.getAnimations().length')).toBe(0);
      expect(await page.evaluate<string>('getComputedStyle(document.documentElement).scrollBehavior')).toBe('auto');
      await unfold(page);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
    });
  });

  test.each(names)('%s: landmarks, one heading at the top, tables with headers', async (name) => {
    await withPage(browser, { file: fileOf(name), look: { width: 1280, colorScheme: 'light' } }, async (page) => {
      const count = async (selector: string): Promise<number> => await page.locator(selector).count();
      expect(await page.evaluate<string>('document.documentElement.lang')).toBe('en');
      expect([await count('h1'), await count('main'), await count('header')]).toEqual([1, 1, 1]);
      expect(await count('table')).toBeGreaterThan(0);
      expect(await count('table:not(:has(th[scope=col]))')).toBe(0);
      const levels = await page.evaluate<number[]>(
        '[...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((one) => Number(one.tagName[1]))',
      );
      expect(levels.every((level, at) => level <= (levels[at - 1] ?? 0) + 1)).toBe(true);
    });
  });

  test.each(names)('%s: the keyboard reaches everything in order, and the focus is seen', async (name) => {
    await withPage(browser, { file: fileOf(name), look: { width: 1280, colorScheme: 'dark' } }, async (page) => {
      const stops = await tabThrough(page);
      expect(stops[0]).toMatchObject({ text: 'Skip to the content', isSeen: true });
      expect(stops.filter(({ isSeen, width }) => !isSeen || width < 2)).toEqual([]);
      const reachable = 'a[href], summary, [tabindex="0"], iframe';
      const all = await page.evaluate<number>(
        `[...document.querySelectorAll('${reachable}')].filter((one) => one.checkVisibility() && one.tagName !== 'IFRAME').length`,
      );
      expect(stops.length).toBeGreaterThanOrEqual(all);
    });
  });

  test('the first key press leads past the contents', async () => {
    const look: Look = { width: 1280, colorScheme: 'light' };
    await withPage(browser, { file: fileOf('the report of a run'), look }, async (page) => {
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate<string>('document.activeElement.id')).toBe('content');
      await page.keyboard.press('Tab');
      expect(await page.evaluate<boolean>('document.activeElement.closest("main") !== null')).toBe(true);
    });
  });
});

interface Stop {
  readonly text: string;
  readonly width: number;
  readonly isSeen: boolean;
}

/** Presses the tabulator until the page is left; what has the focus each time, and the ring around it. */
async function tabThrough(page: Page): Promise<readonly Stop[]> {
  const stops: Stop[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate<Stop | null>(`(() => {
      const one = document.activeElement;
      if (one === null || one === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      const isSeen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 0;
      const width = one.tagName === 'IFRAME' || outlineStyle === 'none' ? 0 : parseFloat(outlineWidth);
      return { text: one.textContent.slice(0, 40), width: one.tagName === 'IFRAME' ? 2 : width, isSeen };
    })()`);
    // Where a frame with nothing to reach was left, nothing has the focus for a moment; after the end it begins again.
    if (stop !== null && stop.text === stops[0]?.text) return stops;
    if (stop !== null) stops.push(stop);
    if (stops.length > 500) throw new Error('the focus does not come back to the beginning');
  }
}
