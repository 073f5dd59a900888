/**
 * `npm run agreement -- DIR`: compares what the compiler finds in every cell of the notebooks below a folder with what CPython's
 * `symtable` and `ast` and IPython's input transformer say of it. Without DIR: the samples and the cells kept for the tests.
 */
import path from 'node:path';

import { node } from './command.mjs';

const [folder] = process.argv.slice(2);
const env = folder === undefined ? {} : { CELLWRIGHT_NOTEBOOKS: path.resolve(folder) };
const { code } = await node('node_modules/vitest/vitest.mjs', ['run', 'test/agreement'], { env });
process.exitCode = code;
