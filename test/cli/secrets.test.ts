import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secrets } from '../../runtime/secrets.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

/** With what Python, JSON, HTML and addresses write in another way. */
const secret = `q7Wz'k&9 "é\\x`;

let place: Workplace;
const scratch = process.env['TMPDIR'];
beforeAll(() => {
  place = makeWorkplace();
  place.variables = { API_TOKEN: secret };
  const folder = path.join(path.dirname(place.folder), 'tmp');
  mkdirSync(folder);
  process.env['TMPDIR'] = folder;
});
afterAll(() => {
  if (scratch === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = scratch;
  place.remove();
});

/** As Python, JSON, pickles and arrays of text have it. */
function writings(text: string): readonly Buffer[] {
  const json = JSON.stringify(text).slice(1, -1);
  const wide = Buffer.alloc(text.length * 4);
  // Every letter of it is one unit.
  for (let at = 0; at < text.length; at++) wide.writeUInt32LE(text.charCodeAt(at), at * 4);
  const python = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  const texts = [text, json, json.replaceAll('é', '\\u00e9'), python, encodeURIComponent(text).replaceAll("'", '%27')];
  return [...texts.map((one) => Buffer.from(one, 'utf8')), Buffer.from(text, 'utf16le'), wide];
}

/** Every file below the folder of the work, the state and the temporary files that has the secret in it. */
function findLeaks(text: string): readonly string[] {
  const base = path.dirname(place.folder);
  const names = readdirSync(base, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('dist'));
  const files = ['work', 'cache', 'tmp'].flatMap((below) =>
    readdirSync(path.join(base, below), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()),
  );
  const found = files
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => writings(text).some((bytes) => readFileSync(file).includes(bytes)));
  return [...found, ...names.filter((name) => name.includes(text))];
}

const shapes = `# %% tags=["parameters"]
token = "none"
city = "nyc"
# %%
import os
rows = list(range(5))
headers = {"Authorization": f"Bearer {token}"}
class Client:
    def __init__(self, key):
        self.key = key
client = Client(token)
same = token
# %%
print(token, headers)
print(token[:4], end=""); print(end="", flush=True); print(token[4:])
# %%
headers
# %%
from IPython.display import HTML, display
display(HTML("<b>" + token + "</b>"), {"application/json": {token: [token]}}, raw=False)
display({"application/json": {token: [token]}}, raw=True)
# %%
import numpy as np
wide = np.array([token, city])
print(client.key == same == token, len(token), wide.shape)
# %%
os.environ["COPY"] = token
import logging, warnings
logging.warning("with %s", token)
warnings.warn(token)
# %%
print(sum(rows), wide[0] == os.environ["COPY"])
`;
const raises = `${shapes}# %%
def call(key):
    raise ValueError(f"refused {key!r} and {key}")
call(client.key)
`;

const ways: readonly (readonly [string, ...string[]])[] = [
  ['as usual'],
  ['a second time'],
  ['--one-process', '--one-process'],
  ['with processes that wait', '--keep-warm', '1'],
];

test.each(ways)('a secret is in no file of a run %s', async (_, ...flags) => {
  place.write('ok.py', shapes);
  const done = await place.call(
    'run',
    'ok.py',
    'out/{city}.ipynb',
    '-p',
    'token',
    'env:API_TOKEN',
    '-p',
    'city',
    'rome',
    ...flags,
  );
  expect(done.err).not.toContain('error');
  expect(done.code).toBe(0);
  expect(done.out + done.err).not.toContain(secret);
  const text = readFileSync(path.join(place.folder, 'out/rome.ipynb'), 'utf8');
  expect(text).toContain('__import__(\\"os\\").environ[\\"API_TOKEN\\"]');
  expect(text).toContain('Bearer ••••');
  expect(text).toContain('True 13 (2,)');
  expect(text).toContain('10 True');
  expect(findLeaks(secret)).toEqual([]);
});

test('a file that cells name after a secret is named in no file of ours', async () => {
  const cells = ['name = token.replace("/", "") + ".txt"', 'open(name, "w").close()', 'import os\nos.remove(name)'];
  place.write('named.py', `# %% tags=["parameters"]\ntoken = "none"\n# %%\n${cells.join('\n# %%\n')}\n`);
  const done = await place.call('run', 'named.py', '-p', 'token', 'env:API_TOKEN');
  expect([done.code, done.err + done.out]).toEqual([0, expect.not.stringContaining(secret)]);
  expect(findLeaks(secret.replaceAll('/', ''))).toEqual([]);
});

test('a secret is in no file of a run with new interpreters', async () => {
  const text = '# %% tags=["parameters"]\ntoken = "none"\n# %%\nheaders = {"A": token}\n# %%\nprint(headers, token)\n';
  place.write('spawned.py', text);
  const done = await place.call('run', 'spawned.py', 'spawned.ipynb', '-p', 'token', 'env:API_TOKEN', '--spawn');
  expect(done.code).toBe(0);
  expect(readFileSync(path.join(place.folder, 'spawned.ipynb'), 'utf8')).toContain("{'A': ");
  expect(findLeaks(secret)).toEqual([]);
});

test.each([[[]], [['--one-process']]])('a secret is in no file of a run that raises %j', async (flags) => {
  place.write('raises.py', raises);
  const done = await place.call('run', 'raises.py', '-y', 'token: env:API_TOKEN', ...flags);
  expect(done.code).toBe(1);
  expect(done.err).toContain('ValueError: refused');
  expect(done.err).toContain('••••');
  expect(done.out + done.err).not.toContain(secret);
  const json = await place.call('run', 'raises.py', '--json', '-y', 'token: env:API_TOKEN', ...flags);
  expect(json.out).toContain('••••');
  expect(findLeaks(secret)).toEqual([]);
});

test('a secret in a list of a file, and one that is several lines', async () => {
  const key = '-----BEGIN KEY-----\nabcdefghijklmnop\nqrstuvwxyz012345\n-----END KEY-----';
  place.variables = { API_TOKEN: secret, KEY: key };
  place.write('p.json', '{"keys": ["env:KEY", {"a": "env:API_TOKEN"}], "n": 3}');
  place.write(
    'list.py',
    '# %% tags=["parameters"]\nkeys: list = []\nn = 1\n# %%\nprint(keys[0].splitlines()[1], n)\n# %%\nprint(keys[1])\n',
  );
  const done = await place.call('run', 'list.py', 'list.ipynb', '-f', 'p.json');
  expect(done.code).toBe(0);
  const text = readFileSync(path.join(place.folder, 'list.ipynb'), 'utf8');
  expect(text).toContain('"•••• 3\\n"');
  expect(text).toContain(`{'a': '••••'}`);
  for (const part of [secret, ...key.split('\n').slice(1, 3)]) expect(findLeaks(part)).toEqual([]);
  place.variables = { API_TOKEN: secret };
});

test('what a secret decides is not reused: with another one everything that read it runs again', async () => {
  place.write(
    'len.py',
    '# %% tags=["parameters"]\ntoken = "none"\n# %%\nsize = len(token)\n# %%\nrest = sum(range(9))\n# %%\nprint(size, rest)\n',
  );
  const run = async (value: string): Promise<string> => {
    place.variables = { API_TOKEN: value };
    const done = await place.call('run', 'len.py', 'len.ipynb', '-p', 'token', 'env:API_TOKEN');
    place.variables = { API_TOKEN: secret };
    expect(done.code).toBe(0);
    return done.err;
  };
  await run('abcdef');
  const second = await run('abcdefgh');
  expect(second).toContain('not to be reused: it reads the secret API_TOKEN');
  expect(second).toMatch(/reused {3}05_rest|reused {3}04_rest/);
  expect(readFileSync(path.join(place.folder, 'len.ipynb'), 'utf8')).toContain('"8 36\\n"');
});

test('verify compares without writing a secret, and makes no certificate of it', async () => {
  place.write('small.py', '# %% tags=["parameters"]\ntoken = "none"\n# %%\nprint(token, [token])\n');
  const done = await place.call('verify', 'small.py', '-p', 'token', 'env:API_TOKEN');
  expect(done.err + done.out).toContain('3 of 3 cells equal');
  expect(findLeaks(secret)).toEqual([]);
  const certified = await place.call('verify', 'small.py', '-p', 'token', 'env:API_TOKEN', '--certificate', 'c.json');
  expect(certified.code).toBe(2);
  expect(certified.err).toContain('No certificate can be made of a run with secrets.');
});

test('an executed notebook and a bundle ask for their secret again', async () => {
  place.write('small.py', '# %% tags=["parameters"]\ntoken = "none"\n# %%\nprint(token)\n');
  expect((await place.call('run', 'small.py', 'small.ipynb', '-p', 'token', 'env:API_TOKEN')).code).toBe(0);
  expect((await place.call('compile', 'small.py', '-o', 'b', '-p', 'token', 'env:API_TOKEN')).code).toBe(0);
  for (const again of ['small.ipynb', 'b']) {
    expect((await place.call('run', again, '-o', 'again.ipynb')).code).toBe(0);
    place.variables = {};
    const without = await place.call('run', again, '-o', 'again.ipynb');
    place.variables = { API_TOKEN: secret };
    expect(without.code).toBe(2);
    expect(without.err).toContain('refers to the environment variable API_TOKEN, which is not set');
  }
  expect(findLeaks(secret)).toEqual([]);
});

test.each([
  [['-p', 'token', 'env:NOT_SET'], 'NOT_SET, which is not set'],
  [['-p', 'token', 'env:SHORT'], 'SHORT has less than 4 characters'],
  [['-p', 'token', 'env:API_TOKEN', '-p', 'city', `x${secret}`], 'has the value of a secret in its text'],
  [['-p', 'token', 'env:API_TOKEN', '-o', '{token}.ipynb'], 'which is a secret'],
  [['-p', 'n', 'env:API_TOKEN'], 'n is str here and int in the notebook'],
])('%j is an error before anything runs', async (flags, message) => {
  place.write('small.py', '# %% tags=["parameters"]\ntoken = "none"\ncity = "nyc"\nn = 1\n# %%\nprint(token)\n');
  place.variables = { API_TOKEN: secret, SHORT: 'abc' };
  const done = await place.call('run', 'small.py', ...flags);
  place.variables = { API_TOKEN: secret };
  expect(done.code).toBe(2);
  expect(done.err).toContain(message);
  expect(done.err).not.toContain(secret);
});

test('-r gives the very text', async () => {
  place.write('small.py', '# %% tags=["parameters"]\ntoken = "none"\n# %%\nprint(token)\n');
  expect((await place.call('run', 'small.py', 'raw.ipynb', '-r', 'token', 'env:API_TOKEN')).code).toBe(0);
  expect(readFileSync(path.join(place.folder, 'raw.ipynb'), 'utf8')).toContain('"env:API_TOKEN\\n"');
});

test('a text without the secret stays the very value', () => {
  const secrets = new Secrets(['A'], { A: 'hunter2.' });
  const value = { a: ['x', { b: 'hunter2' }] };
  expect(secrets.maskAll(value)).toBe(value);
  expect(secrets.maskAll({ a: ['hunter2.!'] })).toEqual({ a: ['••••!'] });
});
