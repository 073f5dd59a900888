/**
 * Runs real notebooks plainly and compiled, and compares them cell by cell.
 *
 *   npm run corpus -- DIR|LIST.tsv [--limit N] [--only GLOB] [--python EXE] [--jobs N] [--timeout SECONDS]
 *                     [--rerun] [--isolated-check] [--plain-only] [--again] [--work DIR] [--on ENGINE]
 *
 * Every run gets a fresh copy of the project (the first folder below DIR) at the same path. Plain runs are kept; compiled
 * runs are kept as long as the program is the same, so an interrupted corpus goes on where it stopped.
 *
 * With --on (`flyte`, `ray://…`) a notebook runs here first, which says what its cells do, and what `run --on ENGINE` then gives in a
 * fresh copy is compared.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { python as ownPython, root } from './command.mjs';
import { complaintOf, documentOf, runLimited } from './limited.mjs';
import { baseOf, editCell, layOut, listNotebooks } from './notebooks.mjs';
import { withUnsaidErrors } from './unsaid-errors.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    limit: { type: 'string' },
    only: { type: 'string' },
    python: { type: 'string', default: ownPython },
    jobs: { type: 'string', default: '1' },
    timeout: { type: 'string', default: '300' },
    rerun: { type: 'boolean', default: false },
    'isolated-check': { type: 'boolean', default: false },
    'plain-only': { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    work: { type: 'string', default: path.join(root, 'out', 'corpus') },
    on: { type: 'string' },
  },
});

const [source] = positionals;
if (source === undefined || !existsSync(source)) {
  process.stderr.write('corpus: name a folder of notebooks, or a table with a column of paths\n');
  process.exit(2);
}
const base = baseOf(source);
const work = path.resolve(options.work);
const timeout = Number(options.timeout);
const engine = options.on;
const edits = engine !== undefined ? 0 : options['isolated-check'] ? 3 : options.rerun ? 1 : 0;
const program = programDigest();
// A copy, so that a build in the meantime changes nothing.
const dist = path.join(work, 'dist', program);
if (!options['plain-only'] && !existsSync(dist)) cpSync(path.join(root, 'dist'), dist, { recursive: true });
const { compareRuns } = options['plain-only'] ? {} : await import(pathToFileURL(path.join(dist, 'runtime.mjs')).href);
for (const folder of ['plain', 'compiled', 'results', 'dist']) mkdirSync(path.join(work, folder), { recursive: true });

/** What the compiled results depend on. */
function programDigest() {
  const hash = createHash('sha256').update(`${edits} ${engine ?? ''}`);
  const dist = path.join(root, 'dist');
  for (const name of existsSync(dist) ? readdirSync(dist, { recursive: true }).map(String).sort() : []) {
    if (/\.(?:mjs|py)$/.test(name)) hash.update(name).update(readFileSync(path.join(dist, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Without what would make the runs differ from each other. */
const environment = {
  ...process.env,
  MPLBACKEND: undefined,
  PYTHONHASHSEED: '0',
  // Each notebook is run once, unless it is run again on purpose.
  CELLWRIGHT_KEEP_WARM: options.rerun || options['isolated-check'] ? '1' : '0',
};

function isOtherLanguage({ metadata }) {
  const { language, name } = metadata?.kernelspec ?? {};
  return /^(?:typescript|javascript)$/.test(language ?? '') || /^(?:deno|tslab|jslab)$/.test(name ?? '');
}

/** How a notebook is run plainly: one in Python by the interpreter that was named, any other in the kernel that it names itself. */
function plainScript(notebook) {
  const isOther = isOtherLanguage(JSON.parse(readFileSync(notebook, 'utf8')));
  return isOther ? ['build', 'real_kernel.py'] : ['runtime', 'python', 'plain_run.py'];
}

/** A fresh copy of the notebook's project, at the same path for every run. */
function freshCopy(notebook, key) {
  const copy = path.join(tmpdir(), 'cellwright-corpus', key);
  return { copy, file: layOut(notebook, base, copy) };
}

async function plainRun(notebook, key, which) {
  const target = path.join(work, 'plain', `${key}.${which}.ipynb`);
  if (existsSync(target)) return { notebook: JSON.parse(readFileSync(target, 'utf8')) };
  const { copy, file } = freshCopy(notebook, key);
  const result = await runLimited(
    options.python,
    [path.join(root, ...plainScript(notebook)), file, target, path.dirname(file), String(timeout)],
    { cwd: path.dirname(file), env: environment, seconds: timeout + 60 },
  );
  rmSync(copy, { recursive: true, force: true });
  if (existsSync(target)) return { notebook: JSON.parse(readFileSync(target, 'utf8')) };
  return { problem: `${result.code}: ${result.err.trim().split('\n').at(-1)}` };
}

async function compiledRun(file, target, state, flags = []) {
  rmSync(target, { force: true });
  const args = [
    path.join(dist, 'cellwright.mjs'),
    'run',
    file,
    '-o',
    target,
    '--no-report',
    '--state',
    state,
    '--python',
    options.python,
    '--json',
    '-j',
    '2',
    ...flags,
  ];
  const limits = { cwd: path.dirname(file), env: environment, seconds: timeout + 60 };
  const result = await runLimited(process.execPath, args, limits);
  const notebook = existsSync(target) ? JSON.parse(readFileSync(target, 'utf8')) : undefined;
  // Steps are given the values of parameters in a cell of their own.
  if (notebook !== undefined)
    notebook.cells = notebook.cells.filter(({ metadata }) => metadata.tags?.includes('injected-parameters') !== true);
  return { ...result, document: documentOf(result), notebook };
}

function judge(run, plain) {
  const [first] = plain;
  const { code, document, notebook } = run;
  if (code === 'timeout') return { verdict: 'timeout' };
  if (document === undefined || ![0, 1, 3, 4].includes(code))
    return { verdict: 'crashed', why: complaintOf(run, document) };
  if (code === 3) return { verdict: 'refused', why: complaintOf(run, document) };
  // On an engine with a fixed graph a step checks itself, and says so when it is not to be believed.
  const unproven = document.flyte?.steps.find(({ status }) => status === 'refused');
  if (unproven !== undefined) return { verdict: 'refused', why: unproven.error.split('\n')[0] };
  if (isOtherLanguage(first)) {
    for (const [index, cell] of notebook.cells.entries())
      if (cell.outputs !== undefined) cell.outputs = withUnsaidErrors(cell.outputs, first.cells[index]?.outputs);
    // Stacks of other kernels have the frames of their engine, ours those of cells.
    for (const cell of [notebook, ...plain].flatMap((one) => one.cells))
      for (const output of cell.outputs ?? []) if (output.output_type === 'error') output.traceback = [];
  }
  const cells = compareRuns(plain, notebook);
  const different = cells.filter(({ verdict }) => verdict === 'different');
  const found = {
    cells: cells.length,
    unstable: cells.filter(({ verdict }) => verdict === 'unstable').length,
    different,
  };
  if (different.length > 0) {
    const [{ index, what }] = different;
    return { verdict: 'DIFFERENT', why: `cell ${index} \`${firstLine(first.cells[index])}\`: ${what}`, found };
  }
  return { verdict: first.metadata.plain.status === 0 ? 'equal' : 'fails alike', found };
}

/** Two plain runs may agree by chance: a difference is believed when two more plain runs do not show it. */
async function judgeSurely(run, plain, notebook, key, copy) {
  let judged = judge(run, plain);
  if (judged.verdict !== 'DIFFERENT') return judged;
  // Plain runs need the same path; the project as the compiled run left it is kept for the reruns.
  const aside = `${copy}.aside`;
  renameSync(copy, aside);
  for (const which of [3, 4]) {
    if (judged.verdict !== 'DIFFERENT') break;
    const another = await plainRun(notebook, key, which);
    if (another.notebook === undefined) break;
    plain.push(another.notebook);
    judged = judge(run, plain);
  }
  renameSync(aside, copy);
  return judged;
}

function firstLine(cell) {
  const lines = [cell.source].flat().join('').split('\n');
  return (lines.find((line) => line.trim() !== '' && !line.trim().startsWith('#')) ?? lines[0] ?? '')
    .trim()
    .slice(0, 80);
}

/** A rerun is compared with the fresh run: the same outputs, whatever was reused. The edit itself is no difference. */
function judgeRerun(run, plain, edits) {
  if (run.notebook === undefined || edits.length === 0) return judge(run, plain);
  for (const index of edits) run.notebook.cells[index].source = plain[0].cells[index].source;
  return judge({ ...run, notebook: withoutLines(run.notebook) }, plain.map(withoutLines));
}

/** Without what depends on the line at which code stands in its cell: tracebacks, and the places that warnings name. */
function withoutLines(notebook) {
  const cells = notebook.cells.map((cell) => {
    const outputs = (cell.outputs ?? []).map((output) =>
      output.output_type === 'error' ? { ...output, traceback: [] } : output,
    );
    const text = JSON.stringify(outputs).replaceAll(/(ipykernel_\d+\/\d+\.py:)\d+/g, '$1N');
    return 'outputs' in cell ? { ...cell, outputs: JSON.parse(text) } : cell;
  });
  return { ...notebook, cells };
}

async function check(notebook) {
  const name = path.relative(base, notebook);
  const key = createHash('sha256').update(name).update(readFileSync(notebook)).digest('hex').slice(0, 16);
  const resultFile = path.join(work, 'results', `${key}.json`);
  if (!options.again && !options['plain-only'] && existsSync(resultFile)) {
    const known = JSON.parse(readFileSync(resultFile, 'utf8'));
    if (known.program === program) return known;
  }
  const one = await plainRun(notebook, key, 1);
  const two = await plainRun(notebook, key, 2);
  if (one.problem !== undefined || two.problem !== undefined) {
    return { name, program, verdict: 'plain run failed', why: one.problem ?? two.problem };
  }
  const plainSeconds = one.notebook.metadata.plain.seconds;
  if (options['plain-only']) return { name, verdict: 'plain', plainSeconds };
  const plain = [one.notebook, two.notebook];
  const { copy, file } = freshCopy(notebook, key);
  const state = path.join(tmpdir(), 'cellwright-corpus', `${key}.state`);
  rmSync(state, { recursive: true, force: true });
  const target = path.join(work, 'compiled', `${key}.ipynb`);
  const here = await compiledRun(file, target, state);
  const run =
    engine === undefined ? here : await compiledRun(freshCopy(notebook, key).file, target, state, ['--on', engine]);
  const result = {
    name,
    program,
    plainSeconds,
    seconds: run.document?.seconds ?? run.seconds,
    lane: run.document?.oneProcess,
    ...(await judgeSurely(run, plain, notebook, key, copy)),
  };
  if (edits > 0 && (result.verdict === 'equal' || result.verdict === 'fails alike')) {
    result.reruns = [];
    const made = [];
    for (let turn = 0; turn <= edits; turn++) {
      const edited = turn === 0 ? undefined : editCell(file, turn / (edits + 1));
      if (edited !== undefined) made.push(edited);
      const rerun = await compiledRun(file, path.join(work, 'compiled', `${key}.${turn + 1}.ipynb`), state);
      const judged = judgeRerun(rerun, plain, made);
      result.reruns.push({
        edited: edited !== undefined,
        ran: rerun.document?.ran,
        reused: rerun.document?.reused,
        seconds: rerun.document?.seconds,
        verdict: judged.verdict,
        why: judged.why,
      });
    }
  }
  rmSync(copy, { recursive: true, force: true });
  rmSync(state, { recursive: true, force: true });
  writeFileSync(`${resultFile}.part`, JSON.stringify(result, null, 1));
  renameSync(`${resultFile}.part`, resultFile);
  return result;
}

const verdicts = ['equal', 'fails alike', 'refused', 'DIFFERENT', 'crashed', 'timeout', 'plain run failed'];

function table(results) {
  const counts = new Map();
  for (const { verdict } of results) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const cell = (text) =>
    String(text ?? '')
      .replaceAll('|', '\\|')
      .replaceAll('\n', ' ')
      .slice(0, 300);
  const rows = results.map((result) => {
    const reruns = (result.reruns ?? []).map(
      (rerun) => `${rerun.verdict}${rerun.edited ? ' (edited)' : ''} ${rerun.ran ?? '?'}/${rerun.reused ?? '?'}`,
    );
    const why = [result.why, ...(result.reruns ?? []).map((rerun) => rerun.why)].filter(Boolean).join('; ');
    const times = [result.plainSeconds, result.seconds].map((seconds) =>
      seconds === undefined ? '' : seconds.toFixed(1),
    );
    return `| ${[result.name, result.verdict + (result.lane ? ' (one process)' : ''), ...times, reruns.join(', '), why].map(cell).join(' | ')} |`;
  });
  const summary = verdicts.map((verdict) => `${counts.get(verdict) ?? 0} ${verdict}`).join(', ');
  const reruns = results.flatMap((result) => result.reruns ?? []);
  const wrong = reruns.filter(({ verdict }) => verdict !== 'equal' && verdict !== 'fails alike').length;
  const again = reruns.length === 0 ? '' : ` ${reruns.length} reruns, ${wrong} of them not as the first run.`;
  const [plainTime, time] = ['plainSeconds', 'seconds'].map((key) =>
    results.reduce((sum, result) => sum + (result.seconds === undefined ? 0 : (result[key] ?? 0)), 0).toFixed(0),
  );
  return `# Corpus\n\n${results.length} notebooks: ${summary}.${again} ${plainTime} s plainly, ${time} s compiled.\n\n| notebook | verdict | plain s | compiled s | reruns (ran/reused) | why |\n| --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

const limit = options.limit === undefined ? undefined : Number(options.limit);
const notebooks = listNotebooks(source, { only: options.only, limit });
const results = [];
const queue = [...notebooks.entries()];
async function next() {
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
    const [place, notebook] = entry;
    const result = await check(notebook);
    results[place] = result;
    const reruns = (result.reruns ?? []).map((rerun) => `${rerun.verdict} ${rerun.ran}/${rerun.reused}`).join(', ');
    process.stdout.write(
      `${result.verdict.padEnd(12)} ${result.name}  ${result.seconds?.toFixed(1) ?? ''} s (plain ${result.plainSeconds?.toFixed(1) ?? ''} s)  ${reruns}${result.why ? `\n             ${result.why}` : ''}\n`,
    );
    if (!options['plain-only']) writeFileSync(path.join(work, 'table.md'), table(results.filter(Boolean)));
  }
}
await Promise.all(Array.from({ length: Number(options.jobs) }, next));
if (!options['plain-only'])
  process.stdout.write(`\n${table(results.filter(Boolean)).split('\n')[2]}\n${path.join(work, 'table.md')}\n`);
process.exit(
  results.some(
    (result) => result.verdict === 'DIFFERENT' || result.reruns?.some((rerun) => rerun.verdict === 'DIFFERENT'),
  )
    ? 5
    : 0,
);
