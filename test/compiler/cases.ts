import { readFileSync } from 'node:fs';

/** A notebook in percent format, and what is to be found of it. */
export interface Case {
  readonly title: string;
  readonly source: string;
  readonly expected: string;
}

/** The cases of a file: `=== title`, the source, `==>`, what is expected. */
export function readCases(file: string): readonly Case[] {
  const parts = readFileSync(file, 'utf8').split(/^=== /m).slice(1);
  return parts.map((text) => {
    const [title = '', ...rest] = text.split('\n');
    const [source = '', expected = ''] = rest.join('\n').split('\n==>\n');
    return { title, source, expected: expected.trim() };
  });
}
