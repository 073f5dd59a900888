/**
 * Measures, in one go and in turns, so that a busy machine slows all sides alike:
 *   compile of 50 and of 1,000 cells; first run, unchanged rerun and rerun after a one-cell edit of a notebook of 30 cells,
 *   against nbclient and, where it is installed, papermill, which both run everything every time.
 *
 *   npm run bench -- [--rounds N] [--python EXE] [--output FILE]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { python as ownPython, root } from './command.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    python: { type: 'string', default: ownPython },
    output: { type: 'string', default: path.join(root, 'out', 'bench.md') },
  },
});
const rounds = Number(options.rounds);
const program = path.join(root, 'dist', 'cellwright.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-bench-'));

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

/** Thirty cells, a few seconds of real work, half of it in a chain and half of it apart. */
function workNotebook(edit) {
  const cells = [
    'import time\nimport numpy as np\nimport pandas as pd',
    'n = 400_000\nrng = np.random.default_rng(1)\ndf = pd.DataFrame({"k": rng.integers(0, 500, n), "x": rng.normal(size=n), "y": rng.normal(size=n)})',
    'df["z"] = df["x"] * df["y"]',
  ];
  for (let index = cells.length; index < 29; index++) {
    cells.push(
      `part${index} = df.sort_values(["k", "z"]).groupby("k")[["x", "z"]].agg(["mean", "std", "median"])\nprint(${index}, part${index}.shape)`,
    );
  }
  cells.push(`print("the end${edit}")`);
  return notebook(cells);
}

function time(program, args) {
  const started = performance.now();
  const done = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache') },
  });
  const seconds = (performance.now() - started) / 1000;
  if (done.status !== 0) {
    process.stderr.write(`bench: ${[program, ...args].join(' ')} ended with ${done.status}\n${done.stderr}\n`);
    process.exit(1);
  }
  return { seconds, out: done.stdout };
}

function median(values) {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const has = (module) => spawnSync(options.python, ['-c', `import ${module}`]).status === 0;
const withPapermill = has('papermill');
const found = new Map();
function note(name, seconds) {
  found.set(name, [...(found.get(name) ?? []), seconds]);
}

writeFileSync(path.join(folder, 'c50.ipynb'), longNotebook(50));
writeFileSync(path.join(folder, 'c1000.ipynb'), longNotebook(1000));
const run = (name) => {
  const { seconds, out } = time(process.execPath, [
    program,
    'run',
    name,
    '-o',
    'out.ipynb',
    '--python',
    options.python,
    '--json',
    '--no-report',
  ]);
  const { ran, reused } = JSON.parse(out);
  return { seconds, ran, reused };
};
for (let round = 0; round < rounds; round++) {
  note('compile, 50 cells', time(process.execPath, [program, 'compile', 'c50.ipynb', '-o', 'b50']).seconds);
  note('compile, 1,000 cells', time(process.execPath, [program, 'compile', 'c1000.ipynb', '-o', 'b1000']).seconds);
  rmSync(path.join(folder, 'cache'), { recursive: true, force: true });
  writeFileSync(path.join(folder, 'work.ipynb'), workNotebook(''));
  note(
    'nbclient',
    time(options.python, [path.join(root, 'runtime', 'python', 'plain_run.py'), 'work.ipynb', 'plain.ipynb', folder])
      .seconds,
  );
  if (withPapermill)
    note(
      'papermill',
      time(options.python, ['-m', 'papermill', 'work.ipynb', 'papermill.ipynb', '-k', 'python3']).seconds,
    );
  note('first run', run('work.ipynb').seconds);
  const again = run('work.ipynb');
  note(`unchanged rerun (${again.ran} ran, ${again.reused} reused)`, again.seconds);
  writeFileSync(path.join(folder, 'work.ipynb'), workNotebook(` ${round}`));
  const edited = run('work.ipynb');
  note(`rerun after a one-cell edit (${edited.ran} ran, ${edited.reused} reused)`, edited.seconds);
  process.stdout.write(`round ${round + 1} of ${rounds}\n`);
}
rmSync(folder, { recursive: true, force: true });

const base = Math.min(
  ...['nbclient', 'papermill'].filter((name) => found.has(name)).map((name) => median(found.get(name))),
);
const rows = [...found].map(([name, values]) => {
  const middle = median(values);
  const range = `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
  const ratio = name.startsWith('compile') ? '' : (middle / base).toFixed(2);
  return `| ${name} | ${middle.toFixed(2)} | ${range} | ${ratio} |`;
});
const version = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version;
const text = `# Measurements, version ${version}

${rounds} rounds, ${availableParallelism()} cores, Node ${process.versions.node}; seconds of the whole command, start of the interpreter included. The ratio is to the
faster of nbclient and papermill, which have no cache.

| what | median s | range s | ratio |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
mkdirSync(path.dirname(path.resolve(options.output)), { recursive: true });
writeFileSync(options.output, text);
process.stdout.write(`\n${text}\n${options.output}\n`);
