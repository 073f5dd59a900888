import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeWorkplace, type Workplace } from '../cli/installation.ts';

let place: Workplace;
let server: Server;
let address: string;
let answers: (request: IncomingMessage, response: ServerResponse, number: number) => void;
let requests: string[] = [];

beforeAll(async () => {
  place = makeWorkplace();
  server = createServer((request, response) => {
    requests.push(request.method ?? '');
    answers(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterAll(() => {
  server.close();
  place.remove();
});
beforeEach(() => {
  requests = [];
});

interface Done {
  readonly code: number;
  readonly log: string;
  readonly oneProcess: boolean;
  readonly diagnostics: readonly { readonly code: string; readonly severity: string; readonly message: string }[];
  readonly tasks: readonly {
    readonly name: string;
    readonly status: string;
    readonly error?: { readonly ename: string };
  }[];
}

async function run(name: string, cells: readonly string[], ...words: readonly string[]): Promise<Done> {
  place.write(`${name}.py`, cells.map((cell) => `# %%\n${cell}\n`).join(''));
  const { code, out, err } = await place.call(
    'run',
    `${name}.py`,
    '--json',
    '--no-report',
    '--keep-warm',
    '0',
    ...words,
  );
  expect(err).toBe('');
  return { ...(JSON.parse(out) as Omit<Done, 'code'>), code };
}

type LoggedEvent = { readonly type: string; readonly name?: string; readonly reason?: string };

function eventsOf({ log }: Done): readonly LoggedEvent[] {
  const lines = readFileSync(path.join(log, 'events.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as LoggedEvent);
}

const told = ({ diagnostics }: Done, code: string): readonly string[] =>
  diagnostics.filter((one) => one.code === code).map(({ message }) => message);

const ask = (method: 'GET' | 'POST'): string => `#| retries: 2
#| label: ask
import os, signal, urllib.request
open('log.txt', 'a').write('x')
said = urllib.request.urlopen(urllib.request.Request('${address}', method='${method}')).read().decode()
if said == 'die':
    os.kill(os.getpid(), signal.SIGKILL)`;

describe('a cell with retries', () => {
  test('runs again with files as they were, whether it raised or its process died, and the record has each try', async () => {
    answers = (_request, response, number) => {
      response.statusCode = number === 1 ? 503 : 200;
      response.end(number === 2 ? 'die' : 'fine');
    };
    const done = await run('flaky', ['n = 1', ask('GET'), 'print(said, n, open("log.txt").read())']);
    expect(done).toMatchObject({
      code: 0,
      oneProcess: false,
      tasks: [{ status: 'ran' }, { status: 'ran' }, { status: 'ran' }],
    });
    expect(readFileSync(path.join(place.folder, 'log.txt'), 'utf8')).toBe('x');
    expect(requests).toEqual(['GET', 'GET', 'GET']);
    const tries = eventsOf(done).filter(({ type }) => type === 'task-retried');
    expect(tries.map(({ reason }) => reason)).toEqual([
      'HTTPError: HTTP Error 503: Service Unavailable',
      'its process ended before the cell did',
    ]);
    expect(told(done, 'CW513')).toEqual([
      '02_ask failed 2 times before it gave its result: HTTPError: HTTP Error 503: Service Unavailable; its process ended before the cell did.',
    ]);
    const shown = JSON.parse((await place.call('show', '--json', 'last')).out) as {
      tasks: { failedTries: string[] }[];
    };
    expect(shown.tasks[1]?.failedTries).toHaveLength(2);
  });

  test('does not run again when it has sent something: that is said, and nothing is sent twice', async () => {
    answers = (_request, response) => {
      response.statusCode = 503;
      response.end();
    };
    const done = await run('sends', ['n = 1', ask('POST')]);
    expect(done).toMatchObject({ code: 1, tasks: [{ status: 'ran' }, { status: 'failed' }] });
    expect(requests).toEqual(['POST']);
    expect(told(done, 'CW514')).toEqual([
      expect.stringMatching(/^02_ask was not tried again, because it sent data over the network/),
    ]);
  });
});

describe('limits of a cell', () => {
  const allocate = (mebibytes: number): string =>
    `#| mem: 300Mi\n#| label: allocate\nimport time\nx = b'x' * (${String(mebibytes)} << 20)\ntime.sleep(0.5)`;

  test.runIf(process.platform === 'linux')(
    'memory: its process is ended beyond it, which is told with the peak',
    async () => {
      const done = await run('large', [allocate(100), allocate(900), 'print(len(x))']);
      expect(done.code).toBe(1);
      expect(done.tasks.map(({ status }) => status)).toEqual(['ran', 'failed', 'not-run']);
      expect(done.tasks[1]?.error?.ename).toBe('CellMemoryError');
      expect(told(done, 'CW506')).toEqual([
        expect.stringMatching(/^02_allocate was ended at \d+ MiB of memory, beyond its limit of 300 MiB\.$/),
      ]);
    },
  );

  test('processors: cells that ask for all of them do not run at the same time, nor does the result depend on it', async () => {
    const cell = (name: string): string => `#| cpu: 1000\n#| label: ${name}\nimport time\ntime.sleep(0.3)\n${name} = 1`;
    const done = await run('busy', [cell('a'), cell('b'), 'print(a + b)'], '-j', '4');
    expect(done.code).toBe(0);
    const order = eventsOf(done).flatMap(({ type, name = '' }) =>
      /^task-(?:started|finished)$/.test(type) && /_[ab]$/.test(name) ? [`${type.slice(5)} ${name}`] : [],
    );
    expect(order).toEqual(['started 01_a', 'finished 01_a', 'started 02_b', 'finished 02_b']);
    expect(told(done, 'CW512')[0]).toMatch(/^01_a, 02_b: no effect here of cpu: this machine has \d+\.$/);
  });

  test('a GPU that is not there, an image and a variable change nothing, and are told', async () => {
    place.variables = { CUDA_VISIBLE_DEVICES: '', HIP_VISIBLE_DEVICES: '' };
    const cells = [
      '#| label: here\n#| gpu: 1\n#| image: a/b:1\n#| env: SOME_NAME=1\nimport os\nprint(os.environ.get("SOME_NAME"))',
    ];
    const done = await run('placed', cells);
    place.variables = {};
    expect(done.code).toBe(0);
    if (process.platform !== 'darwin')
      expect(told(done, 'CW507')).toEqual(['01_here asked for a GPU, and this machine has none.']);
    expect(told(done, 'CW512')).toEqual([
      '01_here: no effect here of image: cells run in the interpreter of the notebook.',
      '01_here: no effect here of env: cells have the variables of the run.',
    ]);
  });
});
