import { escapeHtml } from './ansi.ts';
import { reportStyle } from './html-style.ts';

/** One HTML file that asks the network for nothing and runs no program. */
export interface Page {
  readonly title: string;
  /** The heading, where it is another text. */
  readonly heading?: string;
  /** Rules beside those that all pages have. */
  readonly style?: string;
  /** True when outputs of cells may bring fonts of their own with them. */
  readonly hasFonts: boolean;
  /** HTML; what is empty is left out. */
  readonly sections: readonly string[];
}

/** Writes a page. Texts are escaped, sections are trusted. */
export function htmlPage({ title, heading = title, style = '', hasFonts, sections }: Page): string {
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
<main>
<h1>${escapeHtml(heading)}</h1>
${sections.filter((section) => section !== '').join('\n')}
</main>
</body>
</html>
`;
}
