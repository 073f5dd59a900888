/**
 * Writes what is made from something else: the page of diagnostics and the schemas of bundles and certificates from the code, the compiler's tables from the
 * YAML files of library knowledge. `--check` only compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import prettier from 'prettier';

import { root } from './command.mjs';
import { folderOf, languages, printTables, readTables } from './knowledge.mjs';

const { bundleSchema, diagnosticCatalogue, effectsSchema, planSchema } = await import(
  path.join(root, 'dist', 'bundle.mjs')
);
const { certificateSchema, frozenSchema } = await import(path.join(root, 'dist', 'runtime.mjs'));

/** As `prettier --check` wants it. */
async function format(text, { filepath }) {
  // One row a line, however long.
  if (filepath.endsWith('.ts')) return text;
  return prettier.format(text, { ...(await prettier.resolveConfig(filepath)), filepath });
}

const introduction = `# Diagnostics

Every message of Cellwright has a code. An error ends the command with the exit code that its help names; a warning or an
information never changes a result. None can be switched off. This page is written from the catalogue in
\`compiler/bundle/codes.ts\` by \`npm run docs\`.
`;

const entries = Object.entries(diagnosticCatalogue).map(
  ([code, { title, why, next }]) => `## ${code}: ${title}\n\n${why}\n\n**What to do:** ${next}\n`,
);
const pages = {
  'docs/diagnostics.md': [introduction, ...entries].join('\n'),
  ...Object.fromEntries(
    Object.keys(languages).map((language) => [
      `compiler/knowledge/tables-${language}.ts`,
      printTables(readTables(folderOf(language)), language),
    ]),
  ),
  'docs/schemas/bundle.schema.json': `${JSON.stringify(bundleSchema, null, 2)}\n`,
  'docs/schemas/frozen.schema.json': `${JSON.stringify(frozenSchema, null, 2)}\n`,
  'docs/schemas/effects.schema.json': `${JSON.stringify(effectsSchema, null, 2)}\n`,
  'docs/schemas/plan.schema.json': `${JSON.stringify(planSchema, null, 2)}\n`,
  'docs/schemas/certificate.schema.json': `${JSON.stringify(certificateSchema, null, 2)}\n`,
};

let outdated = 0;
for (const [name, text] of Object.entries(pages)) {
  const file = path.join(root, name);
  if (!process.argv.includes('--check')) {
    writeFileSync(file, await format(text, { filepath: file }));
    process.stdout.write(`docs: ${name} written\n`);
  } else if (readFileSync(file, 'utf8') !== (await format(text, { filepath: file }))) {
    outdated++;
    process.stdout.write(`docs: ${name} is out of date; run npm run docs\n`);
  }
}
process.exitCode = outdated === 0 ? 0 : 1;
