/** Runs one case with Jupyter or with a tool, and compares. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { bareOutputs, readTruth, truthFile, withOutputs, writeCells } from './cases.mjs';
import { root } from './command.mjs';
import { complaintOf, documentOf, runLimited } from './limited.mjs';
import { withUnsaidErrors } from './unsaid-errors.mjs';

/** What the runtime's comparison of notebooks says. */
const { compareRuns } = await import(pathToFileURL(path.join(root, 'dist', 'runtime.mjs')).href);

/** Environment of a case: the shell's own files are in its folder, and nothing decides how figures are drawn. */
export function environmentOf(folder) {
  return {
    // Hundreds of notebooks, each of them run three times: nothing of them is to stay in memory, unless that is what is tried.
    CELLWRIGHT_KEEP_WARM: '0',
    ...process.env,
    MPLBACKEND: undefined,
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    // Packages that cells import are fetched once for all cases.
    DENO_DIR:
      process.env['DENO_DIR'] ?? path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'deno'),
    IPYTHONDIR: path.join(folder, 'ipython'),
  };
}

/** Makes the folder of a case anew, with the notebook in a folder of its own inside. */
export function layOutCase({ cells, kernel }, folder) {
  rmSync(folder, { recursive: true, force: true });
  const notebook = path.join(folder, 'here', 'notebook.ipynb');
  writeCells(notebook, cells, kernel);
  return notebook;
}

/** Where two lists of outputs first differ; undefined when they are equal. */
export function firstDifference({ cells }, expected, given) {
  const said = given.map((outputs, index) => withUnsaidErrors(outputs, expected[index]));
  const verdicts = compareRuns([withOutputs(cells, expected)], withOutputs(cells, said));
  const other = verdicts.find(({ verdict }) => verdict !== 'equal');
  return other === undefined ? undefined : `cell ${other.index + 1}: ${other.what}`;
}

const readOutputs = (file) => bareOutputs(JSON.parse(readFileSync(file, 'utf8')));

const plainRun = ['runtime', 'python', 'plain_run.py'];
const realKernel = ['build', 'real_kernel.py'];

/** Puts in the place of cells that the kernel alone does not know what the compiler makes of them. */
async function lowerCells(notebook, folder) {
  const bundle = path.join(folder, 'bundle');
  const words = [path.join(root, 'dist', 'cellwright.mjs'), 'compile', notebook, '-o', bundle, '-q'];
  const ended = await runLimited(process.execPath, words, { cwd: folder, env: environmentOf(folder), seconds: 60 });
  if (ended.code !== 0) throw new Error(`${notebook} cannot be compiled: ${complaintOf(ended)}`);
  const { tasks } = JSON.parse(readFileSync(path.join(bundle, 'bundle.json'), 'utf8'));
  const document = JSON.parse(readFileSync(notebook, 'utf8'));
  for (const { index, lowered } of tasks) if (lowered !== undefined) document.cells[index].source = lowered;
  writeFileSync(notebook, JSON.stringify(document));
}

/**
 * What Jupyter gives: two runs one after the other in the same folder, with other orders of sets, have to give the same.
 * @returns `outputs`, or the `problem`
 */
export async function makeTruth(found, { python, seconds, folder }) {
  const notebook = layOutCase(found, folder);
  const here = path.dirname(notebook);
  const isMixed = found.kernel !== 'python3' && found.cells.some(({ source }) => /^%%/m.test(source));
  if (isMixed) await lowerCells(notebook, folder);
  const runs = [];
  for (const seed of ['1', '2']) {
    const target = path.join(folder, `plain-${seed}.ipynb`);
    const script = path.join(root, ...(found.kernel === 'python3' ? plainRun : realKernel));
    const ended = await runLimited(python, [script, notebook, target, here, String(seconds)], {
      cwd: here,
      env: { ...environmentOf(folder), PYTHONHASHSEED: seed },
      seconds: seconds + 60,
    });
    if (!existsSync(target)) return { problem: complaintOf(ended) };
    runs.push(readOutputs(target));
  }
  const [outputs, again] = runs;
  const differs = firstDifference(found, outputs, again);
  return differs === undefined ? { outputs } : { problem: `two plain runs differ, ${differs}` };
}

/** Makes the expected outputs anew; the file is written only when they are not as they were. */
export async function writeTruth(found, settings) {
  const { outputs, problem } = await makeTruth(found, settings);
  if (problem !== undefined) return { verdict: 'no truth', why: problem };
  const before = readTruth(found);
  const isSame = before?.length === outputs.length && firstDifference(found, before, outputs) === undefined;
  if (isSame) return { verdict: 'unchanged' };
  writeFileSync(truthFile(found), `${JSON.stringify({ cells: outputs }, null, 1)}\n`);
  return { verdict: 'written', why: before === undefined ? 'new' : firstDifference(found, before, outputs) };
}

/** True when Restart & Run All ends with an error. */
function endsWithError({ cells }, truth) {
  return truth.some(
    (outputs, index) =>
      outputs.some(({ output_type }) => output_type === 'error') && !cells[index].tags.includes('raises-exception'),
  );
}

/** Judges one run by its exit code, what it said, and the notebook that it wrote. */
export function judgeRun(found, truth, { ended, notebook, sources }) {
  const document = documentOf(ended);
  const { code } = ended;
  if (code === 'timeout') return { verdict: 'crashed', why: 'it did not end in time' };
  if (code === 3) return { verdict: 'refused', why: complaintOf(ended, document) };
  if (notebook === undefined) return { verdict: 'crashed', why: complaintOf(ended, document) };
  const cells = sources ?? found.cells;
  const differs = firstDifference({ cells }, truth, bareOutputs(notebook));
  if (code !== 0 && !endsWithError(found, truth)) {
    const why = differs === undefined ? '' : `; ${differs}`;
    return { verdict: 'crashed', why: `${complaintOf(ended, document)}${why}` };
  }
  if (differs !== undefined) return { verdict: 'DIFFERENT', why: differs };
  return { verdict: 'equal', isOneProcess: document?.oneProcess === true };
}

/** A simple statement at the beginning: another may stand before it on its line. */
const simpleStart = /^(?![%!?#@\s]|(?:async|class|def|for|if|match|try|while|with|from __future__)\b)/;

/** The same in JavaScript. */
const simpleStartOfScript =
  /^(?![%!?#@{</\s]|(?:abstract|async|await|class|declare|enum|export|for|function|if|import|interface|namespace|switch|try|type|while)\b)/;

/** Who shows the text of cells shows the edit as well. */
const showsText = /\b(?:In|_ih|_i{1,3}|getsource)\b/;

/** Cells that are other code and do the same, on the same lines; those that `picks` names. */
export function editCells(cells, picks, kernel = 'python3') {
  if (cells.some(({ source }) => showsText.test(source))) return cells;
  return cells.map((cell, index) => {
    const start = kernel === 'python3' ? simpleStart : simpleStartOfScript;
    const isEditable = start.test(cell.source) && !/^.*\?\s*$/m.test(cell.source) && picks(index);
    return isEditable ? { ...cell, source: `${kernel === 'python3' ? 'pass' : 'void 0'}; ${cell.source}` } : cell;
  });
}

function commandOf({ tool, python, folder }, notebook, out) {
  if (tool !== undefined) {
    const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
    const words = { input: notebook, output: out, python };
    return ['sh', ['-c', tool.replaceAll(/\{(input|output|python)\}/g, (_, name) => quoted(words[name]))]];
  }
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const flags = ['--no-report', '--state', path.join(folder, 'state'), '--python', python, '--json', '-j', '2'];
  return [process.execPath, [program, 'run', notebook, '-o', out, ...flags]];
}

/**
 * Judges a tool: Cellwright by a first run, one from its cache and one after an edit that changes nothing; any other by one run, or
 * with `twice` by two in the same folder. The first verdict that is not `equal` counts.
 */
export async function judgeTool(found, truth, settings) {
  const notebook = layOutCase(found, settings.folder);
  const here = path.dirname(notebook);
  const edited = editCells(found.cells, (index) => index % 2 === 1, found.kernel);
  const own = [
    ['first run', found.cells],
    ['from the cache', found.cells],
    ['after an edit', edited],
  ];
  const passes = settings.tool === undefined ? own : own.slice(0, settings.twice ? 2 : 1);
  const started = performance.now();
  const inOneProcess = [];
  let judged;
  for (const [name, cells] of passes) {
    const out = path.join(settings.folder, 'out.ipynb');
    rmSync(out, { force: true });
    mkdirSync(here, { recursive: true });
    writeCells(notebook, cells, found.kernel);
    const [program, args] = commandOf(settings, notebook, out);
    const ended = await runLimited(program, args, {
      cwd: here,
      env: environmentOf(settings.folder),
      seconds: settings.seconds,
    });
    const written = existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : undefined;
    judged = judgeRun(found, truth, { ended, notebook: written, sources: cells });
    if (judged.isOneProcess) inOneProcess.push(name);
    if (judged.verdict === 'refused') break;
    if (judged.verdict !== 'equal') {
      judged = { ...judged, why: `${name}: ${judged.why}` };
      break;
    }
  }
  const how = inOneProcess.length === 0 ? '' : `one process: ${inOneProcess.join(', ')}`;
  return { ...judged, how, seconds: (performance.now() - started) / 1000 };
}
