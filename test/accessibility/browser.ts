import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Frame, type Page } from 'playwright-core';

const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

/** A Chromium of this machine: the one named in CELLWRIGHT_TEST_CHROMIUM, else one at a usual place. */
export const executable: string | undefined = [process.env['CELLWRIGHT_TEST_CHROMIUM'] ?? '', ...usual].find(
  (file) => file !== '' && existsSync(file),
);

/** Starts it without a window, and without asking the network for anything. */
export async function startBrowser(): Promise<Browser> {
  const quiet = [
    'disable-background-networking',
    'disable-component-update',
    'disable-sync',
    'disable-quic',
    'no-first-run',
  ];
  // As root, which containers are, there is no sandbox; the pages are our own.
  const args = ['--no-sandbox', '--disable-gpu', ...quiet.map((flag) => `--${flag}`)];
  return await chromium.launch({ ...(executable === undefined ? {} : { executablePath: executable }), args });
}

/** How a person looks at a page. */
export type Look = Pick<BrowserContextOptions, 'colorScheme' | 'contrast' | 'forcedColors' | 'reducedMotion'> & {
  readonly width: number;
};

/** Opens a file, shows it to `see`, and closes it; every address that it asks for is kept. */
export async function withPage<T>(
  browser: Browser,
  { file, look: { width, ...media } }: { readonly file: string; readonly look: Look },
  see: (page: Page, asked: readonly string[]) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ ...media, viewport: { width, height: 900 } });
  const asked: string[] = [];
  context.on('request', (request) => asked.push(request.url()));
  try {
    const page = await context.newPage();
    await page.goto(pathToFileURL(file).href);
    return await see(page, asked.slice(1));
  } finally {
    await context.close();
  }
}

/** Opens all that is folded: what is hidden is not checked. */
export async function unfold(page: Page): Promise<void> {
  await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
}

/** One rule that a page breaks, and where. */
export interface Violation {
  readonly id: string;
  readonly impact: 'minor' | 'moderate' | 'serious' | 'critical';
  readonly help: string;
  readonly nodes: readonly string[];
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Everything that WCAG 2.2 asks for at the levels A and AA and that a program can see. */
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];

/** What axe-core finds wrong with the page as it is shown now. HTML of cells, in frames of its own, is theirs. */
export async function findViolations(page: Page | Frame): Promise<readonly Violation[]> {
  await page.evaluate(axe);
  const options = JSON.stringify({
    runOnly: { type: 'tag', values: tags },
    iframes: false,
    resultTypes: ['violations'],
  });
  return await page.evaluate<readonly Violation[]>(
    `axe.run(document, ${options}).then(({ passes, violations }) => {
      if (passes.length < 10) throw new Error('axe-core looked at almost nothing');
      return violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, nodes: nodes.map(({ html, failureSummary }) => html.slice(0, 300) + ' ' + failureSummary) }));
    })`,
  );
}
