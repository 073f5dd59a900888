/** The image of a notebook of Deno, and on top of it that of Argo, each built and run for real. */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { root } from './command.mjs';
import { build, call, cellwright, check, checkLayers, outputsIn, podman, runIn } from './container-tools.mjs';

const cells = [
  'import ms from "npm:ms@2.1.3";\nimport { twice } from "./twice.ts";',
  'const rows = [1, 2, 3].map((n) => ({ n, long: ms(n * 3_600_000, { long: true }) }));\nrows',
  'const total = twice(rows.reduce((sum, { n }) => sum + n, 0));\nawait Deno.writeTextFile("total.txt", String(total));',
  'console.log(total, await Deno.readTextFile("total.txt"));',
];

function notebookOf(sources) {
  const all = sources.map((source, at) => {
    const more = { id: `c${at}`, metadata: {}, outputs: [], execution_count: null };
    return { cell_type: 'code', source, ...more };
  });
  const kernelspec = { name: 'deno', display_name: 'Deno', language: 'typescript' };
  return JSON.stringify({ cells: all, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
}

/** The program that npm has beside the packages of the tests; undefined where it is not installed. */
function findDeno() {
  const builds = path.join(root, 'node_modules', '@deno');
  const found = existsSync(builds) ? readdirSync(builds).map((name) => path.join(builds, name, 'deno')) : [];
  return found.find((file) => existsSync(file));
}

/** An image that the Dockerfile names; where no registry answers, one that has this program in the same place. */
function imageWith(name, { place, file }, folder) {
  if (call([...podman, 'pull', '-q', name], { mayFail: true, timeout: 300_000 }).status === 0) return name;
  const tree = path.join(folder, 'tree', path.basename(file));
  mkdirSync(path.dirname(path.join(tree, place)), { recursive: true });
  call(['cp', file, path.join(tree, place)]);
  const tar = `${tree}.tar`;
  call(['tar', '-C', tree, '-cf', tar, '.']);
  const own = `localhost/cellwright-${path.basename(file)}:here`;
  call([...podman, 'import', '-q', tar, own]);
  return own;
}

function imagesFor(folder, deno) {
  const text = readFileSync(path.join(folder, 'hours.image', 'Dockerfile'), 'utf8');
  const named = (name) => new RegExp(`^ARG ${name}=(.+)$`, 'm').exec(text)[1];
  const node = { place: '/usr/local/bin/node', file: process.execPath };
  return {
    NODE: imageWith(named('NODE'), node, folder),
    DENO: imageWith(named('DENO'), { place: '/deno', file: deno }, folder),
  };
}

/** The sample for Argo: each node of the workflow is a container of its own, which is given nothing but references. @param base an image with Node and Deno */
function checkArgo(place, base) {
  cpSync(path.join(root, 'samples', 'typescript'), path.join(place, 'sample'), { recursive: true });
  const state = ['--state', 'state'];
  cellwright(place, 'run', 'sample/notebook.ipynb', '-o', 'sample.ipynb', ...state, '-q');
  cellwright(place, 'profile', 'sample/notebook.ipynb', ...state);
  cellwright(place, 'emit', 'sample/notebook.ipynb', '--target', 'argo', '-o', 'argo', ...state);
  const tag = 'cellwright-argo:1';
  build(place, { folder: 'argo', tag, more: ['--build-arg', `BASE=${base}`] });
  const more = ['--entrypoint', '["python3", "/opt/cellwright/bundle/worker/task.py"]'];
  const common = ['--bundle=/opt/cellwright/bundle', '--store=/work/out/argo'];
  const given = (step, name) => readFileSync(path.join(place, 'out', step, name), 'utf8');
  const { steps } = JSON.parse(readFileSync(path.join(place, 'argo', 'bundle', 'plan.json'), 'utf8'));
  for (const { name, needs } of steps) {
    const inputs = needs.map((need) => `--input=${need}=${given(need, 'manifest')}`);
    const where = ['--files=/opt/cellwright/files', '--cwd=/work/cells', `--references=/work/out/${name}`];
    const done = runIn({ place, tag }, ['run', ...common, `--step=${name}`, ...inputs, ...where], { more });
    if (done.status === 0) continue;
    check(`argo: the container of ${name} ends well`, false, done.stderr);
    return;
  }
  const reports = steps.map(({ name }) => `--report=${given(name, 'report')}`);
  runIn({ place, tag }, ['collect', ...common, ...reports, '--output=/work/out/argo.ipynb'], { more });
  const outputs = [path.join(place, 'out', 'argo.ipynb'), path.join(place, 'sample.ipynb')].map(outputsIn);
  check(`argo: ${steps.length} containers give what a run outside gives`, isDeepStrictEqual(...outputs));
}

/** Everything about the image of a notebook of Deno. @param base an image with Python */
export function checkDeno(place, base) {
  const deno = findDeno();
  if (deno === undefined) {
    process.stdout.write('SKIPPED: the image of a notebook of Deno needs Deno: npm ci installs it.\n');
    return;
  }
  mkdirSync(path.join(place, 'out'), { recursive: true });
  chmodSync(path.join(place, 'out'), 0o777);
  process.env.PATH = `${path.dirname(deno)}${path.delimiter}${process.env.PATH}`;
  process.env.DENO_TLS_CA_STORE ??= 'system,mozilla';
  writeFileSync(path.join(place, 'hours.ipynb'), notebookOf(cells));
  const twice = path.join(place, 'twice.ts');
  writeFileSync(twice, 'export const twice = (n: number): number => 2 * n;\n');
  cellwright(place, 'lock', 'hours.ipynb');
  cellwright(place, 'run', 'hours.ipynb', '-o', 'outside.ipynb', '--state', 'state', '-q');
  cellwright(place, 'profile', 'hours.ipynb', '--state', 'state');
  cellwright(place, 'image', 'hours.ipynb', '--state', 'state');
  const images = Object.entries({ BASE: base, ...imagesFor(place, deno), DENO_TLS_CA_STORE: 'system' });
  const words = images.flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const tag = 'cellwright-hours:1';
  const first = build(place, { folder: 'hours.image', tag, more: words });
  const more = ['-v', `${twice}:/work/twice.ts:ro`];
  const variables = { CELLWRIGHT_OUT: '/work/out/executed.ipynb', CELLWRIGHT_STORE: '/work/out/store' };
  const whole = runIn({ place, tag }, [], { variables, more });
  check('deno: the container runs the notebook, without a network', whole.status === 0, whole.stderr);
  const [inside, outside] = [path.join(place, 'out', 'executed.ipynb'), path.join(place, 'outside.ipynb')];
  check('deno: its outputs are those of a run outside', isDeepStrictEqual(outputsIn(inside), outputsIn(outside)));
  checkArgo(place, tag);
  writeFileSync(path.join(place, 'hours.ipynb'), notebookOf(cells.map((text) => text.replace('log(total,', 'log('))));
  cellwright(place, 'image', 'hours.ipynb', '--state', 'state');
  checkLayers(first, build(place, { folder: 'hours.image', tag: 'cellwright-hours:2', more: words }));
}
