import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorkplace, type Called, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

/** What `runs` and `show` and what follows from them say of runs of one notebook in a repository. */
let place: Workplace;

beforeAll(async () => {
  place = makeWorkplace();
  const git = (...words: string[]): void => {
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b.c', ...words], { cwd: place.folder });
  };
  place.write('.gitignore', '*.cellwright\n');
  place.write('in.csv', '1\n2\n3\n');
  place.write(
    'n.py',
    `# %% tags=["parameters"]
n = 2
# %%
rows = [int(line) for line in open('in.csv')]
# %%
total = sum(rows) * n
# %%
with open('out.txt', 'w') as out:
    out.write(str(total))
print(total)
`,
  );
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'one');
  await place.call('run', 'n.py', '-q', '--keep-warm', '0');
  place.write('in.csv', '1\n2\n4\n');
  await place.call('run', 'n.py', '-q', '--keep-warm', '0', '-p', 'n', '3');
  place.write('bad.py', '# %%\nx = 1\n# %%\nx / 0\n');
  await place.call('run', 'bad.py', '-q', '--keep-warm', '0');
}, 120_000);
afterAll(() => {
  place.remove();
});

async function json(...words: string[]): Promise<Record<string, unknown>> {
  const called: Called = await place.call(...words, '--json');
  expect({ words, code: called.code, err: called.err }).toEqual({ words, code: 0, err: '' });
  expect(mistakesIn([[words[0] ?? '', called.out]])).toBe('');
  return JSON.parse(called.out) as Record<string, unknown>;
}

test('runs lists every run, the newest first, with who, what became of it, parameters and commit', async () => {
  const { out } = await place.call('runs');
  const [head, bad, second, first] = out.split('\n');
  expect(head).toMatch(/^run +started +who +status/);
  expect(bad).toMatch(/ failed +1 +0 +1 .* bad\.py$/);
  expect(second).toMatch(/ ok +4 +1 +0 .* [0-9a-f]{7} dirty +n\.py +n = 3$/);
  expect(first).toContain(`${userInfo().username}@${hostname()}`);
  const { runs } = await json('runs', 'n.py');
  expect(runs).toMatchObject([
    { parameters: [{ name: 'n', value: { int: '3' } }], ran: 4, reused: 1, dirty: true },
    { parameters: [], ran: 4, reused: 0 },
  ]);
  expect((await place.call('runs', '-n', '1')).out).toContain('… and 2 before these');
});

test('show tells everything of a run, however it is named', async () => {
  const whole = await json('show', 'last', 'n.py');
  const id = String(whole['run']);
  for (const word of [id, id.slice(0, -1), id.slice(-4), 'n.py', 'last~1']) {
    expect(await json('show', word)).toMatchObject({ run: id });
  }
  expect(whole).toMatchObject({
    outcome: 'ok',
    user: userInfo().username,
    host: hostname(),
    cwd: place.folder,
    sourceControl: { changed: expect.arrayContaining(['in.csv', 'out.txt']) as unknown },
  });
  expect(whole['tasks']).toMatchObject([
    { executionCount: 1, status: 'reused', from: expect.stringMatching(/^\d{8}T/) as unknown },
    { executionCount: 2, status: 'ran' },
    { executionCount: 3, status: 'ran' },
    { executionCount: 4, status: 'ran', peakMemory: expect.any(Number) as unknown },
    { executionCount: 5, status: 'ran' },
  ]);
  expect(JSON.stringify((whole['environment'] as { packages: unknown[] }).packages)).toContain('{"name":"ipython"');
  expect(existsSync(String(whole['executed']))).toBe(true);
  expect(readFileSync(String(whole['log']), 'utf8')).toContain('"run-finished"');
  const { out } = await place.call('show', id.slice(-4));
  expect(out).toMatch(/^ {2}input +in\.csv +6 B +sha256:/m);
  expect(out).toMatch(/^ {2}output +out\.txt +2 B +sha256:/m);
  const failed = await place.call('show', 'last');
  expect(failed.out).toMatch(/\[2\] +02_\w+ +FAILED .* ZeroDivisionError: division by zero/);
});

test('a run that is not there is said, and a word that may be several', async () => {
  expect(await place.call('show', 'nosuch')).toMatchObject({ code: 2 });
  expect((await place.call('show', 'nosuch')).err).toContain('There is no run nosuch.');
  const several = await place.call('show', '20');
  expect(several).toMatchObject({ code: 2 });
  expect(several.err).toMatch(/20 may be \d{8}T\d{6}-[0-9a-f]{4}, /);
  expect((await place.call('show')).code).toBe(2);
  expect((await place.call('runs', '-n', '0')).code).toBe(2);
});
