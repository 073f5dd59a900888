/** Writes docs/diagnostics.md from the catalogue; with `--check` only says whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { root } from './command.mjs';

const { diagnosticCatalogue } = await import(path.join(root, 'dist', 'bundle.mjs'));

const introduction = `# Diagnostics

Every message of Cellwright has a code. An error ends the command with the exit code that its help names; a warning or an
information never changes a result. None can be switched off. This page is written from the catalogue in
\`compiler/bundle/codes.ts\` by \`npm run docs\`.
`;

const entries = Object.entries(diagnosticCatalogue).map(
  ([code, { title, why, next }]) => `## ${code}: ${title}\n\n${why}\n\n**What to do:** ${next}\n`,
);
const page = [introduction, ...entries].join('\n');
const file = path.join(root, 'docs', 'diagnostics.md');

if (process.argv.includes('--check')) {
  const current = readFileSync(file, 'utf8') === page;
  process.stdout.write(current ? 'docs: up to date\n' : 'docs: docs/diagnostics.md is out of date; run npm run docs\n');
  process.exitCode = current ? 0 : 1;
} else {
  writeFileSync(file, page);
  process.stdout.write(`docs: ${path.relative(root, file)} written\n`);
}
