/**
 * A store behind https, with a certificate of an authority of one's own. It needs openssl, a Python with IPython, numpy and s3fs, and a server:
 *
 *     CELLWRIGHT_ENGINE_PYTHON=… CELLWRIGHT_S3_DURABLE=…/versitygw npx vitest run test/engine/tls.test.ts
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitCells, writeCells } from '../../build/cases.mjs';
import { makeCertificates, type Certificates } from '../certificates.ts';
import { root } from '../environment.ts';
import { outputsOf } from '../equivalence/normalise.ts';
import { freePort } from '../free-port.ts';
import { ShellProject } from './shell-project.ts';

const interpreter = process.env['CELLWRIGHT_ENGINE_PYTHON'] ?? '';
const program = process.env['CELLWRIGHT_S3_DURABLE'] ?? '';
const isThere = interpreter !== '' && program !== '';
if (!isThere)
  console.warn('test/engine/tls.test.ts is skipped: set CELLWRIGHT_ENGINE_PYTHON and CELLWRIGHT_S3_DURABLE');

// Of what the clients look at nothing is said but what a test gives.
for (const name of ['AWS_CA_BUNDLE', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE']) Reflect.deleteProperty(process.env, name);

/** 20 MB go from cell to cell, in parts. */
const notebook = `import numpy as np
big = np.arange(20_000_000, dtype=np.uint8)
---
total = int(big.sum())
---
print(total)
`;
const truth = [[], [], [['stdout', `${String((20_000_000 / 256) * 32640)}\n`]]];

const scratch = mkdtempSync(path.join(tmpdir(), 'cellwright-tls-'));
const at = (...names: string[]): string => path.join(scratch, ...names);
let server: ChildProcess | undefined;
let port = 0;

let certificates: Certificates;

beforeAll(async () => {
  if (!isThere) return;
  certificates = makeCertificates(scratch);
  port = await freePort();
  mkdirSync(at('kept', 'bucket'), { recursive: true });
  const words = ['--port', `127.0.0.1:${String(port)}`, '--cert', certificates.certificate, '--key', certificates.key];
  server = spawn(program, [...words, '--access', 'test', '--secret', 'test', 'posix', at('kept')], { stdio: 'ignore' });
});

afterAll(() => {
  server?.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

function variables(trusted: Readonly<Record<string, string>>): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: `https://127.0.0.1:${String(port)}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: 'us-east-1',
    CELLWRIGHT_PYTHON: interpreter,
    ...trusted,
  };
}

interface Ended {
  readonly code: number | null;
  readonly said: string;
  readonly outputs: readonly unknown[];
}

/** As steps of an engine with a fixed graph. */
function asSteps(name: string, trusted: Readonly<Record<string, string>>): Ended {
  const project = new ShellProject(at(name));
  writeCells(project.at('notebook.ipynb'), splitCells(notebook));
  project.emit();
  const run = project.run({ ...variables(trusted), CELLWRIGHT_STORE: `s3://bucket/${name}` });
  return { code: run.code, said: run.err, outputs: run.outputs };
}

/** On hosts, which are processes of this machine. */
function onHosts(name: string, trusted: Readonly<Record<string, string>>): Ended {
  const file = at(name, 'notebook.ipynb');
  writeCells(file, splitCells(notebook));
  const words = ['run', file, '--on', 'local://2', '--store', `s3://bucket/${name}`, '--python', interpreter];
  const more = ['--state', at(name, 'state'), '-o', at(name, 'out.ipynb'), '--no-report'];
  const env = { ...process.env, ...variables(trusted) };
  const done = spawnSync(process.execPath, [path.join(root, 'dist', 'cellwright.mjs'), ...words, ...more], {
    ...{ env, encoding: 'utf8' },
  });
  return {
    code: done.status,
    said: done.stdout + done.stderr,
    outputs: done.status === 0 ? outputsOf(at(name, 'out.ipynb')) : [],
  };
}

describe.skipIf(!isThere).each([
  ['steps', asSteps, 1],
  ['hosts', onHosts, 3],
] as const)('%s with a store behind https', (kind, run, refused) => {
  test.each(['AWS_CA_BUNDLE', 'SSL_CERT_FILE'])(
    'trust the authority that %s names',
    (variable) => {
      const ended = run(`${kind}-${variable}`, { [variable]: certificates.authority });
      expect(ended.outputs, ended.said).toEqual(truth);
      expect(ended.code).toBe(0);
      expect(readdirSync(at('kept', 'bucket', `${kind}-${variable}`))).toContain('parts');
    },
    120_000,
  );

  test.each([
    ['nobody', {}],
    ['another authority', { AWS_CA_BUNDLE: at('other.pem') }],
  ])(
    'trust %s: they say so at once and send nothing',
    (who, trusted) => {
      const name = `${kind}-${who.replace(' ', '-')}`;
      const ended = run(name, trusted);
      expect([ended.code, ended.said]).toEqual([refused, expect.stringMatching(/CW817.*cannot be trusted/)]);
      expect(ended.said).toContain('AWS_CA_BUNDLE');
      expect(readdirSync(at('kept', 'bucket'))).not.toContain(name);
    },
    60_000,
  );
});
