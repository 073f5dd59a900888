import { readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeWorkplace, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

/** What cells read and wrote, files and the web, and what has changed since. */
let place: Workplace;
let server: Server;

beforeAll(async () => {
  place = makeWorkplace();
  server = createServer((request, response) => {
    if (request.url?.startsWith('/old') === true) {
      response.writeHead(302, { location: '/t.csv?token=hunter2' }).end();
      return;
    }
    response.writeHead(200, { etag: '"v1"', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT', 'content-length': 8 });
    response.end('a,b\n1,2\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  place.remove();
});

async function json(...words: string[]): Promise<Record<string, unknown>> {
  const called = await place.call(...words, '--json');
  expect({ words, code: called.code, err: called.err }).toEqual({ words, code: 0, err: '' });
  expect(mistakesIn([[words[0] ?? '', called.out]])).toBe('');
  return JSON.parse(called.out) as Record<string, unknown>;
}

test('files are told by size and digest, with who reads and writes them; a changed one reruns who read it and no other', async () => {
  place.write('one.csv', '1\n');
  place.write('two.csv', '2\n');
  place.write(
    'files.py',
    `# %%
import json, sys
one = open('one.csv').read()
# %%
two = open('two.csv').read()
# %%
with open('out.txt', 'w') as out:
    out.write(two)
`,
  );
  await place.call('run', 'files.py', '-q', '--keep-warm', '0');
  const { files, leftOut } = await json('data', 'files.py');
  expect(files).toMatchObject([
    { role: 'input', path: path.join(place.folder, 'one.csv'), size: 2, readers: ['01_one'], now: 'same' },
    { role: 'output', path: path.join(place.folder, 'out.txt'), size: 2, writers: ['03_out'], now: 'same' },
    { role: 'input', path: path.join(place.folder, 'two.csv'), size: 2, readers: ['02_two'], now: 'same' },
  ]);
  expect(leftOut).toEqual(expect.any(Number));
  place.write('two.csv', '3\n');
  expect((await place.call('data', 'files.py')).out).toMatch(
    /two\.csv +2 B +sha256:[0-9a-f]{12} +CHANGED +read by 02_two/,
  );
  await place.call('run', 'files.py', '-q', '--keep-warm', '0');
  const { tasks } = await json('show', 'files.py');
  expect(tasks).toMatchObject([{ status: 'reused' }, { status: 'ran' }, { status: 'ran' }]);
}, 60_000);

test('addresses are told with the version that the server named, and without anything that may be a secret', async () => {
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  place.write(
    'web.py',
    `# %%
import urllib.request, requests, pandas as pd
# %%
urllib.request.urlopen('${at}/old?key=' + 'hunter' + '2').read()
# %%
requests.get('${at.replace('//', '//user:hunter2@')}/t.csv', params={'k': 'v'}).text
# %%
len(pd.read_csv('${at}/t.csv'))
# %%
import socket
socket.create_connection('${at.slice(7)}'.split(':')).close()
`,
  );
  for (const flag of ['--no-report', '--one-process']) {
    await place.call('run', 'web.py', '-q', '--keep-warm', '0', flag);
    const { requests, run } = await json('data', 'web.py');
    const told = { status: 200, etag: '"v1"', lastModified: 'Mon, 01 Jan 2024 00:00:00 GMT', size: 8 };
    const seen = [
      { method: 'GET', url: `${at}/old?key=…`, status: 302, etag: null },
      { method: 'GET', url: `${at}/t.csv?token=…`, ...told },
      { method: 'GET', url: `${at}/t.csv?k=…`, ...told },
      { method: 'GET', url: `${at}/t.csv`, ...told },
    ];
    const last = flag === '--one-process' ? [] : [{ method: '', url: at.slice(5), status: null, task: '05_imports' }];
    expect(requests).toMatchObject([...seen, ...last]);
    const log = readFileSync(String((await json('show', String(run)))['log']), 'utf8');
    expect(log).not.toContain('hunter2');
  }
}, 60_000);

test.runIf(process.platform === 'linux')(
  'a large file is read once, and not again by the next process',
  async () => {
    const file = path.join(place.folder, 'large.bin');
    writeFileSync(file, '');
    truncateSync(file, 300e6);
    const documents = new Map<string, unknown>();
    const store = {
      readDocument: (name: string): unknown => documents.get(name),
      writeDocument: (name: string, value: unknown): unknown => documents.set(name, JSON.parse(JSON.stringify(value))),
    };
    const bytesRead = (): number => Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
    /** As a process that has hashed nothing yet. */
    const hashAfresh = async (): Promise<{ digest: string; read: number }> => {
      vi.resetModules();
      const digests = await import('../../runtime/store/digests.ts');
      digests.loadDigests(store);
      const before = bytesRead();
      const digest = digests.hashFile(file);
      const read = bytesRead() - before;
      digests.saveDigests(store);
      return { digest, read };
    };
    // Written a moment ago: it could still be written again within one tick of the clock.
    const young = await hashAfresh();
    expect((await hashAfresh()).read).toBeGreaterThan(299e6);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const memory = process.memoryUsage.rss();
    const first = await hashAfresh();
    expect(first.digest).toBe(young.digest);
    expect(process.memoryUsage.rss() - memory).toBeLessThan(100e6);
    const second = await hashAfresh();
    expect(second.digest).toBe(first.digest);
    expect(second.read).toBeLessThan(1e6);
    // Another content with the times and the size of the old one: the time of the inode gives it away.
    const times = new Date(1e12);
    utimesSync(file, times, times);
    writeFileSync(file, 'x', { flag: 'r+' });
    utimesSync(file, times, times);
    expect((await hashAfresh()).digest).not.toBe(first.digest);
  },
  60_000,
);
