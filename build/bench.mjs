/**
 * Measures, in one go and in turns, so that a busy machine slows all sides alike:
 *   compiling 50, 1,000 and 2,000 cells of Python, and 50 and 500 of TypeScript, in the process and as a command;
 *   on the samples, and on the notebooks of a folder or table: the first run, the unchanged rerun and the rerun after an edit of one
 *   cell, beside papermill and nbclient, which both run everything every time.
 *
 *   npm run bench -- --compile-only
 *   npm run bench -- [DIR|LIST.tsv] [--only GLOB] [--limit N] [--rounds N] [--python EXE] [--output FILE]
 *
 * Every time is that of the whole command, the start of Node and of Python included. A notebook that raises is left out.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { notebookOf } from './cases.mjs';
import { python as ownPython, root } from './command.mjs';
import { baseOf, editCell, layOut, listNotebooks } from './notebooks.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'compile-only': { type: 'boolean', default: false },
    only: { type: 'string' },
    limit: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string', default: ownPython },
    output: { type: 'string', default: path.join(root, 'out', 'bench.md') },
  },
});
const rounds = Number(options.rounds);
const program = path.join(root, 'dist', 'cellwright.mjs');
const scratch = mkdtempSync(path.join(tmpdir(), 'cellwright-bench-'));

function notebook(cells) {
  return JSON.stringify({
    cells: cells.map((source, index) => ({
      cell_type: 'code',
      id: `cell-${index}`,
      metadata: {},
      source,
      outputs: [],
      execution_count: null,
    })),
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
  });
}

/** Cells as people write them: a table, columns, groups, a function, printed results. */
function longNotebook(length) {
  const cells = [
    'import numpy as np\nimport pandas as pd',
    'df = pd.DataFrame({"a": np.arange(1000), "b": np.arange(1000) % 7})',
  ];
  for (let index = cells.length; index < length; index++) {
    const kinds = [
      `df["c${index}"] = df["a"] * ${index} + df["b"]`,
      `by${index} = df.groupby("b")["a"].mean()\nby${index}.head(3)`,
      `def f${index}(x, y=${index}):\n    return x + y\n\nf${index}(len(df))`,
      `total${index} = sum(v for v in df["a"].head(${index}))\nprint(f"{total${index}:,}")`,
    ];
    cells.push(kinds[index % kinds.length]);
  }
  return notebook(cells);
}

/** Runs a command to its end; undefined when it failed. */
function time(program, args, cwd) {
  const started = performance.now();
  const env = { ...process.env, XDG_CACHE_HOME: path.join(scratch, 'cache') };
  const done = spawnSync(program, args, { cwd, encoding: 'utf8', env, maxBuffer: 1 << 28 });
  const seconds = (performance.now() - started) / 1000;
  return done.status === 0 ? { seconds, out: done.stdout } : undefined;
}

function median(values) {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The same in TypeScript, with names that are used over cells, types, classes and functions. */
function longScriptNotebook(count) {
  const cells = Array.from({ length: count }, (_, index) => {
    const kinds = [
      `import { readFileSync } from "node:fs";\nconst rows${index}: number[] = [3, 1, ${index}];\nlet total${index} = 0;`,
      `function mean${index}(xs: readonly number[]): number { total${index - 1} += 1; return xs.reduce((a, b) => a + b, 0) / xs.length }`,
      `const m${index} = mean${index - 1}(rows${index - 2});\nrows${index - 2}.push(m${index});\nconsole.log(m${index}.toFixed(2), rows${index - 2}.map((x) => x * 2));`,
      `class Point${index} { constructor(readonly x: number, readonly y: number) {} norm() { return Math.hypot(this.x, this.y) } }\nconst by${index} = new Map(rows${index - 3}.map((x) => [x, new Point${index}(x, 1)]));`,
      `const sorted${index} = [...by${index - 1}.values()].sort((a, b) => a.x - b.x);\nfor (const { x } of sorted${index}) total${index - 4} += x;`,
    ];
    return kinds[index % kinds.length];
  });
  return JSON.stringify(
    notebookOf(
      cells.map((source) => ({ source, tags: [] })),
      'deno',
    ),
  );
}

/** Seconds in the process: of loading the language, of the first notebook after that, of one of many, of one with a cell edited, and of one in which all cells are new. */
async function measureCompile(text, edit) {
  const { createCompiler } = await import(pathToFileURL(path.join(root, 'dist', 'compiler.mjs')).href);
  const [runtimeWasm, languageWasm] = ['web-tree-sitter.wasm', 'tree-sitter-python.wasm'].map((name) =>
    readFileSync(path.join(root, 'dist', name)),
  );
  const compiler = await createCompiler({ runtimeWasm, languageWasm });
  const begun = performance.now();
  await compiler.prepare(text, 'notebook.ipynb');
  const load = (performance.now() - begun) / 1000;
  const turn = (notebook) => {
    const started = performance.now();
    compiler.compile(notebook, 'notebook.ipynb');
    return (performance.now() - started) / 1000;
  };
  const first = turn(text);
  const again = Array.from({ length: 3 + rounds }, () => turn(text)).slice(-rounds);
  const edited = Array.from({ length: 3 + rounds }, (_, count) => turn(edit(text, count))).slice(-rounds);
  // The first of these still teach the engine which code is worth to be made fast.
  const renewed = Array.from({ length: 8 + rounds }, (_, count) => turn(renew(text, count))).slice(-rounds);
  return { load, first, warm: median(again), edited: median(edited), fresh: median(renewed) };
}

/** The same with other names in every cell. */
const renew = (text, count) =>
  text.replaceAll(
    /\b(total|by|f|df|rows|mean|m|Point|sorted)(\d*)\b/g,
    (_, word, number) => `${word}_${count}q${number}`,
  );

const editPython = (text, count) => text.replace('total9 = ', `total9 = ${count} + `);
const editScript = (text, count) => text.replace('const sorted9 = ', `const edited9 = ${count}; const sorted9 = `);

async function compileTable() {
  const rows = [];
  for (const [language, cells] of [
    ['Python', 50],
    ['Python', 1000],
    ['Python', 2000],
    ['TypeScript', 50],
    ['TypeScript', 500],
  ]) {
    const isPython = language === 'Python';
    const text = isPython ? longNotebook(cells) : longScriptNotebook(cells);
    const { load, first, warm, edited, fresh } = await measureCompile(text, isPython ? editPython : editScript);
    writeFileSync(path.join(scratch, `c${cells}.ipynb`), text);
    const commands = Array.from(
      { length: rounds },
      () => time(process.execPath, [program, 'compile', `c${cells}.ipynb`, '-o', `b${cells}`], scratch).seconds,
    );
    const times = [load, first, warm, edited, fresh, median(commands)].map((seconds) => (seconds * 1000).toFixed(0));
    rows.push([language, cells, ...times]);
  }
  const body = rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
  const head = [
    'notebook',
    'cells',
    'loading the language, ms',
    'first, ms',
    'one of many, ms',
    'a cell edited, ms',
    'all cells new, ms',
    'whole command, ms',
  ];
  return `| ${head.join(' | ')} |\n| ${head.map(() => '---').join(' | ')} |\n${body}`;
}

/** Seconds of every way to run one notebook, in one round; undefined when one of them failed. */
function measureOnce(notebook, base) {
  const copy = path.join(scratch, 'project');
  const place = () => layOut(notebook, base, copy);
  const out = path.join(scratch, 'out.ipynb');
  const own = (file) => {
    const flags = [
      '-o',
      out,
      '--python',
      options.python,
      '--state',
      path.join(scratch, 'state'),
      '--json',
      '--no-report',
    ];
    const done = time(process.execPath, [program, 'run', file, ...flags], path.dirname(file));
    return done === undefined ? undefined : { ...JSON.parse(done.out), seconds: done.seconds };
  };
  const peer = (...args) => {
    const file = place();
    return time(
      options.python,
      args.map((word) => (word === 'NB' ? file : word)),
      path.dirname(file),
    )?.seconds;
  };
  rmSync(path.join(scratch, 'state'), { recursive: true, force: true });
  const papermill = peer('-m', 'papermill', 'NB', out, '-k', 'python3', '--no-progress-bar');
  const plain = path.join(root, 'runtime', 'python', 'plain_run.py');
  const nbclient = papermill && peer(plain, 'NB', out, copy);
  const file = nbclient && place();
  const first = file && own(file);
  const again = first && own(file);
  const edited = again && editCell(file, 0.5);
  const after = edited !== undefined && again ? own(file) : undefined;
  // Processes that wait for the next run of this notebook would take memory from those of the next.
  time(process.execPath, [program, 'clean', '--state', path.join(scratch, 'state')], scratch);
  if (!after) return undefined;
  const cell = first.tasks.find(({ index }) => index === edited)?.seconds ?? 0;
  return {
    cells: first.tasks.length,
    oneProcess: first.oneProcess,
    papermill,
    nbclient,
    first: first.seconds,
    again: again.seconds,
    reran: again.ran,
    edit: after.seconds,
    editRan: after.ran,
    beyond: after.seconds - cell,
  };
}

function measure(notebook, base) {
  const found = [];
  for (let round = 0; round < rounds; round++) {
    const once = measureOnce(notebook, base);
    if (once === undefined) return undefined;
    found.push(once);
  }
  const middle = (key) => median(found.map((once) => once[key]));
  const times = Object.fromEntries(
    ['papermill', 'nbclient', 'first', 'again', 'edit', 'beyond'].map((key) => [key, middle(key)]),
  );
  return { ...found.at(-1), ...times, name: path.relative(base, notebook), ratio: times.first / times.papermill };
}

function notebookTable(results) {
  const rows = results.map((result) => {
    const seconds = ['papermill', 'nbclient', 'first', 'again', 'edit', 'beyond'].map((key) => result[key].toFixed(2));
    const note = result.oneProcess ? ' (one process)' : '';
    const counts = [`${result.reran}`, `${result.editRan}`];
    return `| ${[result.name + note, result.cells, ...seconds, result.ratio.toFixed(2), ...counts].join(' | ')} |`;
  });
  const head = [
    'notebook',
    'cells',
    'papermill',
    'nbclient',
    'first run',
    'unchanged',
    'one cell edited',
    'beyond the cell',
    'first / papermill',
    'reran',
    'reran after the edit',
  ];
  return `| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}\n${rows.join('\n')}`;
}

function medians(results) {
  const of = (key) => median(results.map((result) => result[key])).toFixed(2);
  const under = (key, limit) => results.filter((result) => result[key] < limit).length;
  return `Median of ${results.length}: first run / papermill ${of('ratio')}; unchanged rerun ${of('again')} s (${under('again', 0.5)} under 0.5 s); after an edit ${of('beyond')} s beyond the cell's own time (${under('beyond', 1)} under 1 s).`;
}

if (options['compile-only']) {
  process.stdout.write(`${await compileTable()}\n`);
  rmSync(scratch, { recursive: true, force: true });
  process.exit();
}
const sources = [path.join(root, 'samples'), ...positionals];
const sections = [];
for (const source of sources) {
  const limit = options.limit === undefined ? undefined : Number(options.limit);
  const results = [];
  for (const notebook of listNotebooks(source, source === sources[0] ? {} : { only: options.only, limit })) {
    const result = measure(notebook, baseOf(source));
    process.stdout.write(
      `${path.relative(baseOf(source), notebook)}: ${result === undefined ? 'raises' : `first run / papermill ${result.ratio.toFixed(2)}`}\n`,
    );
    if (result !== undefined) results.push(result);
  }
  if (results.length === 0) continue;
  sections.push(`## ${path.basename(source)}\n\n${medians(results)}\n\n${notebookTable(results)}`);
}
const version = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version;
const text = `# Measurements, version ${version}

Medians of ${rounds} rounds, ${availableParallelism()} cores, Node ${process.versions.node}; seconds of the whole command, start of the interpreters included.

## Compiling

${await compileTable()}

${sections.join('\n\n')}
`;
rmSync(scratch, { recursive: true, force: true });
mkdirSync(path.dirname(path.resolve(options.output)), { recursive: true });
writeFileSync(options.output, text);
process.stdout.write(`\n${text}\n${options.output}\n`);
