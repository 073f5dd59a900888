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
import { isDeepStrictEqual } from 'node:util';

import { python } from './command.mjs';
import {
  build,
  call,
  cellwright,
  check,
  checkLayers,
  failed,
  missingTools,
  outputsIn,
  podman,
  runIn,
  values,
} from './container-tools.mjs';
import { checkDeno } from './containers-deno.mjs';

const usualBase = 'docker.io/library/python:3.11-slim-bookworm';
const ownBase = 'localhost/cellwright-base:bookworm';

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

function checkRuns(place, tag) {
  const made = { place, tag };
  const variables = { CELLWRIGHT_OUT: '/work/out/executed.ipynb', CELLWRIGHT_STORE: '/work/out/store' };
  const whole = runIn(made, [], { variables });
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
  const first = build(place, { folder: 'sums.image', tag: 'cellwright-sums:1', more: ['--build-arg', `BASE=${base}`] });
  const labels = first.image.Labels ?? first.image.Config.Labels;
  check(
    'the image has its labels',
    /^sha256:[0-9a-f]{64}$/.test(labels['dev.cellwright.bundle']),
    JSON.stringify(labels),
  );
  checkRuns(place, 'cellwright-sums:1');
  writeFileSync(path.join(place, 'sums.py'), notebook.replace('.3f', '.2f'));
  cellwright(place, 'image', 'sums.py');
  checkLayers(
    first,
    build(place, { folder: 'sums.image', tag: 'cellwright-sums:2', more: ['--build-arg', `BASE=${base}`] }),
  );
  checkDeno(path.join(folder, 'deno'), base);
}

const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-containers-'));
try {
  main(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(failed() === 0 ? '' : `${failed()} failed\n`);
process.exitCode = failed() === 0 ? 0 : 1;
