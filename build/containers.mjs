/**
 * Makes an image of a notebook, builds it and runs it, for real: `npm run containers [-- --base IMAGE]`. Needs Linux, root (or a user with
 * subordinate ids), buildah, podman and runc, and a base image with Python 3.11; without them it says what is missing and does nothing.
 *
 *   --base IMAGE      an image that has python3 with venv (default: python:3.11-slim-bookworm of Docker Hub, or one made by debootstrap)
 *   --pip-conf FILE   settings of pip for the build, as a secret
 *   --certificates D  a folder of certificates that the build sees as /etc/ssl/certs
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';

import { python, root } from './command.mjs';

const { values } = parseArgs({
  options: { base: { type: 'string' }, 'pip-conf': { type: 'string' }, certificates: { type: 'string' } },
});
const usualBase = 'docker.io/library/python:3.11-slim-bookworm';
const ownBase = 'localhost/cellwright-base:bookworm';
const podman = ['podman', '--cgroup-manager', 'cgroupfs', '--runtime', 'runc'];
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
const program = path.join(root, 'dist', 'cellwright.mjs');

const notebook = `# %%
import numpy as np
rows = np.arange(12.0).reshape(3, 4)
# %%
means = rows.mean(axis=0)
print(means)
# %%
total = float(rows.sum())
total
# %%
print(f"{total:.1f} {means.sum():.3f}")
`;

let failures = 0;
function check(what, holds, detail = '') {
  if (!holds) failures++;
  process.stdout.write(`${holds ? 'ok  ' : 'FAIL'}  ${what}${holds || detail === '' ? '' : `: ${detail}`}\n`);
}

/** Runs a program to its end; what it prints is shown when it fails. */
function call(words, options = {}) {
  const [name, ...rest] = words;
  const done = spawnSync(name, rest, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.status !== 0 && options.mayFail !== true) {
    throw new Error(`${words.join(' ')} ended with ${done.status}:\n${done.stdout}\n${done.stderr}`);
  }
  return done;
}

function missingTools() {
  if (process.platform !== 'linux') return ['Linux'];
  return ['buildah', 'podman', 'runc'].filter((name) => spawnSync(name, ['--version']).status !== 0);
}

/** The image to begin with: the one that was named, the usual one, or a Debian of our own, made once. */
function findBase(folder) {
  if (values.base !== undefined) return values.base;
  if (call([...podman, 'image', 'exists', ownBase], { mayFail: true }).status === 0) return ownBase;
  if (call([...podman, 'pull', '-q', usualBase], { mayFail: true, timeout: 300_000 }).status === 0) return usualBase;
  if (spawnSync('debootstrap', ['--version']).status !== 0) return undefined;
  process.stdout.write('no registry answers: making a base with debootstrap\n');
  const tree = path.join(folder, 'base');
  call(['debootstrap', '--variant=minbase', '--include=ca-certificates,python3,python3-venv', 'bookworm', tree]);
  const tar = path.join(folder, 'base.tar');
  call(['tar', '-C', tree, '-cf', tar, '--exclude=./var/cache/apt/*', '--exclude=./proc/*', '--exclude=./sys/*', '.']);
  call([...podman, 'import', '-q', '--change', 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin', tar, ownBase]);
  return ownBase;
}

function cellwright(place, ...words) {
  return call([process.execPath, program, ...words], { cwd: place });
}

function build(place, base, tag) {
  const secret = values['pip-conf'] === undefined ? [] : ['--secret', `id=pip,src=${path.resolve(values['pip-conf'])}`];
  const volumes = values.certificates === undefined ? [] : ['-v', `${values.certificates}:/etc/ssl/certs:ro`];
  const words = ['--isolation', 'chroot', '--layers', '--build-arg', `BASE=${base}`, ...secret, ...volumes];
  const started = performance.now();
  call(['buildah', 'bud', ...words, '-t', tag, 'sums.image'], { cwd: place });
  const [image] = JSON.parse(call([...podman, 'image', 'inspect', tag]).stdout);
  return { image, seconds: ((performance.now() - started) / 1000).toFixed(1) };
}

function runIn({ place, tag }, words, variables = {}) {
  const set = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const volume = ['-v', `${path.join(place, 'out')}:/work/out`];
  return call([...podman, 'run', '--rm', '--network', 'none', ...limits, ...volume, ...set, tag, ...words], {
    mayFail: true,
  });
}

/** Outputs of the code cells of an executed notebook. */
function outputsIn(file) {
  const { cells } = JSON.parse(readFileSync(file, 'utf8'));
  const joined = (text) => (Array.isArray(text) ? text.join('') : text);
  return cells
    .filter(({ cell_type: type }) => type === 'code')
    .map(({ outputs }) =>
      outputs.map(({ output_type: type, name, text, data }) => ({
        type,
        ...(name === undefined ? {} : { name, text: joined(text) }),
        ...(data === undefined ? {} : { data: { ...data, 'text/plain': joined(data['text/plain']) } }),
      })),
    );
}

function checkRuns(place, tag) {
  const made = { place, tag };
  const whole = runIn(made, [], {
    CELLWRIGHT_OUT: '/work/out/executed.ipynb',
    CELLWRIGHT_STORE: '/work/out/store',
  });
  check('the container runs the notebook, without a network', whole.status === 0, whole.stderr);
  const inside = outputsIn(path.join(place, 'out', 'executed.ipynb'));
  const outside = outputsIn(path.join(place, 'outside.ipynb'));
  check('its outputs are those of a run outside', isDeepStrictEqual(inside, outside), JSON.stringify(inside));
  const task = ['run', '--step', '01_np', '--store', '/work/out/other', '--output', '/work/out/01.json'];
  const step = runIn(made, task);
  check('one task runs', step.status === 0, step.stderr);
  const result = JSON.parse(readFileSync(path.join(place, 'out', '01.json'), 'utf8'));
  const wrong = runIn(made, ['run', '--step', 'no-such-step', '--store', '/work/out/other']);
  check('and says how it ended', result.status === 'ok' && /^sha256:/.test(result.manifest), JSON.stringify(result));
  check('a step that is not there is an error', wrong.status !== 0, String(wrong.status));
  const who = runIn(made, ['id', '-u']).stdout.trim();
  check('it runs as nobody of this machine', who === '10001', who);
}

function checkLayers(place, base, first) {
  writeFileSync(path.join(place, 'sums.py'), notebook.replace('.3f', '.2f'));
  cellwright(place, 'image', 'sums.py');
  const second = build(place, base, 'cellwright-sums:2');
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

function main(folder) {
  const missing = missingTools();
  const base = missing.length > 0 ? undefined : findBase(folder);
  if (base === undefined) {
    const what = missing.length > 0 ? missing.join(', ') : 'a registry that answers, or debootstrap';
    process.stdout.write(`SKIPPED: containers need ${what}; nothing was tested.\n`);
    return;
  }
  const place = path.join(folder, 'work');
  mkdirSync(path.join(place, 'out'), { recursive: true });
  chmodSync(path.join(place, 'out'), 0o777);
  writeFileSync(path.join(place, 'sums.py'), notebook);
  const words = ['sums.py', '--python', python];
  cellwright(place, 'run', ...words, '-o', 'outside.ipynb', '--state', 'state', '-q');
  cellwright(place, 'profile', 'sums.py', '--state', 'state');
  cellwright(place, 'lock', ...words);
  cellwright(place, 'image', 'sums.py');
  const first = build(place, base, 'cellwright-sums:1');
  const labels = first.image.Labels ?? first.image.Config.Labels;
  check(
    'the image has its labels',
    /^sha256:[0-9a-f]{64}$/.test(labels['dev.cellwright.bundle']),
    JSON.stringify(labels),
  );
  checkRuns(place, 'cellwright-sums:1');
  checkLayers(place, base, first);
}

const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-containers-'));
try {
  main(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(failures === 0 ? '' : `${failures} failed\n`);
process.exitCode = failures === 0 ? 0 : 1;
