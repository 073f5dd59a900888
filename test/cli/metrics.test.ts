import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeWorkplace, type Called, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
});
afterAll(() => {
  place.remove();
});

interface RunDocument {
  readonly exitCode: number;
  readonly log: string;
  readonly diagnostics: readonly { readonly code: string; readonly message: string; readonly help: string }[];
  readonly tasks: readonly {
    readonly status: string;
    readonly metrics?: Readonly<Record<string, number | string>>;
    readonly slices?: readonly {
      readonly metric: string;
      readonly column: string;
      readonly left: number;
      readonly groups: readonly { readonly group: string; readonly rows: number; readonly value: number | null }[];
    }[];
  }[];
}

/** Runs cells, which stand between lines of `---`, and gives the document of the run. */
async function run(name: string, cells: string, ...words: string[]): Promise<RunDocument> {
  place.write(name, `# %% tags=["parameters"]\nk = 0\n# %%\n${cells.trim().split('\n---\n').join('\n# %%\n')}\n`);
  const { out, err } = await place.call('run', name, '--json', '--no-report', ...words);
  expect(err).toBe('');
  return JSON.parse(out) as RunDocument;
}

const metricsOf = ({ tasks }: RunDocument): Readonly<Record<string, number | string>> =>
  Object.assign({}, ...tasks.map(({ metrics = {} }) => metrics)) as Record<string, number | string>;

describe('what is recorded', () => {
  const cells = `
import numpy as np
from decimal import Decimal
#| label: late
one, half, yes = 1, 0.5, True
---
#| metric: one, half, yes, single, double, zero, price, broken, endless
#| metric: scores (higher), box.inner
single, double, zero = np.float32(0.25), np.float64(0.125), np.array(7)
price = Decimal("1.5")
broken, endless = float("nan"), -float("inf")
scores = {"auc": np.float64(0.75), "by": {"day": 3}}
class Box: pass
box = Box()
box.inner = 4
---
#| metric: words, table, absent, mixed
words, table, mixed = "0.5", [1, 2], {"a": 1, "b": None}
if words == "":
    absent = 1
`;

  test('is every kind of number, of this cell or an earlier one, and of a dict; what is none is told', async () => {
    const expected = {
      one: 1,
      half: 0.5,
      yes: 1,
      single: 0.25,
      double: 0.125,
      zero: 7,
      price: 1.5,
      broken: 'NaN',
      endless: '-Infinity',
      'scores.auc': 0.75,
      'scores.by.day': 3,
      'box.inner': 4,
    };
    for (const words of [[], [], ['--one-process'], ['--one-process']]) {
      const record = await run('kinds.py', cells, ...words);
      expect(metricsOf(record)).toEqual(expected);
      const said = record.diagnostics.filter(({ code }) => code === 'CW520');
      expect(said.map(({ code, message }) => `${code} ${message}`).sort()).toEqual([
        'CW520 After 04_words, absent is not defined; no metric is recorded.',
        "CW520 After 04_words, mixed is a dict in which 'b' is None, not a number; no metric is recorded.",
        'CW520 After 04_words, table is a list of 2, not a number; no metric is recorded.',
        'CW520 After 04_words, words is text, not a number; no metric is recorded.',
      ]);
    }
  });

  test('is part of what a result must have to be reused, and a change of it makes no other cell run', async () => {
    const plain = 'a = 1\n---\nb = a + 1\n---\nprint(b)';
    await run('reuse.py', plain);
    const asked = await run('reuse.py', plain.replace('b = a', '#| metric: b\nb = a'));
    expect([asked.tasks.map(({ status }) => status).join(' '), metricsOf(asked)]).toEqual([
      'reused reused ran reused',
      { b: 2 },
    ]);
    const again = await run('reuse.py', plain.replace('b = a', '#| metric: b\n# why\nb = a'));
    expect([again.tasks.map(({ status }) => status).join(' '), metricsOf(again)]).toEqual([
      'reused reused reused reused',
      { b: 2 },
    ]);
  });
});

const frame = `
import pandas as pd
test = pd.DataFrame({"carrier": ["AA", "UA", "AA", None, "UA", "AA"], "y": [1.0, 2, 3, 4, 5, 6], "pred": [1.0, 4, 3, 2, 5, 0]})
`;
/** By hand, from the six rows above. */
const expectedRmse = [
  { group: 'AA', rows: 3, value: Math.sqrt(36 / 3) },
  { group: 'UA', rows: 2, value: Math.sqrt(4 / 2) },
  { group: '(missing)', rows: 1, value: 2 },
];

function slicesOf(record: RunDocument): unknown {
  return record.tasks
    .flatMap(({ slices = [] }) => slices)
    .map(({ groups }) => groups.map((one) => ({ ...one, value: Number(one.value) })));
}

function unsliced({ diagnostics }: RunDocument): readonly string[] {
  return diagnostics.filter(({ code }) => code === 'CW521').map(({ message }) => message.replace(/^.*?: /, ''));
}

describe('slices', () => {
  const directives = '#| metric: rmse (lower)\n#| slices: carrier\n';
  const ways: Readonly<Record<string, string>> = {
    'from the frame, in steps': `${frame}---\n${directives}err = test["y"] - test["pred"]\nrmse = (err ** 2).mean() ** 0.5`,
    'from a column that the cell itself adds': `${frame}---\n${directives}test["err"] = test["y"] - test["pred"]\nrmse = (test["err"] ** 2).mean() ** 0.5`,
    'from arrays with a row for each row of a frame that is named': `${frame}y, pred = test["y"], test["pred"].to_numpy()\n---\n#| metric: rmse\n#| slices: carrier of test\nrmse = float((((y - pred) ** 2).sum() / len(pred)) ** 0.5)`,
    'by a function that reads the frame itself': `${frame}def score():\n    return ((test["y"] - test["pred"]) ** 2).mean() ** 0.5\n---\n${directives}rmse = score()`,
    'in a loop into a dict': `${frame}---\n#| metric: scores.rmse\n#| slices: carrier\nscores = {}\ntotal = 0\nfor row in test.itertuples():\n    total += (row.y - row.pred) ** 2\nscores["rmse"] = (total / len(test)) ** 0.5`,
  };

  test.each(Object.keys(ways))('%s', async (way) => {
    const record = await run('sliced.py', ways[way] ?? '');
    expect(unsliced(record)).toEqual([]);
    const [groups] = slicesOf(record) as { group: string; rows: number; value: number }[][];
    expect(groups?.map(({ group, rows }) => [group, rows])).toEqual(
      expectedRmse.map(({ group, rows }) => [group, rows]),
    );
    for (const [place, { value }] of expectedRmse.entries()) expect(groups?.[place]?.value).toBeCloseTo(value, 9);
  });

  test('leave no trace, bound the gap between groups, and are told as they are when reused', async () => {
    const cells = `import random\nrandom.seed(1)\n${frame}---\n${directives}#| gate: max_gap(rmse, carrier) < 3\nsample = random.random()\nerr = test["y"] - test["pred"]\nrmse = (err ** 2).mean() ** 0.5\n---\nprint(random.random(), len(test))`;
    const plain = await run('untouched.py', cells.replaceAll(/#\|.*\n/g, ''), '--no-cache');
    const record = await run('gap.py', cells);
    const printed = ({ log }: RunDocument): string =>
      /"(0\.\d+ \d+)\\n"/.exec(readFileSync(path.join(log, 'notebook.ipynb'), 'utf8'))?.[1] ?? 'nothing';
    expect([record.exitCode, printed(record)]).toEqual([0, printed(plain)]);
    const again = await run('gap.py', cells);
    expect([again.tasks.every(({ status }) => status === 'reused'), slicesOf(again)]).toEqual([true, slicesOf(record)]);
    const narrow = await run('gap.py', cells.replace('< 3', '< 2'));
    expect(narrow.exitCode).toBe(4);
    const { err } = await place.call('run', 'gap.py', '--no-report');
    expect(err).toContain(
      'max_gap(rmse, carrier) < 2 does not hold: max_gap(rmse, carrier) = 2.04989 (AA 3.4641, UA 1.41421)',
    );
  });

  test('say why there are none', async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      [
        `${frame}other = test.copy()\n---\n${directives}rmse = (test["y"] - other["pred"]).mean()`,
        /^other and test have carrier; write `#\| slices: carrier of NAME`/,
      ],
      [
        `${frame}y = test["y"].to_numpy()\n---\n${directives}rmse = y.mean()`,
        /^of the frames that rmse is computed from \(none\), none has carrier; write `#\| slices: carrier of NAME`\.$/,
      ],
      [
        `${frame}---\n#| metric: rmse\n#| slices: origin of test\nrmse = test["y"].mean()`,
        /^test has no column origin/,
      ],
      [`${frame}rmse = 1\n---\n${directives}pass`, /^the cell binds none of its metrics \(rmse\)/],
      [
        `import random\n${frame}---\n${directives}rmse = test["y"].mean() + random.random()`,
        /^evaluated again with all rows, the statements that bind rmse give/,
      ],
      [
        `${frame}y = test["y"].reset_index(drop=True)\ny.index += 1\n---\n#| metric: rmse\n#| slices: carrier of test\nrmse = (test["pred"].to_numpy() - y.to_numpy()).mean()`,
        /^y has as many rows as test but another index/,
      ],
    ];
    for (const [cells, why] of cases) {
      const record = await run('none.py', cells);
      expect({ cells, code: record.exitCode, said: unsliced(record) }).toEqual({
        cells,
        code: 0,
        said: [expect.stringMatching(why)],
      });
      expect(slicesOf(record)).toEqual([]);
    }
  });
});

describe('cellwright metrics', () => {
  const cells = '#| metric: rmse, odd\nrmse = [10, 9, 11][k]\nodd = k\n---\n#| gate: rmse < 11\npass';
  const ids: string[] = [];

  beforeAll(async () => {
    for (const k of ['0', '1', '2']) ids.push(path.basename((await run('m.py', cells, '-p', 'k', k)).log));
  });

  const metrics = async (...words: string[]): Promise<Called> => await place.call('metrics', 'm.py', ...words);

  test('shows all runs and how each metric went', async () => {
    const { code, out } = await metrics();
    expect(code).toBe(0);
    expect(out.replaceAll(/\d{8}T\d{6}-\w+/g, 'RUN').replaceAll(/2\d{3}-\d\d-\d\d \d\d:\d\d/g, 'TIME')).toBe(
      [
        'run                   when (UTC)        verdict   k  rmse  odd',
        'RUN  TIME  accepted  0  10    0',
        'RUN  TIME  accepted  1  9     1',
        'RUN  TIME  gate      2  11    2',
        '',
        'rmse  ▅▁█  11  +2  lower is better',
        'odd   ▁▅█  2   +1',
        '',
      ].join('\n'),
    );
    expect((await metrics('--last', '1')).out).toContain('The last 1 of 3 runs; --last N shows more.');
  });

  test('writes them as JSON, CSV and a page', async () => {
    const { out } = await metrics('--json', '--csv', 'm.csv', '--html', 'm.html');
    const document = JSON.parse(out) as { runs: unknown[] };
    expect(document.runs.at(-1)).toMatchObject({
      run: ids[2],
      verdict: 'gate',
      parameters: { k: '2' },
      metrics: { rmse: 11, odd: 2 },
      gates: [{ condition: 'rmse < 11', holds: false, values: { rmse: '11' } }],
    });
    const csv = readFileSync(path.join(place.folder, 'm.csv'), 'utf8').split('\n');
    expect([csv[0], csv[3]?.replace(/,20.*Z/, '')]).toEqual([
      'run,when,verdict,k,rmse,odd',
      `${ids[2] ?? ''},gate,2,11,2`,
    ]);
    const page = readFileSync(path.join(place.folder, 'm.html'), 'utf8');
    expect(page).toContain('role="img" aria-label="rmse over 3 runs, 11 in the newest, lower is better"');
    expect(page.match(/<circle/g)?.length).toBe(6);
    expect(page).not.toMatch(/<script|https?:/);
  });

  test.each([
    [4, [], /rmse {4}9 {9}11 {3}\+2 {6}WORSE\nodd {5}1 {9}2 {4}\+1 {6}not judged[^]*Got worse: rmse\./],
    [0, ['--tolerance', '25%'], /within the tolerance[^]*No metric got worse/],
    [4, ['--tolerance', '25%', '--tolerance', 'rmse=1'], /WORSE/],
    [0, ['--baseline', 'rmse=12'], /rmse {4}12 {8}11 {3}−1 {6}better/],
    [4, ['--baseline', 'rmse=10.9'], /WORSE/],
    [4, ['--baseline', 'auc=0.5'], /auc {5}0.5 +MISSING/],
    [0, ['--baseline', 'kept.json'], /better/],
    [4, ['--baseline', 'before.json'], /rmse {4}10 /],
    [2, ['--baseline', 'odd=3'], /^$/],
    [2, ['--baseline', 'absent.json'], /^$/],
    [2, ['--against', 'nothing'], /^$/],
    [2, ['--tolerance', 'much'], /^$/],
  ] as const)('exits with %i for --check %j', async (expected, words, said) => {
    place.write('kept.json', '{"metrics": {"rmse": 11.5}, "other": 3}');
    place.write('before.json', '{"runs": [{"metrics": {"rmse": 10}}]}');
    const { code, out } = await metrics('--check', ...words);
    expect(code).toBe(expected);
    expect(out).toMatch(said);
  });

  test('compares with no run in which cells were left out', async () => {
    const cells = '#| metric: rmse\nrmse = [1, 5, 3][k]\n---\n#| gate: rmse < 4\npass';
    await run('part.py', cells, '--until', '3', '-p', 'k', '1');
    await run('part.py', cells, '-p', 'k', '2');
    const { out } = await place.call('metrics', 'part.py', '--check', '--json');
    const { runs, check } = JSON.parse(out) as { runs: { verdict: string }[]; check: { runs: { against: unknown }[] } };
    expect([runs.map(({ verdict }) => verdict), check.runs[0]?.against]).toEqual([['partial', 'accepted'], null]);
  });

  test('checks against a run by the beginning of its name', async () => {
    const { code, out } = await metrics('--check', '--against', ids[0]?.slice(0, -1) ?? '');
    expect([code, out]).toEqual([4, expect.stringContaining(`against run ${ids[0] ?? ''}`)]);
    expect((await metrics('--against', ids[0] ?? '')).code).toBe(2);
  });

  test('has nothing to say of a notebook that records nothing, and nothing to compare a first run with', async () => {
    await run('empty.py', 'a = 1');
    expect((await place.call('metrics', 'empty.py')).out).toContain('No run has recorded a metric.');
    expect((await place.call('metrics', 'empty.py', '--check')).code).toBe(2);
    await run('first.py', '#| metric: rmse\nrmse = 1');
    const { code, out } = await place.call('metrics', 'first.py', '--check');
    expect([code, out]).toEqual([0, expect.stringContaining('no accepted run before it to compare with')]);
  });
});
