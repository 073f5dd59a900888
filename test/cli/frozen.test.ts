import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorkplace, type Called, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

/** `freeze`, and `run --frozen`, which runs on nothing but what was frozen. */
let place: Workplace;
const code = `# %% tags=["parameters"]
n = 2
# %%
rows = [int(line) for line in open('in.csv')]
# %%
print(sum(rows) * n)  # shown
`;

beforeAll(async () => {
  place = makeWorkplace();
  place.write('in.csv', '1\n2\n3\n');
  place.write('n.py', code);
  mkdirSync(path.join(place.folder, 'site', 'demo-1.0.dist-info'), { recursive: true });
  place.variables = { PYTHONPATH: path.join(place.folder, 'site') };
  await place.call('run', 'n.py', '-q', '--keep-warm', '0', '-p', 'n', '3');
}, 60_000);
afterAll(() => {
  place.remove();
});

const frozen = async (...words: string[]): Promise<Called> =>
  await place.call('run', '--frozen', 'n.py', '--keep-warm', '0', ...words);

async function numberOfRuns(): Promise<number> {
  const { out } = await place.call('runs', 'n.py', '--json');
  return (JSON.parse(out) as { recorded: number }).recorded;
}

test('what is frozen is what the run was made on, by reference', async () => {
  expect((await frozen()).err).toContain('There is no frozen state n.frozen.json.');
  const made = await place.call('freeze', 'n.py', '--json');
  expect(made.code).toBe(0);
  const text = readFileSync(path.join(place.folder, 'n.frozen.json'), 'utf8');
  expect(
    mistakesIn([
      ['frozen', text],
      ['freeze', made.out],
    ]),
  ).toBe('');
  expect(JSON.parse(text)).toMatchObject({
    notebook: 'n.py',
    parameters: [{ name: 'n', value: { int: '3' } }],
    files: [{ path: 'in.csv', size: 6 }],
    cells: [{ number: 1 }, { number: 3 }, { number: 4 }],
  });
  expect(text).not.toContain(place.folder);
});

test('the same runs; every difference is named with what to do, and nothing runs', async () => {
  expect((await frozen('-p', 'n', '3')).code).toBe(0);
  // A comment is no code.
  place.write('n.py', code.replace('# shown', '# printed'));
  expect((await frozen('-p', 'n', '3')).code).toBe(0);
  const before = await numberOfRuns();

  place.write('in.csv', '1\n2\n4\n');
  place.write('n.py', code.replace('sum(rows)', 'max(rows)'));
  renameSync(
    path.join(place.folder, 'site', 'demo-1.0.dist-info'),
    path.join(place.folder, 'site', 'demo-2.0.dist-info'),
  );
  const refused = await frozen('-p', 'n', '4');
  expect(refused.code).toBe(3);
  expect(refused.err).toContain(
    'error CW606: The parameter n has another value.\n  Give it with -p n 3, or accept it: ',
  );
  expect(refused.err).toMatch(/CW606: The code of \[4\] 04_cell is another one\.\n {2}at In \[4\]/);
  expect(refused.err).toMatch(
    /CW606: in\.csv has another content\.\n {2}Put back the file with sha256:[0-9a-f]{64}, or accept it/,
  );
  expect(refused.err).toContain(
    "CW606: demo is 2.0 here, 1.0 in n.frozen.json.\n  Put it back with pip install 'demo==1.0'",
  );
  expect(refused.err.match(/CW606/g)).toHaveLength(4);
  expect((await frozen()).err).toContain('The parameter n is not given.');
  expect((await frozen('--matrix', 'n=1,2')).err).toContain('--frozen is for one run.');
  expect(await numberOfRuns()).toBe(before);

  expect((await place.call('run', 'n.py', '-q', '--keep-warm', '0')).code).toBe(0);
  place.write('in.csv', '1\n');
  const early = await place.call('freeze', 'n.py');
  expect(early.code).toBe(2);
  expect(early.err).toMatch(/in\.csv changed after run \d{8}T/);
  place.write('in.csv', '1\n2\n4\n');
  expect((await place.call('freeze', 'n.py', '--no-environment', '-o', 'other.json')).code).toBe(0);
  renameSync(
    path.join(place.folder, 'site', 'demo-2.0.dist-info'),
    path.join(place.folder, 'site', 'demo-3.0.dist-info'),
  );
  expect((await frozen('--frozen-file', 'other.json')).code).toBe(0);
}, 120_000);

test('a run that failed is not frozen', async () => {
  place.write('bad.py', '# %%\n1 / 0\n');
  await place.call('run', 'bad.py', '-q', '--keep-warm', '0');
  const { code: exit, err } = await place.call('freeze', 'bad.py');
  expect(exit).toBe(2);
  expect(err).toContain('did not come to a good end');
}, 30_000);
