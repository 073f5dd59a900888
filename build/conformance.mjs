/**
 * Judges a tool by the cases of test/conformance: does it give what Restart & Run All gives, or say that it cannot?
 *
 *   npm run conformance -- [GLOB...] [--tool COMMAND] [--twice] [--cases DIR] [--python EXE] [--jobs N] [--timeout SECONDS]
 *   npm run conformance -- [GLOB...] --truth         makes the expected outputs anew with Jupyter, and says what changed
 *   npm run conformance -- [GLOB...] --write DIR     writes the notebooks, with the expected outputs, and runs nothing
 *   npm run conformance -- [GLOB...] --shuffle N [--seed S]   tasks in a random order, with 1 and 4 workers, cold and from the cache
 *
 * Ends with 5 when a case is different or crashed.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { readCases, readTruth, withOutputs } from './cases.mjs';
import { python as ownPython, root, run } from './command.mjs';
import { judgeTool, makeTruth, writeTruth } from './judge.mjs';
import { matches } from './notebooks.mjs';
import { shuffleCase } from './shuffle.mjs';

const { values: options, positionals: globs } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: path.join(root, 'test', 'conformance', 'cases') },
    tool: { type: 'string' },
    twice: { type: 'boolean', default: false },
    truth: { type: 'boolean', default: false },
    write: { type: 'string' },
    shuffle: { type: 'string' },
    seed: { type: 'string', default: '1' },
    python: { type: 'string', default: ownPython },
    jobs: { type: 'string', default: '2' },
    timeout: { type: 'string', default: '120' },
    work: { type: 'string', default: path.join(root, 'out', 'conformance') },
  },
});

const cases = readCases(options.cases).filter(
  ({ name }) => globs.length === 0 || globs.some((glob) => matches(name, glob, { isWhole: true })),
);
const scratch = mkdtempSync(path.join(tmpdir(), 'cellwright-conformance-'));
const work = path.resolve(options.work);
mkdirSync(work, { recursive: true });

/** What a judgement needs of the command line; every case has a folder of its own. */
function settingsOf({ name }) {
  const folder = path.join(scratch, name);
  return { python: options.python, seconds: Number(options.timeout), folder, tool: options.tool, twice: options.twice };
}

/** The packages that cases need and the interpreter does not have. */
async function missingPackages() {
  const needed = [...new Set(cases.flatMap(({ needs }) => needs))];
  const look =
    'import importlib.util, sys; print(*[name for name in sys.argv[1:] if importlib.util.find_spec(name) is None])';
  const { code, output } = await run(options.python, ['-c', look, ...needed], { quiet: true });
  if (code !== 0) throw new Error(`${options.python} cannot be used: ${output}`);
  return new Set(output.split(/\s+/).filter(Boolean));
}

/** The truth that is stored, else made now, which is the way of cases that are not the suite's own. */
async function truthOf(found, settings) {
  const stored = readTruth(found);
  if (stored !== undefined) return { outputs: stored };
  return await makeTruth(found, settings);
}

async function writeNotebooks(folder) {
  for (const found of cases) {
    const truth = readTruth(found);
    const place = path.join(folder, found.name);
    mkdirSync(place, { recursive: true });
    writeFileSync(
      path.join(place, 'notebook.ipynb'),
      JSON.stringify(withOutputs(found.cells, [], found.kernel), null, 1),
    );
    if (truth !== undefined)
      writeFileSync(
        path.join(place, 'expected.ipynb'),
        JSON.stringify(withOutputs(found.cells, truth, found.kernel), null, 1),
      );
  }
  process.stdout.write(`${cases.length} cases in ${path.resolve(folder)}\n`);
}

async function judge(found, missing) {
  const lacks = found.needs.filter((name) => missing.has(name));
  if (lacks.length > 0) return [{ verdict: 'skipped', why: `${lacks.join(', ')} is not installed` }];
  const settings = settingsOf(found);
  if (options.truth) return [await writeTruth(found, settings)];
  const truth = await truthOf(found, settings);
  if (truth.problem !== undefined) return [{ verdict: 'no truth', why: truth.problem }];
  if (options.shuffle === undefined) return [await judgeTool(found, truth.outputs, settings)];
  return await shuffleCase(found, truth.outputs, { ...settings, times: Number(options.shuffle), seed: options.seed });
}

const order = ['equal', 'refused', 'DIFFERENT', 'crashed', 'skipped', 'written', 'unchanged', 'no truth'];

function summarise(results) {
  const counts = new Map();
  for (const { verdict } of results) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const always = options.truth ? [] : order.slice(0, 4);
  const said = order.filter((verdict) => always.includes(verdict) || counts.has(verdict));
  const unit = options.shuffle === undefined ? 'cases' : 'runs';
  return `${results.length} ${unit}: ${said.map((verdict) => `${counts.get(verdict) ?? 0} ${verdict}`).join(', ')}`;
}

function table(results) {
  const cell = (text) =>
    String(text ?? '')
      .replaceAll('|', '\\|')
      .replaceAll('\n', ' ')
      .slice(0, 300);
  const rows = results.map(({ name, verdict, how, why }) => `| ${[name, verdict, how, why].map(cell).join(' | ')} |`);
  return `# Conformance\n\n${summarise(results)}\n\n| case | verdict | how | why |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function show({ name, verdict, how, why, seconds }) {
  const time = seconds === undefined ? '' : `  ${seconds.toFixed(1)} s`;
  process.stdout.write(
    `${verdict.padEnd(9)} ${name}${how ? `  (${how})` : ''}${time}${why ? `\n          ${why}` : ''}\n`,
  );
}

async function judgeAll() {
  const missing = await missingPackages();
  const found = new Map();
  const queue = [...cases];
  async function next() {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const judged = (await judge(one, missing)).map((result) => ({ name: one.name, ...result }));
      found.set(one.name, judged);
      // Of hundreds of runs in disorder those that went well are only counted.
      for (const result of judged) if (options.shuffle === undefined || result.verdict !== 'equal') show(result);
      if (options.shuffle !== undefined) process.stdout.write(`${one.name}: ${summarise(judged)}\n`);
      rmSync(path.join(scratch, one.name), { recursive: true, force: true });
    }
  }
  await Promise.all(Array.from({ length: Number(options.jobs) }, next));
  return cases.flatMap(({ name }) => found.get(name) ?? []);
}

try {
  if (options.write !== undefined) await writeNotebooks(options.write);
  else {
    const results = await judgeAll();
    if (!options.truth) {
      writeFileSync(path.join(work, 'table.md'), table(results));
      process.stdout.write(`\n${path.join(work, 'table.md')}`);
    }
    process.stdout.write(`\n${summarise(results)}\n`);
    if (results.some(({ verdict }) => ['DIFFERENT', 'crashed', 'no truth'].includes(verdict))) process.exitCode = 5;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
