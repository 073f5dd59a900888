/** The server's part in a real Jupyter server: who is answered, what is confined, how long a service and its runs live. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../environment.ts';
import { addKernel, installedWheel, type InstalledWheel } from './installed-wheel.ts';
import { startServer, type JupyterServer } from './jupyter-server.ts';
import { isWanted } from './wanted.ts';

/** As JupyterHub has it: a part of the address for each person. */
const base = '/user/ada/';

describe.skipIf(!isWanted)('the part of the server', () => {
  let wheel: InstalledWheel;
  let server: JupyterServer;
  beforeAll(async () => {
    wheel = installedWheel('lab');
    addKernel(wheel, 'samples');
    server = await startServer(wheel, { program: 'jupyter-server', base });
  }, 90_000);
  afterAll(async () => {
    await server.remove();
  });

  test('authentication, origins, paths, one service for each connection, runs that go on', { timeout: 180_000 }, () => {
    const env = {
      ...process.env,
      CELLWRIGHT_TEST_ADDRESS: server.address,
      CELLWRIGHT_TEST_TOKEN: server.token,
      CELLWRIGHT_TEST_ROOT: server.root,
    };
    const checks = path.join(root, 'test', 'jupyterlab', 'server_checks.py');
    const { status, stderr } = spawnSync(wheel.program('python'), [checks, '-v'], { env, encoding: 'utf8' });
    process.stdout.write(stderr);
    expect(status).toBe(0);
    expect(/^Ran (\d+) tests/m.exec(stderr)?.[1]).toBe('7');
  });
});
