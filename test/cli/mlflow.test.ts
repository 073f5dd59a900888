import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasOpenssl, makeCertificates } from '../certificates.ts';
import { python } from '../environment.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

/** An interpreter that has MLflow. */
const withMlflow = process.env['CELLWRIGHT_TEST_MLFLOW'] ?? python;
const hasMlflow = spawnSync(withMlflow, ['-c', 'import importlib.util as u, sys; sys.exit(not u.find_spec("mlflow"))']);
const skips = hasMlflow.status !== 0;
if (skips)
  process.stderr.write(
    'SKIPPED: a real MLflow server. Set CELLWRIGHT_TEST_MLFLOW to an interpreter that has mlflow.\n',
  );

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
  place.write('data.csv', 'a\n1\n');
  place.write(
    'n.py',
    '# %% tags=["parameters"]\ntrees = 3\n# %%\n#| metric: rmse, gap\n#| gate: rmse < 5\ntext = open("data.csv").read()\nrmse = trees * 2 + 0.5\ngap = float("nan")\n',
  );
});
afterAll(() => {
  place.remove();
});

describe.skipIf(skips)('a real tracking server', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-mlflow-'));
  const port = 20_000 + (process.pid % 20_000);
  const uri = `http://127.0.0.1:${port}`;
  let server: ChildProcess;

  beforeAll(async () => {
    const store = [
      '--backend-store-uri',
      `sqlite:///${folder}/runs.db`,
      '--default-artifact-root',
      `${folder}/artifacts`,
    ];
    const words = ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1', ...store];
    server = spawn(withMlflow, words, {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' },
    });
    for (let second = 0; second < 120; second++) {
      if (await isUp(`${uri}/health`)) return;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    throw new Error('the MLflow server did not start');
  }, 150_000);

  afterAll(() => {
    if (server.pid !== undefined) process.kill(-server.pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test('has every run with its parameters, metrics, gates and data, once', async () => {
    place.variables = { MLFLOW_TRACKING_URI: uri, MLFLOW_EXPERIMENT_NAME: 'flights' };
    const good = await place.call('run', 'n.py', '-p', 'trees', '2', '--no-report', '-q');
    const closed = await place.call('run', 'n.py', '-p', 'trees', '4', '--no-report');
    expect([good.code, closed.code]).toEqual([0, 4]);
    expect(closed.out).toContain(`mlflow    ${uri}/#/experiments/1/runs/`);
    const again = await place.call('metrics', 'n.py', '--export', 'mlflow');
    expect(again.out.match(/\(was there\)/g)?.length).toBe(2);
    place.variables = {};
    const ask = `
import json, sys, mlflow
client = mlflow.MlflowClient(sys.argv[1])
found = client.search_runs([client.get_experiment_by_name("flights").experiment_id], order_by=["start_time"])
print(json.dumps([{
    "status": r.info.status, "metrics": {k: str(v) for k, v in r.data.metrics.items()}, "params": r.data.params,
    "verdict": r.data.tags["cellwright.verdict"], "gate": r.data.tags["cellwright.gate.1"], "source": r.data.tags["mlflow.source.name"],
    "data": [(i.dataset.name, json.loads(i.dataset.source)["uri"], [t.value for t in i.tags]) for i in r.inputs.dataset_inputs],
} for r in found]))
`;
    const told = spawnSync(withMlflow, ['-c', ask, uri], { encoding: 'utf8' });
    const source = path.join(place.folder, 'n.py');
    const data = [['data.csv', path.join(place.folder, 'data.csv'), ['input']]];
    expect(JSON.parse(told.stdout)).toEqual([
      {
        status: 'FINISHED',
        metrics: { rmse: '4.5', gap: 'nan' },
        params: { trees: '2' },
        verdict: 'accepted',
        gate: '03_text: rmse < 5 holds: rmse = 4.5',
        source,
        data,
      },
      {
        status: 'FAILED',
        metrics: { rmse: '8.5', gap: 'nan' },
        params: { trees: '4' },
        verdict: 'gate',
        gate: '03_text: rmse < 5 does not hold: rmse = 8.5',
        source,
        data,
      },
    ]);
  }, 120_000);
});

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** A server that gives one answer to everything, and the headers that it was asked with. */
async function withServer(
  answer: { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  use: (address: string, asked: IncomingMessage['headers'][]) => Promise<void>,
): Promise<void> {
  const asked: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers);
    response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('a server that does not take it is a warning, and the run is as good', () => {
  test.each(['http://127.0.0.1:9', 'sqlite:///runs.db', './mlruns', 'https://user:swordfish@[::1]:9/x'])(
    '%s',
    async (uri) => {
      place.variables = { MLFLOW_TRACKING_URI: uri };
      const { code, err, out } = await place.call('run', 'n.py', '-p', 'trees', '1', '--no-report');
      place.variables = {};
      expect([code, err]).toEqual([0, expect.stringContaining('warning CW522: The run was not sent to MLflow:')]);
      expect(err + out).not.toContain('swordfish');
    },
  );

  test('with the password, to this address only', async () => {
    await withServer({ status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere' } }, async (address, asked) => {
      const { code, err } = await place.call(
        'run',
        'n.py',
        '-p',
        'trees',
        '1',
        '--no-report',
        '--mlflow',
        `http://me:swordfish@${address}`,
      );
      expect([code, err]).toEqual([
        0,
        expect.stringContaining(`CW522: The run was not sent to MLflow: http://${address} answers 302`),
      ]);
      expect(err).not.toContain('swordfish');
      expect(asked.map(({ authorization }) => authorization)).toEqual([`Basic ${btoa('me:swordfish')}`]);
    });
    const body = JSON.stringify({ error_code: 'PERMISSION_DENIED', message: 'Permission denied' });
    await withServer({ status: 403, body }, async (address, asked) => {
      place.variables = { MLFLOW_TRACKING_TOKEN: 'swordfish' };
      const { code, err } = await place.call(
        'metrics',
        'n.py',
        '--last',
        '1',
        '--export',
        'mlflow',
        '--mlflow',
        `http://${address}`,
      );
      place.variables = {};
      expect([code, err]).toEqual([
        0,
        expect.stringContaining('answers 403 to experiments/get-by-name (Permission denied)'),
      ]);
      expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer swordfish']);
    });
  });

  test.skipIf(!hasOpenssl)('behind https, whoever vouches for it is named as for MLflow itself', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-mlflow-'));
    const { certificate, key, authority, other } = makeCertificates(folder);
    const asked: string[] = [];
    const server = createSecureServer(
      { cert: readFileSync(certificate), key: readFileSync(key) },
      (request, response) => {
        asked.push(request.url ?? '');
        response.writeHead(403).end();
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const uri = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const said = async (variables: Readonly<Record<string, string>>): Promise<string> => {
      const none = { REQUESTS_CA_BUNDLE: '', SSL_CERT_FILE: '' };
      place.variables = { MLFLOW_TRACKING_URI: uri, ...none, ...variables };
      const { err } = await place.call('metrics', 'n.py', '--last', '1', '--export', 'mlflow');
      place.variables = {};
      return err;
    };
    try {
      for (const trusted of ['', other]) {
        const err = await said(
          trusted === '' ? {} : { MLFLOW_TRACKING_SERVER_CERT_PATH: trusted, SSL_CERT_FILE: authority },
        );
        expect(err).toMatch(/cannot be trusted \(.*\), and was sent nothing; MLFLOW_TRACKING_SERVER_CERT_PATH names/);
      }
      expect(asked).toEqual([]);
      for (const name of ['MLFLOW_TRACKING_SERVER_CERT_PATH', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE'])
        expect(await said({ [name]: authority })).toContain('answers 403');
      expect(await said({ SSL_CERT_FILE: path.join(folder, 'none') })).toContain('cannot be read');
      expect(asked).toHaveLength(3);
    } finally {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('and a notebook that records nothing is no business of the server', async () => {
    place.write('quiet.py', '# %%\na = 1\n');
    const { code, err } = await place.call('run', 'quiet.py', '--no-report', '-q', '--mlflow', 'http://127.0.0.1:9');
    expect([code, err]).toEqual([0, '']);
    expect((await place.call('metrics', 'quiet.py', '--export', 'mlflow')).code).toBe(2);
  });
});
