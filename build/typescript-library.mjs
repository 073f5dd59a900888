/**
 * TypeScript's compiler as one file beside the program. It is many times larger than everything else together, and loaded only for
 * notebooks in TypeScript or JavaScript.
 */
import path from 'node:path';

import { build } from 'esbuild';

import { root } from './command.mjs';

const library = '@ts-morph/common';

const requiring = `import { createRequire } from 'node:module'; import { fileURLToPath } from 'node:url';
const require = createRequire(import.meta.url), __filename = fileURLToPath(import.meta.url), __dirname = fileURLToPath(new URL('.', import.meta.url));`;

/** Everything that is bundled asks for the library as a file of its own, which is at `address` from there. */
export function typescriptAt(address) {
  return {
    name: 'typescript-at',
    setup(build) {
      build.onResolve({ filter: /^@ts-morph\/common$/ }, () => ({ path: address, external: true }));
    },
  };
}

/** Writes `typescript.mjs` into a folder. */
export async function buildTypescriptLibrary(folder) {
  await build({
    stdin: { contents: `export { ts, getLibFiles } from '${library}';`, resolveDir: root },
    outfile: path.join(folder, 'typescript.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    // It is CommonJS, and asks for modules of Node.
    banner: { js: requiring },
    format: 'esm',
    charset: 'utf8',
    legalComments: 'linked',
    logLevel: 'warning',
  });
}
