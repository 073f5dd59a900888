import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileNames } from '../../extensions/cli/matrix.ts';
import { plainText } from '../../extensions/cli/parameters.ts';
import { readRange } from '../../extensions/cli/ranges.ts';
import { python } from '../environment.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
});
afterAll(() => {
  place.remove();
});

interface Document {
  readonly status: string;
  readonly exitCode: number;
  readonly shared: number;
  readonly ran: number;
  readonly reused: number;
  readonly variants: readonly {
    readonly name: string;
    readonly status: string;
    readonly why: string;
    readonly ran: number;
    readonly shared: number;
    readonly reused: number;
    readonly run: string;
    readonly executed: string;
  }[];
}

async function call(...words: readonly string[]): Promise<Document> {
  const { out } = await place.call(...words, '--json');
  return JSON.parse(out) as Document;
}

/** What every cell of an executed notebook shows; of errors the name and the text. */
function shownIn(file: string): readonly unknown[] {
  const { cells } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly cells: readonly { readonly cell_type: string; readonly outputs?: readonly Record<string, unknown>[] }[];
  };
  return cells
    .filter(({ cell_type: kind }) => kind === 'code')
    .map(({ outputs = [] }) =>
      outputs.map(({ name, text, data, ename, evalue }) => [name, [text].flat().join(''), data, ename, evalue]),
    );
}

// Reads and writes one file in all variants, fails for one value, and a gate stops another.
const files = `# %% tags=["parameters"]
n = 1
city = "nyc"
# %%
import json
base = sum(range(10))
base
# %%
rows = [base * n, city]
rows
# %%
with open("shared.json", "w") as file:
    json.dump(rows, file)
# %%
found = json.load(open("shared.json"))
print(found)
# %% tags=["gate"]
assert found[0] != 135, "three"
# %%
if n == 2:
    raise ValueError("two")
# %%
found
`;

test('each variant is what papermill gives with the same parameters, also where all write one file', async () => {
  place.write('files.py', files);
  const done = await call('run', 'files.py', 'out', '--matrix', 'n=1,2,3,4', '--matrix', 'city=rome', '-j', '3');
  expect(done.variants.map(({ name, status }) => [name, status])).toEqual([
    ['n=1,city=rome', 'ok'],
    ['n=2,city=rome', 'failed'],
    ['n=3,city=rome', 'gate'],
    ['n=4,city=rome', 'ok'],
  ]);
  expect([done.status, done.exitCode]).toEqual(['failed', 1]);
  expect(done.variants[1]?.why).toBe('08_cell: ValueError: two');
  // The notebook as nbformat has it.
  expect((await place.call('compile', 'files.py', '-o', 'b')).code).toBe(0);
  const papermill = `
import sys
import papermill
for n in (1, 2, 3, 4):
    try:
        papermill.execute_notebook("b/notebook.ipynb", f"papermill-{n}.ipynb", {"n": n, "city": "rome"}, kernel_name="python3", language="python", progress_bar=False)
    except papermill.exceptions.PapermillExecutionError:
        pass
`;
  execFileSync(python, ['-c', papermill], { cwd: place.folder, stdio: 'ignore' });
  for (const n of [1, 2, 3, 4]) {
    const ours = shownIn(path.join(place.folder, 'out', `n=${n},city=rome.ipynb`));
    const theirs = shownIn(path.join(place.folder, `papermill-${n}.ipynb`));
    expect(ours).toEqual(theirs);
  }
  const csv = readFileSync(path.join(place.folder, 'out', 'summary.csv'), 'utf8').split('\n');
  expect(csv[0]).toBe('n,city,status,seconds,shared,ran,reused,run,notebook,why');
  expect(csv[2]).toMatch(/^2,rome,failed,.*,"n=2,city=rome.ipynb",08_cell: ValueError: two$/);
});

const pure = `# %% tags=["parameters"]
n = 1
city = "nyc"
# %%
base = list(range(10))
# %%
import time
time.sleep(0.2)
weight = sum(base)
# %%
per_city = [city, weight]
# %%
result = [per_city, n]
# %%
print(result)
`;

test('what the values do not reach is done once, and a matrix that is run again runs nothing', async () => {
  place.write('pure.py', pure);
  const first = await call('run', 'pure.py', 'pure', '--matrix', 'city=nyc,rome', '--matrix', 'n=1,2,3', '-j', '4');
  expect(first.status).toBe('ok');
  // Of seven cells three are of no value; one is of the city alone, and three of all.
  expect([first.ran, first.shared, first.reused]).toEqual([3 + 2 + 3 * 6, 3 * 5 + 4, 0]);
  const second = await call('run', 'pure.py', 'pure', '--matrix', 'city=nyc,rome', '--matrix', 'n=1,2,3');
  expect([second.ran, second.shared, second.reused]).toEqual([0, 0, 42]);
  // One more value runs what is of it alone.
  const third = await call('run', 'pure.py', 'pure', '--matrix', 'city=nyc,rome', '--matrix', 'n=3,4');
  expect([third.ran, third.shared, third.reused]).toEqual([6, 0, 22]);
  const afresh = await call(
    'run',
    'pure.py',
    'pure',
    '--matrix',
    'city=nyc,rome',
    '--matrix',
    'n=1,2',
    '--force',
    '-j',
    '4',
  );
  expect([afresh.ran, afresh.shared, afresh.reused]).toEqual([3 + 2 + 3 * 4, 3 * 3 + 2, 0]);
});

test('no more tasks run at once than were asked for', async () => {
  place.write(
    'busy.py',
    '# %% tags=["parameters"]\nn = 1\n# %%\nimport time\nm = n\nstart = time.time()\ntime.sleep(1)\nprint(start, time.time(), m)\n',
  );
  const done = await call('run', 'busy.py', 'busy', '--matrix', 'n=1,2,3,4,5,6', '-j', '2', '--no-cache');
  expect(done.status).toBe('ok');
  const spans = done.variants.map(({ executed }) => {
    const [outputs] = shownIn(executed).slice(-1) as readonly (readonly (readonly string[])[])[];
    return (outputs?.[0]?.[1] ?? '').split(' ').map(Number);
  });
  const most = Math.max(
    ...spans.map(([start = 0]) => spans.filter(([from = 0, to = 0]) => from <= start && start < to).length),
  );
  expect(most).toBe(2);
});

test('an earlier variant goes before a later one when there is room, and so they end in order', async () => {
  place.write(
    'chain.py',
    `# %% tags=["parameters"]\nn = 1\n# %%\nimport time\n${'# %%\ntime.sleep(0.1)\nn = n + 1\n'.repeat(3)}`,
  );
  const done = await call('run', 'chain.py', 'chain', '--matrix', 'n=1,2,3,4,5,6,7,8', '-j', '2', '--state', 'chained');
  expect([done.status, done.variants.length]).toEqual(['ok', 8]);
  const ends = done.variants.map(({ run }) => {
    const log = readFileSync(path.join(place.folder, 'chained', 'runs', run, 'events.jsonl'), 'utf8');
    const cells = log.split('\n').filter((line) => line.includes('"task-finished"'));
    return (JSON.parse(cells.at(-1) ?? '{}') as { at: string }).at;
  });
  // Two go on at a time; which of these two is done first nobody knows.
  for (const [place, end] of ends.entries()) for (const later of ends.slice(place + 2)) expect(later > end).toBe(true);
});

test('a variant that read what an earlier one then writes is made again', async () => {
  place.write(
    'late.py',
    `# %% tags=["parameters"]
n = 1
# %%
import os, time
seen = open("late.txt").read() if os.path.exists("late.txt") else "none"
# %%
if n == 1:
    time.sleep(2)
# %%
open("late.txt", "w").write(str(n)) if n < 3 else None
# %%
print(n, seen)
`,
  );
  const done = await call('backtest', 'late.py', 'late', '-p', 'n', '1..4', '-j', '4');
  expect(done.status).toBe('ok');
  const printed = done.variants.map(({ executed }) => JSON.stringify(shownIn(executed).at(-1)));
  for (const [at, words] of ['1 none', '2 1', '3 2', '4 2'].entries()) expect(printed[at]).toContain(`"${words}\\n"`);
  // The first cell, and of the last variant what it read; what a variant did before it was made again it shares with nobody.
  expect(Math.max(...done.variants.map(({ shared }) => shared))).toBeLessThanOrEqual(2);
});

test('variants whose cells need one process have one each, in order', async () => {
  place.write(
    'lane.py',
    '# %% tags=["parameters"]\nn = 1\n# %%\nn + 1\n# %%\nopen("lane.txt", "a").write(str(n))\nprint(_, open("lane.txt").read(), In[2])\n',
  );
  const done = await call('backtest', 'lane.py', '{n}/lane.ipynb', '-p', 'n', '3..1', '-j', '2');
  expect(done.status).toBe('ok');
  const printed = done.variants.map(({ executed }) => JSON.stringify(shownIn(executed).at(-1)));
  // Their warm parent was started with the cells of the first.
  for (const [at, words] of ['4 3', '3 32', '2 321'].entries())
    expect(printed[at]).toContain(`"${words} # Parameters\\nn = ${3 - at}\\n`);
  expect(existsSync(path.join(place.folder, '2', 'lane.ipynb'))).toBe(true);
});

test('a matrix of secrets writes none of them', async () => {
  place.variables = { ONE: 'first-secret', TWO: 'second-secret' };
  place.write('secrets.py', '# %% tags=["parameters"]\ntoken = "none"\n# %%\nprint(token, {"a": token})\n');
  const { out, err, code } = await place.call('run', 'secrets.py', 'secrets', '--matrix', 'token=env:ONE,env:TWO');
  place.variables = {};
  expect(code).toBe(0);
  const folder = path.join(place.folder, 'secrets');
  const texts = readdirSync(folder).map((name) => name + readFileSync(path.join(folder, name), 'utf8'));
  expect(texts.join('') + out + err).not.toMatch(/first-secret|second-secret/);
  expect(texts.join('')).toContain('•••• {');
});

test('values from a file, lists with commas, and names that no file can have', async () => {
  place.write('m.yaml', 'city: ["a/b", "x, y"]\n');
  place.write('pure.py', pure);
  const matrix = ['--matrix', 'm.yaml', '--matrix', 'n=[7, 8, 9]'];
  const exclude = ['--matrix-exclude', 'n=9', '--matrix-exclude', 'city=a/b,n=8'];
  const done = await call('run', 'pure.py', 'named', ...matrix, ...exclude);
  expect(done.variants.map(({ executed }) => path.basename(executed))).toEqual([
    'city=a%2Fb,n=7.ipynb',
    'city=x, y,n=7.ipynb',
    'city=x, y,n=8.ipynb',
  ]);
  const names = fileNames(['a=A', 'a=a', '.x', `a=${'é'.repeat(300)}`, 'a=\u0000']);
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(5);
  for (const name of names) expect(Buffer.byteLength(name)).toBeLessThan(200);
});

test.each([
  [['run', 'pure.py', '--matrix', 'm=1,2'], 'There is no parameter m'],
  [['run', 'pure.py', '--matrix', 'n=1,x'], 'n is str here and int in the notebook'],
  [['run', 'pure.py', '--matrix', 'n=1,1'], 'n has the value 1 twice'],
  [['run', 'pure.py', '--matrix', 'n'], 'names no values'],
  [['run', 'pure.py', '--matrix', 'n=1,2', '-p', 'n', '3'], 'n has one value and several'],
  [['run', 'pure.py', 'one.ipynb', '--matrix', 'n=1,2'], 'names one file for several variants'],
  [['run', 'pure.py', '--matrix', 'n=1,2', '--only', '2'], '--only is for one run'],
  [['run', 'pure.py', '--matrix', 'n=1,2', '--matrix-exclude', 'n=3'], 'No variant has n=3; the values of n are 1, 2.'],
  [['run', 'pure.py', '--matrix', 'n=1,2', '--matrix-exclude', 'city=x'], 'names city, which does not vary'],
  [['run', 'pure.py', '--matrix', 'n=1', '--matrix-exclude', 'n=1'], 'All variants are excluded'],
  [['run', 'pure.py', '--matrix-exclude', 'n=1'], '--matrix-exclude was given without --matrix'],
  [['backtest', 'pure.py', '-p', 'n', '3'], 'No parameter has a range'],
  [['backtest', 'pure.py', '-p', 'city', '2013-01..2013-13'], '2013-13 is no month'],
])('%j is an error before anything runs', async (words, message) => {
  place.write('pure.py', pure);
  const { code, err } = await place.call(...words);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test('ranges are what pandas makes of them', () => {
  const asked = [
    ['2013-01..2014-03', 'M', '%Y-%m', 1],
    ['2012-11..2013-12..3', 'M', '%Y-%m', 3],
    ['2012-02-27..2012-03-02', 'D', '%Y-%m-%d', 1],
    ['2013-12-30..2014-01-20..7', 'D', '%Y-%m-%d', 7],
    ['2008-W51..2011-W03', 'W', '%G-W%V', 1],
    ['1999..2013..2', 'Y', '%Y', 2],
  ] as const;
  const program = `
import json, sys
import pandas as pd
def parse(word, freq):
    return pd.Period(pd.to_datetime(word + "-1", format="%G-W%V-%u"), "W") if freq == "W" else pd.Period(word, freq)
found = []
for word, freq, form, step in json.load(sys.stdin):
    first, last, *_ = word.split("..")
    periods = pd.period_range(parse(first, freq), parse(last, freq), freq=freq)[::step]
    found.append([period.start_time.strftime(form) for period in periods])
print(json.dumps(found))
`;
  const theirs = JSON.parse(
    execFileSync(python, ['-c', program], { input: JSON.stringify(asked), encoding: 'utf8' }),
  ) as unknown;
  const ours = asked.map(([word]) => {
    const range = readRange(word);
    return Array.isArray(range) ? range.map((value) => plainText(value as string)) : range;
  });
  expect(ours).toEqual(theirs);
  expect(readRange('5..1..2')).toMatchObject([{ literal: '5' }, { literal: '3' }, { literal: '1' }]);
  expect(readRange('a..b')).toBeUndefined();
  expect(readRange('2013-01..2013-13')).toBe('2013-13 is no month.');
  expect(readRange('1..2..0')).toContain('whole number from 1');
});

test('the scheduler costs little for each task of many variants', async () => {
  place.write(
    'many.py',
    '# %% tags=["parameters"]\nn = 1\n# %%\nbase = list(range(9))\n# %%\ntotal = sum(base) * n\n# %%\nprint(total)\n',
  );
  const cost = async (range: string): Promise<number> => {
    const before = process.cpuUsage();
    const done = await place.call('backtest', 'many.py', 'many', '-p', 'n', range, '-q');
    expect(done.code).toBe(0);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  await cost('1..4');
  const [few, many] = [await cost('5..8'), await cost('9..52')];
  // Milliseconds of processor time; below 2 with the built program, and this is not the built program.
  expect((many - few) / (40 * 5)).toBeLessThan(8);
});
