/**
 * Runs a notebook as the steps of a shell project, each in an empty folder of its own, for the conformance suite:
 *
 *   npm run conformance -- 'alias*' --tool "node $PWD/build/through-shell.mjs {input} {output} {python}"
 *
 * The profile is made by one local run of a copy; with WITHOUT_PROFILE=1 the plan rests on text alone. Ends with 3 when a step refused.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { root } from './command.mjs';

const [input, output, python] = process.argv.slice(2);
const work = mkdtempSync(path.join(tmpdir(), 'cellwright-through-shell-'));
const at = (...names) => path.join(work, ...names);

/** Ends this program where a command does not go well that must. */
function cli(...words) {
  const done = spawnSync(process.execPath, [path.join(root, 'dist', 'cellwright.mjs'), ...words], { encoding: 'utf8' });
  if (done.status === 0 || (words[0] === 'run' && done.status === 1)) return;
  process.stderr.write(`${words[0]}: ${done.stderr}`);
  process.exitCode = done.status === 3 ? 3 : 70;
  throw new Error('given up');
}

try {
  cpSync(path.dirname(input), at('local'), { recursive: true });
  cpSync(path.dirname(input), at('here'), { recursive: true });
  const name = path.basename(input);
  if (process.env.WITHOUT_PROFILE === undefined) {
    cli('run', at('local', name), '--python', python, '--state', at('state'), '-o', at('local.ipynb'));
    const profile = at('here', name.replace(/\.ipynb$/, '.effects.json'));
    cli('profile', at('local', name), '--state', at('state'), '-o', profile);
  }
  cli('emit', at('here', name), '--target', 'shell', '-o', at('project'));
  const script = at('project', 'run.sh');
  const prepared = `folder=$(mktemp -d -p "$here") && cp -r "$cwd"/. "$folder"\n  `;
  const text = readFileSync(script, 'utf8').replace('--cwd "$cwd"', '--cwd "$folder"');
  writeFileSync(script, text.replace('"$python" "$here/bundle/worker/task.py" run', `${prepared}$&`));
  const done = spawnSync('sh', [script], { encoding: 'utf8', env: { ...process.env, CELLWRIGHT_PYTHON: python } });
  process.stderr.write(done.stderr);
  cpSync(at('project', 'executed.ipynb'), output);
  process.exitCode = /^error\[CW8/m.test(done.stderr) ? 3 : done.status;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode ||= 70;
} finally {
  rmSync(work, { recursive: true, force: true });
}
