/**
 * Steps over a real S3 server, reached over a network that is cut in the middle. It needs a Python with IPython, numpy and s3fs, and a server:
 *
 *     CELLWRIGHT_ENGINE_PYTHON=… CELLWRIGHT_S3_SERVER=…/moto_server CELLWRIGHT_S3_DURABLE=…/versitygw npx vitest run test/engine/s3.test.ts
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitCells, writeCells } from '../../build/cases.mjs';
import { outputsOf } from '../equivalence/normalise.ts';
import { InterruptedServer } from './interrupted-server.ts';
import { runAll, ShellProject, type TaskRun } from './shell-project.ts';
import { freePort } from '../free-port.ts';

const interpreter = process.env['CELLWRIGHT_ENGINE_PYTHON'] ?? '';
const program = process.env['CELLWRIGHT_S3_SERVER'] ?? '';
const isThere = interpreter !== '' && program !== '';
if (!isThere) console.warn('test/engine/s3.test.ts is skipped: set CELLWRIGHT_ENGINE_PYTHON and CELLWRIGHT_S3_SERVER');

/** 40 MB go from the first step to the others. */
const notebook = `import numpy as np
big = (np.arange(40_000_000, dtype=np.uint32) * np.uint32(2654435761) >> np.uint32(24)).astype(np.uint8)
small = [1, 2]
---
totals = big.reshape(4, -1).sum(axis=1)
print(totals, small)
---
with open("left.txt", "w") as file:
    file.write(str(int(big[::7].sum())))
---
print(open("left.txt").read(), small, totals)
`;

let project: ShellProject;
let server: ChildProcess;
let port = 0;
let way: InterruptedServer;
let truth: unknown[];

async function startServer(): Promise<void> {
  server = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  for (let tries = 0; tries < 300; tries++) {
    const answer = await fetch(`http://127.0.0.1:${String(port)}/bucket`, { method: 'PUT' }).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${program} did not start`);
}

beforeAll(async () => {
  if (!isThere) return;
  port = await freePort();
  await startServer();
  way = new InterruptedServer(port);
  await way.start();
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'cellwright-s3-')), 'work');
  for (const place of ['notebook.ipynb', 'plain/notebook.ipynb'])
    writeCells(path.join(folder, place), splitCells(notebook));
  project = new ShellProject(folder);
  project.emit();
  runAll([project.at('plain', 'notebook.ipynb'), project.at('plain', 'truth.ipynb')]);
  truth = outputsOf(project.at('plain', 'truth.ipynb'));
}, 300_000);

afterAll(async () => {
  if (!isThere) return;
  await way.stop();
  server.kill('SIGKILL');
  rmSync(path.dirname(project.folder), { recursive: true, force: true });
});

function variables(prefix: string, more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${String(way.port)}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: 'us-east-1',
    CELLWRIGHT_PYTHON: interpreter,
    CELLWRIGHT_STORE: `s3://bucket/${prefix}`,
    ...more,
  };
}

/** The test server lets in whoever has a name. */
const headers = {
  Authorization:
    'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none',
};

/** A request to the server itself, past what cuts its connections. */
async function ask(what: string, how: RequestInit = {}): Promise<Response> {
  const answer = await fetch(`http://127.0.0.1:${String(port)}/bucket${what}`, { ...how, headers });
  expect(answer.ok, `${what} ${String(answer.status)}`).toBe(true);
  return answer;
}

/** What the server has below a prefix. */
async function keysBelow(prefix: string): Promise<readonly string[]> {
  const listing = await ask(`?list-type=2&prefix=${prefix}/&max-keys=1000`);
  return [...(await listing.text()).matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key);
}

async function read(key: string): Promise<Buffer> {
  const answer = await ask(`/${key}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Keys whose bytes are not what they are called, and parts that a whole is made of and that are not there. */
async function damagedBelow(prefix: string): Promise<readonly string[]> {
  const keys = await keysBelow(prefix);
  const wrong: string[] = [];
  for (const key of keys) {
    const name = key.split('/').at(-1) ?? '';
    if (key.endsWith('.parts')) {
      const { parts } = JSON.parse((await read(key)).toString()) as { parts: readonly string[] };
      for (const part of parts) if (!keys.some((other) => other.endsWith(part.slice(7)))) wrong.push(`${key} ${part}`);
    } else if (!key.includes('/objects/')) {
      const digest = createHash('sha256')
        .update(await read(key))
        .digest('hex');
      if (digest !== name) wrong.push(key);
    }
  }
  return wrong;
}

describe.skipIf(!isThere)('over S3', () => {
  test('what Restart & Run All gives; a value is sent once', async () => {
    const run = await project.runLater(variables('whole'));
    expect(run.outputs, run.err).toEqual(truth);
    expect(way.sent).toBeGreaterThan(40_000_000);
    const before = way.sent;
    expect((await project.runLater(variables('whole'))).code).toBe(0);
    expect(way.sent - before).toBeLessThan(1_000_000);
    expect(await damagedBelow('whole')).toEqual([]);
  }, 300_000);

  test('a server that is gone in the middle, twice: nothing is lost, nothing is half, and what was sent is not sent again', async () => {
    way.cutAfter(25_000_000, 3000);
    const before = way.sent;
    const cuts = way.cuts;
    const started = project.runLater(variables('cut'));
    setTimeout(() => way.cutAfter(1000, 2000), 20_000);
    const run = await started;
    expect(run.outputs, run.err).toEqual(truth);
    expect(run.code).toBe(0);
    expect(way.cuts - cuts).toBeGreaterThanOrEqual(1);
    expect(await damagedBelow('cut')).toEqual([]);
    // 40 MB, and the parts of 16 MB each that were under way.
    expect(way.sent - before).toBeLessThan(40_000_000 + 3 * 17_000_000);
  }, 300_000);

  test('a server that stays away: the step says so, in time, and the next try goes on', async () => {
    way.cut();
    const run = await project.runLater(variables('away', { CELLWRIGHT_STORE_PATIENCE: '2' }));
    expect(run.code).toBe(1);
    expect(run.err).toContain('error[CW817]');
    way.mend();
    expect((await project.runLater(variables('away'))).outputs).toEqual(truth);
    expect(await damagedBelow('away')).toEqual([]);
  }, 300_000);

  test('bytes that somebody has changed, a half part, and a server that has forgotten everything', async () => {
    expect((await project.runLater(variables('changed'))).code).toBe(0);
    const keys = await keysBelow('changed');
    const put = async (key: string, body: Uint8Array): Promise<unknown> =>
      ask(`/${key}`, { method: 'PUT', body: new Uint8Array(body) });
    const again = async (): Promise<TaskRun> => {
      const name = project.stepAt(1);
      const first = project.stepAt(0);
      const words = ['--bundle', 'project/bundle', '--store', 's3://bucket/changed', '--step', name];
      return await project.taskLater(
        'run',
        ...words,
        '--input',
        `${first}=project/results/${first}.json`,
        variables('changed'),
      );
    };
    expect((await again()).code).toBe(0);
    const part = keys.find((key) => key.includes('/parts/')) ?? '';
    const whole = await read(part);
    await put(part, whole.subarray(0, 1000));
    expect(await again()).toMatchObject({ code: 1, err: expect.stringContaining('error[CW816]') as unknown });
    const other = Buffer.from(whole);
    other[500] = (other[500] ?? 0) ^ 255;
    await put(part, other);
    expect(await again()).toMatchObject({ code: 1, err: expect.stringContaining('error[CW816]') as unknown });
    await put(part, whole);
    expect((await again()).code).toBe(0);
    server.kill('SIGKILL');
    await startServer();
    expect(await again()).toMatchObject({ code: 1, err: expect.stringContaining('error[CW816]') as unknown });
  }, 300_000);
});

test.skipIf(!isThere)('an address with a password in it is told without it', () => {
  const words = [
    'run',
    '--bundle',
    'project/bundle',
    '--store',
    'nowhere://user:word@host/x',
    '--step',
    project.stepAt(0),
  ];
  const done = project.task(...words, variables('none'));
  expect(done.err).toContain('error[CW817]');
  expect(done.err).not.toContain('word@');
});

const durable = process.env['CELLWRIGHT_S3_DURABLE'] ?? '';
if (isThere && durable === '')
  console.warn('the test of a killed server is skipped: set CELLWRIGHT_S3_DURABLE to versitygw');

/** The S3 gateway of a folder: what it has said it has, it has after it was killed. */
function startGateway(folder: string, at: number): ChildProcess {
  const words = ['--port', `127.0.0.1:${String(at)}`, '--access', 'test', '--secret', 'test', 'posix', folder];
  return spawn(durable, words, { stdio: 'ignore' });
}

/** Files below the bucket whose bytes are not what they are called. */
function damagedFiles(bucket: string): readonly string[] {
  const names = readdirSync(bucket, { recursive: true, encoding: 'utf8' });
  const named = names.filter((name) => /(?:parts|files|manifests|reports)\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(name));
  expect(named.length).toBeGreaterThan(5);
  return named.filter((name) => {
    const digest = createHash('sha256')
      .update(readFileSync(path.join(bucket, name)))
      .digest('hex');
    return digest !== path.basename(name);
  });
}

test.skipIf(!isThere || durable === '')(
  'a server that is killed in the middle of an upload and of a download, and started again',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-gateway-'));
    mkdirSync(path.join(folder, 'bucket'));
    const at = await freePort();
    const behind = new InterruptedServer(at);
    await behind.start();
    let gateway = startGateway(folder, at);
    let kills = 0;
    const killAfter = (bytes: number): void => {
      behind.cutAfter(bytes, 0);
      behind.onCut = () => {
        gateway.kill('SIGKILL');
        kills++;
        setTimeout(() => (gateway = startGateway(folder, at)), 2000);
        if (kills === 1) killAfter(22_000_000);
      };
    };
    try {
      killAfter(20_000_000);
      const run = await project.runLater(
        variables('killed', { AWS_ENDPOINT_URL: `http://127.0.0.1:${String(behind.port)}` }),
      );
      expect(run.outputs, run.err).toEqual(truth);
      expect([run.code, kills]).toEqual([0, 2]);
      expect(damagedFiles(path.join(folder, 'bucket', 'killed'))).toEqual([]);
    } finally {
      gateway.kill('SIGKILL');
      await behind.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  300_000,
);
