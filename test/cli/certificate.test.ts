import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeCertificate, type Certificate, type Facts } from '../../runtime/index.ts';
import { readMapping } from '../../extensions/cli/parameters.ts';
import { readRecorded, recordParameters } from '../../extensions/cli/recorded-parameters.ts';
import { makeWorkplace, type Called, type Workplace } from './installation.ts';

const notebook = `# %% tags=["parameters"]
n = 3
# %%
import tiny
print(tiny.describe(n))
# %%
rows = open('data/rows.txt').read().split()
# %%
print('total', len(rows) * n)
# %%
import os
print(len(os.environ['API_TOKEN']), os.environ.get('REGION'))
# %%
import random
print('rows', rows)
print(random.random())
# %%
import time
print('it is', time.time())
# %%
import datetime
datetime.date.today().year
# %%
import warnings
warnings.warn('in ' + os.getcwd())
`;

const secret = 'hunter2-not-for-anybody';
const variables = { API_TOKEN: secret, REGION: 'north-by-northwest' };

const homeOf = (name: string): string => path.join(place.folder, 'homes', name);

let place: Workplace;
let made: Called;
let text: string;
let copies = 0;

function writePackage(folder: string, version: string, body: string): void {
  place.write(`${folder}/tiny/__init__.py`, `${body}\n`);
  place.write(
    `${folder}/tiny-${version}.dist-info/METADATA`,
    `Metadata-Version: 2.1\nName: tiny\nVersion: ${version}\n`,
  );
  place.write(`${folder}/tiny-${version}.dist-info/top_level.txt`, 'tiny\n');
}

/** The work as somebody else has it: in another folder, with something changed. */
function copyOf(change: (folder: string) => void = () => undefined): string {
  const name = `copies/${String(copies++)}`;
  cpSync(path.join(place.folder, 'paper'), path.join(place.folder, name), { recursive: true });
  change(path.join(place.folder, name));
  return name;
}

function replaceIn(file: string, before: string, after: string): void {
  const content = readFileSync(file, 'utf8');
  expect(content).toContain(before);
  writeFileSync(file, content.replace(before, after));
}

/** The certificate of somebody for whom a cell gave something else. */
function otherwise(folder: string, change: (cells: Facts['cells']) => Facts['cells']): void {
  const { facts, made: when } = JSON.parse(text) as Certificate;
  writeFileSync(path.join(folder, 'paper.json'), writeCertificate({ ...facts, cells: change(facts.cells) }, when));
}

const noDigest = `sha256:${'0'.repeat(64)}` as const;

function withOtherOutput(name: string): (cells: Facts['cells']) => Facts['cells'] {
  return (cells) =>
    cells.map((cell) =>
      cell.name !== name
        ? cell
        : {
            ...cell,
            verdict: 'equal',
            outputs: (cell.outputs ?? []).map(({ kind, parts }) => ({
              kind,
              parts: parts.map((part) => ({ name: part.name, masked: [], digest: noDigest })),
            })),
          },
    );
}

beforeAll(async () => {
  place = makeWorkplace();
  place.write('homes/nobody/here', '');
  place.write('homes/else/here', '');
  place.variables = { ...variables, PYTHONPATH: path.join(place.folder, 'one'), HOME: homeOf('nobody') };
  writePackage('one', '1.0', 'def describe(n): return f"{n} of them"');
  writePackage('two', '2.0', 'def describe(n): return f"there are {n}"');
  writePackage('three', '1.1', '# Faster.\ndef describe(n): return f"{n} of them"');
  place.write('paper/paper.py', notebook);
  place.write('paper/data/rows.txt', 'a b c');
  made = await place.call('verify', 'paper/paper.py', '-p', 'n', '4', '--certificate', 'paper/paper.json', '--quiet');
  text = readFileSync(path.join(place.folder, 'paper', 'paper.json'), 'utf8');
}, 120_000);
afterAll(() => {
  place.remove();
});

test('a certificate says what each cell gave, on which code, data and packages', () => {
  expect(made).toEqual({ code: 0, out: '', err: '' });
  const { facts, formatVersion } = JSON.parse(text) as Certificate;
  expect(formatVersion).toBe(1);
  expect(facts.notebook).toMatchObject({ name: 'paper.py', folder: '.' });
  expect(facts.parameters).toEqual([{ name: 'n', value: { int: '4' } }]);
  expect(facts.files).toEqual([
    { path: 'data/rows.txt', size: 5, sha256: expect.stringMatching(/^sha256:/) as string },
    { path: '{packages}/tiny/__init__.py', size: 39, sha256: expect.stringMatching(/^sha256:/) as string },
  ]);
  expect(facts.environment.packages).toContainEqual({ name: 'tiny', version: '1.0', imported: true });
  expect(facts.environment.packages.filter(({ imported }) => imported)).toHaveLength(1);
  const verdicts = facts.cells.map(({ name, verdict }) => `${name} ${verdict}`);
  expect(verdicts.filter((line) => !line.endsWith(' equal'))).toEqual(['07_imports unstable', '08_imports unstable']);
  const random = facts.cells.find(({ name }) => name === '07_imports');
  expect(random?.outputs?.[0]?.parts[0]?.lines).toEqual([expect.stringMatching(/^sha256:/), '', expect.anything()]);
});

test('it has no value of a variable, and tells nothing of the machine or the person', () => {
  for (const value of [secret, variables.REGION, 'nobody', place.folder, hostname(), '/home/', '/tmp/']) {
    expect(text).not.toContain(value);
  }
  if (userInfo().username.length > 4) expect(text).not.toContain(userInfo().username);
  const { facts } = JSON.parse(text) as Certificate;
  expect(facts.environment.variables.find(({ name }) => name === 'HOME')).toBeUndefined();
  expect(facts.environment.variables.find(({ name }) => name === 'API_TOKEN')?.digest).toMatch(/^scrypt:/);
});

test('in another folder, for another person, the same facts have the same bytes', async () => {
  const folder = copyOf();
  place.variables = { ...place.variables, HOME: homeOf('else'), USER: 'else' };
  const words = [`${folder}/paper.py`, '-p', 'n', '4', '--certificate', `${folder}/again.json`, '--json'];
  const { code, out } = await place.call('verify', ...words);
  place.variables = { ...place.variables, HOME: homeOf('nobody') };
  const { digest, facts } = JSON.parse(
    readFileSync(path.join(place.folder, folder, 'again.json'), 'utf8'),
  ) as Certificate;
  expect(facts).toEqual((JSON.parse(text) as Certificate).facts);
  expect({ code, digest }).toEqual({ code: 0, digest: (JSON.parse(text) as Certificate).digest });
  expect(JSON.parse(out)).toMatchObject({ certificate: path.join(place.folder, folder, 'again.json'), digest });
});

test('checked in another folder it is equal, with the parameters of the certificate', async () => {
  const { code, out } = await place.call('verify', '--check', `${copyOf()}/paper.json`);
  expect(out).toMatch(
    /^\[7\] {2}07_imports {2}unstable {2}random numbers without a seed\n\[8\] .*unstable .*time of day/,
  );
  expect(out).toMatch(/\n8 of 10 cells equal to the certificate, 2 equal in what was stable \([^]*\)\n$/);
  expect(code).toBe(0);
});

test('an edited cell that gives something else is the first difference, and its code the cause', async () => {
  const folder = copyOf((copy) => replaceIn(path.join(copy, 'paper.py'), "'total'", "'sum'"));
  const { code, out } = await place.call('verify', '--check', `${folder}/paper.json`);
  expect(out).toContain('stdout is another text: "sum 12\\n" here');
  expect(out).toContain(
    'first difference  [5] 05_cell\nlikely cause      code: the code of [5] 05_cell is another one\n',
  );
  expect(code).toBe(5);
});

test('an edited cell that gives the same is told, and no difference', async () => {
  const folder = copyOf((copy) => replaceIn(path.join(copy, 'paper.py'), '.split()', '.split(None)'));
  const { code, out } = await place.call('verify', '--check', `${folder}/paper.json`);
  expect(out).toContain('without effect:\n  the code of [4] 04_rows is another one\n');
  expect(code).toBe(0);
});

test('other data is the cause where a cell before has read it; an unstable cell is compared in what was stable', async () => {
  const folder = copyOf((copy) => writeFileSync(path.join(copy, 'data', 'rows.txt'), 'a b c d'));
  const { code, out } = await place.call('verify', '--check', `${folder}/paper.json`, '--json');
  const told = JSON.parse(out) as Record<string, unknown>;
  expect(told).toMatchObject({
    different: 2,
    first: {
      task: '05_cell',
      cause: {
        kind: 'data',
        what: 'data/rows.txt has another content (5 bytes in the certificate, 7 here); [4] 04_rows, on which it depends, reads it',
      },
    },
    facts: [{ kind: 'file', name: 'data/rows.txt' }],
  });
  expect(JSON.stringify(told)).toContain("is another text in line 1: \\\"rows ['a', 'b', 'c', 'd']\\\" here");
  expect(code).toBe(5);
});

test('another version of a package that the cell imports is the cause', async () => {
  place.variables = { ...place.variables, PYTHONPATH: path.join(place.folder, 'two') };
  const { code, out } = await place.call('verify', '--check', `${copyOf()}/paper.json`);
  expect(out).toContain(
    'first difference  [3] 03_imports\nlikely cause      environment: tiny is 2.0 here, 1.0 in the certificate\n',
  );
  expect(code).toBe(5);
  place.variables = { ...place.variables, PYTHONPATH: path.join(place.folder, 'three') };
  const same = await place.call('verify', '--check', `${copyOf()}/paper.json`);
  expect(same.out).toContain('without effect:\n');
  expect(same.out).toContain('  tiny is 1.1 here, 1.0 in the certificate\n');
  expect(same.code).toBe(0);
  place.variables = { ...place.variables, PYTHONPATH: path.join(place.folder, 'one') };
});

test('a variable with another value is the cause, and its value is not told', async () => {
  place.variables = { ...place.variables, REGION: 'south', API_TOKEN: `${secret}!` };
  const { code, out } = await place.call('verify', '--check', `${copyOf()}/paper.json`);
  place.variables = { ...place.variables, ...variables };
  expect(out).toContain(
    'first difference  [6] 06_imports\nlikely cause      environment: the variable API_TOKEN has another value\n',
  );
  expect(out).toContain('Also other than in the certificate:\n  the variable REGION has another value\n');
  expect(out).not.toContain(secret);
  expect(code).toBe(5);
});

test('what was the same by chance is found by a second run, and the time of day in the text', async () => {
  const random = copyOf((copy) => otherwise(copy, withOtherOutput('07_imports')));
  const byChance = await place.call('verify', '--check', `${random}/paper.json`);
  expect(byChance.out).toContain(
    'first difference  [7] 07_imports\nlikely cause      randomness: random numbers without a seed; two runs here differ too\n',
  );
  expect(byChance.code).toBe(5);
  const year = copyOf((copy) => otherwise(copy, withOtherOutput('09_imports')));
  const byTime = await place.call('verify', '--check', `${year}/paper.json`);
  expect(byTime.out).toContain('likely cause      time: the time of day, or how long something took\n');
  expect(byTime.code).toBe(5);
});

test('a cell that raises and did not ends with 1, also quietly', async () => {
  const folder = copyOf((copy) => rmSync(path.join(copy, 'data'), { recursive: true }));
  const { code, out, err } = await place.call('verify', '--check', `${folder}/paper.json`, '--quiet');
  expect({ code, out, err }).toEqual({
    code: 1,
    out: '',
    err: 'A cell raises that did not: [4] 04_rows: nothing in the certificate, raises FileNotFoundError here\n',
  });
});

test('a certificate that was changed is refused, wherever it was', async () => {
  const folder = copyOf();
  const file = path.join(place.folder, folder, 'paper.json');
  for (const [before, after] of [
    ['"tiny"', '"tinv"'],
    ['"size": 5', '"size": 6'],
    ['"int": "4"', '"int": "5"'],
    ['"imported": true', '"imported": false'],
    ['"05_cell"', '"05_cells"'],
  ] as const) {
    writeFileSync(file, text);
    replaceIn(file, before, after);
    const { code, err } = await place.call('verify', '--check', `${folder}/paper.json`);
    expect(err).toMatch(/^error CW604: .*paper\.json was changed after it was made/);
    expect(code).toBe(2);
  }
  // When it was made, and by what, is not compared.
  writeFileSync(file, text.replace(/"at": ".*"/, '"at": "2001-01-01T00:00:00.000Z"'));
  expect((await place.call('verify', '--check', `${folder}/paper.json`, '-q')).code).toBe(0);
});

test('what is no certificate, or has no notebook, is refused before anything runs', async () => {
  const folder = copyOf((copy) => rmSync(path.join(copy, 'paper.py')));
  const refusals: readonly (readonly [RegExp, readonly string[]])[] = [
    [/CW602: .* is not valid JSON/, ['--check', 'paper/paper.py']],
    [/CW605: paper\.py, the notebook of the certificate, is not in its folder/, ['--check', `${folder}/paper.json`]],
    [/CW902: absent\.json cannot be read/, ['--check', 'absent.json']],
    [/CW900: --check takes no --parameters/, ['--check', 'paper/paper.json', '-p', 'n', '5']],
    [/CW900: --certificate and --check/, ['--check', 'paper/paper.json', '--certificate', 'x.json']],
    [/CW900: paper\/paper\.py is the notebook/, ['paper/paper.py', '--certificate', 'paper/paper.py']],
  ];
  for (const [message, words] of refusals) {
    const { code, err } = await place.call('verify', ...words);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  }
  const { facts, made: when } = JSON.parse(text) as Certificate;
  for (const away of ['/', '../../..', '{elsewhere}/x', '../absent']) {
    const other = { ...facts, notebook: { ...facts.notebook, folder: away } };
    place.write('paper/away.json', writeCertificate(other, when));
    const { code, err } = await place.call('verify', '--check', 'paper/away.json');
    expect(err).toContain(`error CW900: The cells ran in ${away}, seen from the notebook, which is no folder here.`);
    expect(code).toBe(2);
  }
  const named = await place.call('verify', '--check', `${folder}/paper.json`, 'paper/paper.py', '-q');
  expect(named).toEqual({ code: 0, out: '', err: '' });
});

test('every kind of parameter comes back as it was', () => {
  const yaml =
    'a: 1\nb: 1.0\nc: -1.5e-7\nd: [.inf, -.inf, 1.0e+20, 123456789012345678901234567890]\ne: {x: null, y: [true, "4"]}\nf: "\\"; import os #"\n';
  const read = readMapping(yaml, 'the test');
  const values = read.ok ? read.value : new Map();
  expect(values.size).toBe(6);
  const recorded = JSON.parse(JSON.stringify(recordParameters(values))) as Facts['parameters'];
  expect(readRecorded(recorded)).toEqual(values);
});
