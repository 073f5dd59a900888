/**
 * Tests emitted projects by Flyte's own code: npm run flyte -- --python EXE [--python2 EXE] [-t NAME]
 *
 * --python has flytekit 1.16, s3fs, moto[server], nbclient, ipykernel; --python2 the SDK of Flyte 2, nbclient and ipykernel.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { root } from './command.mjs';

const { values } = parseArgs({
  options: { python: { type: 'string' }, python2: { type: 'string' }, t: { type: 'string', short: 't' } },
});
if (values.python === undefined) {
  process.stderr.write(
    "Name an interpreter: python3.12 -m venv .flyte && .flyte/bin/pip install 'flytekit==1.16.31' s3fs 'moto[server]' nbclient ipykernel\n" +
      'npm run flyte -- --python .flyte/bin/python\n',
  );
  process.exit(2);
}
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const filter = values.t === undefined ? [] : ['-t', values.t];
const env = {
  ...process.env,
  CELLWRIGHT_FLYTE_PYTHON: path.resolve(values.python),
  ...(values.python2 === undefined ? {} : { CELLWRIGHT_FLYTE2_PYTHON: path.resolve(values.python2) }),
};
for (const words of [
  [path.join(root, 'build', 'build.mjs')],
  [vitest, 'run', path.join('test', 'engines', 'flyte.test.ts'), ...filter],
]) {
  const done = spawnSync(process.execPath, words, { cwd: root, env, stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
