/** The page of `cellwright open`: only this machine, only who has the token, only its own page. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPage, type OpenPage } from '../../extensions/service/index.ts';
import { root } from '../environment.ts';

let folder: string;
let page: OpenPage;
let port: number;
let token: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-open-'));
  const notebook = path.join(folder, 'n.py');
  writeFileSync(notebook, '# %%\nsecret = "in the notebook"\n');
  const program = {
    version: '0',
    command: [],
    environment: { XDG_CACHE_HOME: folder },
    folder,
    state: undefined,
    call: async () => await Promise.reject(new Error('no command is called here')),
  };
  const dist = path.join(root, 'dist');
  page = await openPage(program, { notebook, page: path.join(dist, 'ui'), compilerFiles: dist, port: 0 });
  const address = new URL(page.address);
  port = Number(address.port);
  token = address.hash.replace('#token=', '');
});
afterAll(async () => {
  await page.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

async function ask(method: string, place: string, headers: Record<string, string> = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path: place, headers }, (answer) => {
      let text = '';
      const end = (): void => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers });
      answer.on('data', (part: Buffer) => {
        text += part.toString();
        if (place === '/events') {
          end();
          asked.destroy();
        }
      });
      answer.on('end', end);
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('who is let in', () => {
  const own = (): Record<string, string> => ({ authorization: `Bearer ${token}` });

  test('the token is long, and stands where browsers send it to nobody', () => {
    expect(page.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/);
  });

  test('without the token, and with a wrong one, nothing of the notebook is given', async () => {
    for (const place of ['/events', '/rpc', '/else'])
      for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Bearer ${token}x` }] as const) {
        const { status, text } = await ask(place === '/rpc' ? 'POST' : 'GET', place, { ...headers });
        expect({ place, status, text }).toEqual({
          place,
          status: 401,
          text: expect.stringContaining('token') as string,
        });
      }
    expect((await ask('GET', `/events?token=${token}`)).status).toBe(401);
    expect((await ask('GET', '/events', own())).status).toBe(200);
  });

  test('a page of another origin, and another name of this machine, are refused with the token too', async () => {
    const strange: readonly Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${port + 1}` },
      { host: 'evil.example' },
      { host: `evil.example:${port}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of strange)
      for (const place of ['/', '/page.js', '/events']) {
        const { status } = await ask('GET', place, { ...own(), ...headers });
        expect({ headers, place, status }).toEqual({ headers, place, status: 403 });
      }
    expect((await ask('GET', '/events', { ...own(), origin: `http://localhost:${port}` })).status).toBe(200);
  });

  test('files are those of a list; the page may load nothing from elsewhere', async () => {
    for (const place of ['/../package.json', '/%2e%2e/package.json', '/n.py', '/constructor', '/page.js.map'])
      expect({ place, status: (await ask('GET', place)).status }).toEqual({ place, status: 401 });
    const { status, text, headers } = await ask('GET', '/');
    expect(status).toBe(200);
    expect(text).not.toContain('in the notebook');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy.replace(/style-src [^;]*;/, '')).not.toMatch(
      /unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')|https?:|\*/,
    );
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('a request for a connection that is not there is told', async () => {
    expect((await ask('POST', '/rpc', { ...own(), 'cellwright-session': 'none' })).status).toBe(409);
  });
});
