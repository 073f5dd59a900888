/**
 * Compares what the compiler predicts with what runs observe: reads and writes of variables, edges, parallel width.
 *
 *   npm run precision -- DIR|LIST.tsv [--limit N] [--only GLOB] [--python EXE] [--timeout SECONDS] [--work DIR] [--again] [--list]
 *
 * Observations are kept in --work, so after a change of the compiler only the comparison is made again; --again observes anew.
 * --list prints every miss and every prediction that a run did not confirm. What is counted, and how, is in docs/corpus.md.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';

import { python as ownPython, root } from './command.mjs';
import { judgeEdges } from './count-edges.mjs';
import { countNotebook, noCounts } from './count-predictions.mjs';
import { baseOf, layOut, listNotebooks } from './notebooks.mjs';
import { observeNotebook } from './observe-notebook.mjs';
import { renderPrecision } from './precision-table.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    limit: { type: 'string' },
    only: { type: 'string' },
    python: { type: 'string', default: ownPython },
    timeout: { type: 'string', default: '600' },
    work: { type: 'string', default: path.join(root, 'out', 'precision') },
    again: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
const [source] = positionals;
if (source === undefined || !existsSync(source)) {
  process.stderr.write('precision: name a folder of notebooks, or a table with a column of paths\n');
  process.exit(2);
}
const base = baseOf(source);
const work = path.resolve(options.work);
mkdirSync(path.join(work, 'observed'), { recursive: true });
const dist = copyOfProgram();
const { run } = await import(pathToFileURL(path.join(dist, 'runtime.mjs')).href);
const compilers = {
  tables: await compilerOf(path.join(dist, 'compiler.mjs')),
  none: await compilerOf(await withoutTables()),
};

/** A copy of the built program, so that a build in the meantime changes nothing. */
function copyOfProgram() {
  const built = path.join(root, 'dist');
  const hash = createHash('sha256');
  for (const name of readdirSync(built, { recursive: true }).map(String).sort())
    if (/\.(?:mjs|py)$/.test(name)) hash.update(name).update(readFileSync(path.join(built, name)));
  const copy = path.join(work, 'dist', hash.digest('hex').slice(0, 16));
  if (!existsSync(copy)) cpSync(built, copy, { recursive: true });
  return copy;
}

async function compilerOf(file) {
  const { createCompiler } = await import(pathToFileURL(file).href);
  return createCompiler({
    runtimeWasm: readFileSync(path.join(dist, 'web-tree-sitter.wasm')),
    languageWasm: readFileSync(path.join(dist, 'tree-sitter-python.wasm')),
  });
}

/** A compiler that knows no library; what IPython's magics do and the builtins' names belong to the language. */
async function withoutTables() {
  const outfile = path.join(work, 'compiler-without-tables.mjs');
  const emptied = {
    name: 'without-tables',
    setup: (builder) => {
      builder.onLoad({ filter: /knowledge[\\/]load\.ts$/ }, ({ path: file }) => {
        const text = readFileSync(file, 'utf8').replace(
          "import { pythonTables } from './tables-python.ts';",
          "import { pythonTables as full } from './tables-python.ts';\nconst pythonTables = { ...full, modules: {}, values: {}, aliases: {}, types: {} };",
        );
        if (!text.includes('Tables as full')) throw new Error('load.ts takes its tables from elsewhere');
        return { contents: text, loader: 'ts' };
      });
    },
  };
  const entry = path.join(root, 'compiler', 'index.ts');
  const external = ['@ts-morph/common', 'fs', 'fs/promises', 'module', 'path', 'url'];
  const shared = { bundle: true, format: 'esm', platform: 'browser', target: 'es2023', external, logLevel: 'error' };
  await build({ ...shared, entryPoints: [entry], outfile, plugins: [emptied] });
  return outfile;
}

/** What a run of the notebook observed, from an earlier call or now. */
async function observations(notebook, key, { bundle, notebook: document }) {
  const kept = path.join(work, 'observed', `${key}.json`);
  if (!options.again && existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8'));
  const copy = path.join(tmpdir(), 'cellwright-precision', key);
  const state = `${copy}.state`;
  rmSync(state, { recursive: true, force: true });
  const file = layOut(notebook, base, copy);
  const context = { run, file, bundle, document: document.document, dist, python: options.python, state };
  const observed = await observeNotebook({ ...context, seconds: Number(options.timeout) });
  rmSync(copy, { recursive: true, force: true });
  rmSync(state, { recursive: true, force: true });
  writeFileSync(`${kept}.part`, JSON.stringify(observed));
  renameSync(`${kept}.part`, kept);
  return observed;
}

const totals = { notebooks: 0, leftOut: [], tables: noCounts(), none: noCounts(), edges: [] };
for (const notebook of listNotebooks(source, { only: options.only, limit: options.limit && Number(options.limit) })) {
  const name = path.relative(base, notebook);
  const bytes = readFileSync(notebook);
  const key = createHash('sha256').update(name).update(bytes).digest('hex').slice(0, 16);
  const compiled = compilers.tables.compile(bytes, path.basename(notebook));
  const plain = compilers.none.compile(bytes, path.basename(notebook));
  if (compiled.bundle === undefined || plain.bundle === undefined) {
    totals.leftOut.push({ name, why: 'cannot be compiled' });
    continue;
  }
  const { oneProcess, tasks } = await observations(notebook, key, compiled);
  const ran = tasks.filter((seen) => seen !== undefined && seen !== null);
  if (oneProcess || ran.length === 0) {
    totals.leftOut.push({ name, why: oneProcess ? 'all cells ran in one process' : 'no cell ran' });
    continue;
  }
  const observed = tasks.map((seen) => seen ?? undefined);
  totals.notebooks++;
  countNotebook({ name, tasks: compiled.bundle.tasks, observed }, totals.tables);
  countNotebook({ name, tasks: plain.bundle.tasks, observed }, totals.none);
  totals.edges.push({ name, tables: judgeEdges(compiled.bundle, observed), none: judgeEdges(plain.bundle, observed) });
  process.stderr.write(`${ran.length} of ${tasks.length} cells  ${name}\n`);
}
process.stdout.write(renderPrecision(totals, options.list));
