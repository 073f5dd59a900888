import { escapeHtml } from './ansi.ts';
import { reportStyle } from './html-style.ts';

/** A part of a page with a heading of its own. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** HTML. */
  readonly body: string;
}

/** One HTML file that asks the network for nothing and runs no program. */
export interface Page {
  readonly title: string;
  /** The heading, where it is another text. */
  readonly heading?: string;
  /** In a few words what kind of page it is. */
  readonly kind: string;
  /** Rules beside those that all pages have. */
  readonly style?: string;
  /** True when outputs of cells may bring fonts of their own with them. */
  readonly hasFonts: boolean;
  /** HTML that comes first, below the heading. */
  readonly verdict: string;
  /** What has nothing to say is left out. */
  readonly sections: readonly (Section | undefined)[];
  /** HTML of the last line. */
  readonly footer?: string;
}

/** Writes a page. Texts are escaped, sections are trusted. */
export function htmlPage(page: Page): string {
  const { title, heading = title, kind, style = '', hasFonts, verdict, footer = '' } = page;
  const sections = page.sections.filter((section) => section !== undefined);
  const fonts = hasFonts ? '; font-src data:' : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'${fonts}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${reportStyle}${style}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<p class="kind">${escapeHtml(kind)}</p>
<h1>${escapeHtml(heading)}</h1>
${verdict}
</header>
${contents(sections)}
<main id="content" tabindex="-1">
${sections.map(showSection).join('\n')}
</main>
${footer === '' ? '' : `<footer>${footer}</footer>\n`}</body>
</html>
`;
}

function showSection({ id, title, body }: Section): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(title)}</h2>${body}</section>`;
}

function contents(sections: readonly Section[]): string {
  const items = sections.map(({ id, title }) => `<li><a href="#${id}">${escapeHtml(title)}</a></li>`);
  return items.length < 3 ? '' : `<nav aria-label="Contents"><ul>${items.join('')}</ul></nav>`;
}
