/** Runs a case many times with its tasks in a random order: whatever the order, the outputs have to be the same. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { bareOutputs, notebookOf } from './cases.mjs';
import { root } from './command.mjs';
import { editCells, environmentOf, firstDifference, layOutCase } from './judge.mjs';

const dist = path.join(root, 'dist');
const load = (name) => import(pathToFileURL(path.join(dist, name)).href);
const { endStandBy, run } = await load('runtime.mjs');
const { createCompiler } = await load('compiler.mjs');
const compiler = await createCompiler({
  runtimeWasm: readFileSync(path.join(dist, 'web-tree-sitter.wasm')),
  languageWasm: readFileSync(path.join(dist, 'tree-sitter-python.wasm')),
});

/** Numbers from 0 to 1 that are the same for the same seed (xmur3 and mulberry32). */
function randomOf(seed) {
  let state = 1779033703 ^ seed.length;
  for (const letter of seed) state = Math.imul(state ^ letter.charCodeAt(0), 3432918353);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Half of what could happen at once waits; most tasks that could start do, also those that had better not. */
function disorderOf(random) {
  return {
    order: (near) =>
      near
        .map((item) => [random(), item])
        .sort(([left], [right]) => left - right)
        .map(([, item]) => item),
    startsEarly: () => random() < 0.7,
    delay: () => (random() < 0.5 ? 0 : random() * 60),
  };
}

async function runOnce(found, truth, { cells, jobs, standBy, random, settings, notebook }) {
  const text = JSON.stringify(notebookOf(cells, found.kernel));
  await compiler.prepare(text, 'notebook.ipynb');
  const { bundle, notebook: read, diagnostics } = compiler.compile(text, 'notebook.ipynb');
  const refusal = (list) =>
    list.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code} ${message}`);
  if (bundle === undefined) return { verdict: 'refused', why: refusal(diagnostics).join('; ') };
  const record = await run(bundle, read.document, {
    worker: path.join(dist, 'python', 'worker.py'),
    cwd: path.dirname(notebook),
    origin: { notebook, parameters: [], program: 'conformance' },
    state: path.join(settings.folder, 'state'),
    python: settings.python,
    jobs,
    cache: true,
    force: false,
    keepGoing: false,
    startMethod: 'fork',
    lane: false,
    standBy,
    environment: environmentOf(settings.folder),
    signal: AbortSignal.timeout(settings.seconds * 1000),
    disorder: disorderOf(random),
    onEvent: () => undefined,
  });
  if (record.status === 'refused') return { verdict: 'refused', why: refusal(record.diagnostics).join('; ') };
  if (record.status === 'interrupted') return { verdict: 'crashed', why: `no end within ${settings.seconds} s` };
  const why = firstDifference({ cells }, truth, bareOutputs(JSON.parse(record.notebook)));
  return why === undefined ? { verdict: 'equal' } : { verdict: 'DIFFERENT', why };
}

/**
 * A first run in disorder and one from the cache after some cells were edited, `times` times with 1 and with 4 workers. In every
 * other turn processes with the notebook's imports wait for the next run.
 * @param seed the same seed makes the same choices; when a message comes is still up to the machine
 */
export async function shuffleCase(found, truth, settings) {
  const results = [];
  for (const jobs of [1, 4]) {
    for (let turn = 0; turn < settings.times; turn++) {
      const how = `seed ${settings.seed}, turn ${turn}, ${jobs} ${jobs === 1 ? 'worker' : 'workers'}`;
      const random = randomOf(`${settings.seed} ${found.name} ${jobs} ${turn}`);
      const notebook = layOutCase(found, settings.folder);
      const setting = { jobs, standBy: turn % 2 === 0 ? 0 : 20, random, settings, notebook };
      results.push({ how, ...(await runOnce(found, truth, { ...setting, cells: found.cells })) });
      const cells = editCells(found.cells, () => random() < 0.4, found.kernel);
      const again = await runOnce(found, truth, { ...setting, cells });
      results.push({ how: `${how}, from the cache`, ...again });
    }
  }
  await endStandBy([path.join(settings.folder, 'state')]);
  return results;
}
