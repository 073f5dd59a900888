/**
 * TypeScript's compiler as one file beside the program. It is many times larger than everything else together, and loaded only for
 * notebooks in TypeScript or JavaScript: by Node, and by the worker of a page. So it asks for no module of Node.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

import { build } from 'esbuild';

import { root } from './command.mjs';

const library = '@ts-morph/common';
const require = createRequire(path.join(root, 'package.json'));

/** Everything that is bundled asks for the library as a file of its own, which is at `address` from there. */
export function typescriptAt(address) {
  return {
    name: 'typescript-at',
    setup(build) {
      build.onResolve({ filter: /^@ts-morph\/common$/ }, () => ({ path: address, external: true }));
    },
  };
}

/** Modules of Node that TypeScript asks for where it reads files itself, which it does nowhere here. */
const ofNode = /^(?:fs|path|os|crypto|perf_hooks|inspector|source-map-support)$/;
const nothing = {
  name: 'nothing-of-node',
  setup(build) {
    build.onResolve({ filter: ofNode }, ({ path: name }) => ({ path: name, namespace: 'nothing' }));
    build.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** Declarations of the language's own library; those of browsers are larger than all of these, and no cell is read with them. */
function declarations() {
  return require(library)
    .getLibFiles()
    .filter(({ fileName }) => /^lib\.(?:es|decorators)/.test(fileName));
}

/** Writes `typescript.mjs` into a folder. */
export async function buildTypescriptLibrary(folder) {
  const outfile = path.join(folder, 'typescript.mjs');
  const { metafile } = await build({
    stdin: {
      contents: `export * as ts from '${library}/dist/typescript.js'; const files = ${JSON.stringify(declarations())}; export const getLibFiles = () => files;`,
      resolveDir: root,
    },
    outfile,
    bundle: true,
    minify: true,
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    plugins: [nothing],
    // It looks whether it is in Node, to read files there.
    define: { process: 'undefined', __filename: '""', __dirname: '""' },
    charset: 'utf8',
    legalComments: 'linked',
    logLevel: 'warning',
    metafile: true,
  });
  const asked = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path: name }) => name));
  if (asked.length > 0) throw new Error(`typescript.mjs asks for ${asked.join(', ')}: a page has no such modules`);
}
