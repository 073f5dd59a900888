/** What `npm run containers` builds and runs images with. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { root } from './command.mjs';

export const { values } = parseArgs({
  options: { base: { type: 'string' }, 'pip-conf': { type: 'string' }, certificates: { type: 'string' } },
});
export const podman = ['podman', '--cgroup-manager', 'cgroupfs', '--runtime', 'runc'];
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
const program = path.join(root, 'dist', 'cellwright.mjs');

let failures = 0;
/** Says whether something holds, and remembers when it does not. */
export function check(what, holds, detail = '') {
  if (!holds) failures++;
  process.stdout.write(`${holds ? 'ok  ' : 'FAIL'}  ${what}${holds || detail === '' ? '' : `: ${detail}`}\n`);
}

/** How many things did not hold. */
export function failed() {
  return failures;
}

/** Runs a program to its end; what it prints is shown when it fails. */
export function call(words, options = {}) {
  const [name, ...rest] = words;
  const done = spawnSync(name, rest, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.status !== 0 && options.mayFail !== true) {
    throw new Error(`${words.join(' ')} ended with ${done.status}:\n${done.stdout}\n${done.stderr}`);
  }
  return done;
}

/** What is not on this machine. */
export function missingTools() {
  if (process.platform !== 'linux') return ['Linux'];
  return ['buildah', 'podman', 'runc'].filter((name) => spawnSync(name, ['--version']).status !== 0);
}

/** The program, in a folder. */
export function cellwright(place, ...words) {
  return call([process.execPath, program, ...words], { cwd: place });
}

/** Builds an image from a folder of a place. `more`: further words, such as arguments of the build. */
export function build(place, { folder, tag, more }) {
  const secret = values['pip-conf'] === undefined ? [] : ['--secret', `id=pip,src=${path.resolve(values['pip-conf'])}`];
  const volumes = values.certificates === undefined ? [] : ['-v', `${values.certificates}:/etc/ssl/certs:ro`];
  const words = ['--isolation', 'chroot', '--layers', ...secret, ...volumes, ...more];
  const started = performance.now();
  call(['buildah', 'bud', ...words, '-t', tag, folder], { cwd: place });
  const [image] = JSON.parse(call([...podman, 'image', 'inspect', tag]).stdout);
  return { image, seconds: ((performance.now() - started) / 1000).toFixed(1) };
}

/** Runs a container that has the folder `out` of a place and no network. `more`: further words of podman. */
export function runIn({ place, tag }, words, { variables = {}, more = [] } = {}) {
  const set = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const volume = ['-v', `${path.join(place, 'out')}:/work/out`];
  return call([...podman, 'run', '--rm', '--network', 'none', ...limits, ...volume, ...set, ...more, tag, ...words], {
    mayFail: true,
  });
}

/** Outputs of the code cells of an executed notebook. */
export function outputsIn(file) {
  const { cells } = JSON.parse(readFileSync(file, 'utf8'));
  const joined = (text) => (Array.isArray(text) ? text.join('') : text);
  return cells
    .filter(({ cell_type: type }) => type === 'code')
    .map(({ outputs }) =>
      outputs.map(({ output_type: type, name, text, data }) => ({
        type,
        ...(name === undefined ? {} : { name, text: joined(text) }),
        ...(data === undefined
          ? {}
          : { data: Object.fromEntries(Object.entries(data).map(([kind, value]) => [kind, joined(value)])) }),
      })),
    );
}

/** Builds again what has another text of a cell: all layers but the last are as they were. */
export function checkLayers(first, second) {
  const [before, after] = [first.image.RootFS.Layers, second.image.RootFS.Layers];
  const same = before.filter((layer, at) => layer === after[at]).length;
  process.stdout.write(`      first build ${first.seconds} s, after a change of a cell ${second.seconds} s\n`);
  for (const [at, layer] of after.entries())
    process.stdout.write(`      ${layer.slice(0, 19)}  ${layer === before[at] ? 'as before' : 'new'}\n`);
  check(
    'another text of a cell makes only the last layer again',
    before.length === after.length && same === before.length - 1 && before.at(-1) !== after.at(-1),
    `${same} of ${before.length} as before`,
  );
  const labels = (image) => image.Labels ?? image.Config.Labels;
  const name = 'dev.cellwright.bundle';
  check(
    'the label with the digest of the bundle is another one',
    labels(first.image)[name] !== labels(second.image)[name],
  );
}
