import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasModules } from '../environment.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

/** Gates with results of Great Expectations, and slices of the frames that people have, tried with the real libraries. */
let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
});
afterAll(() => {
  place.remove();
});

interface Gate {
  readonly condition: string;
  readonly holds: boolean;
  readonly values: Readonly<Record<string, string>>;
  readonly why: string;
}

interface RunDocument {
  readonly exitCode: number;
  readonly diagnostics: readonly { readonly code: string; readonly message: string }[];
  readonly tasks: readonly {
    readonly status: string;
    readonly gates?: readonly Gate[];
    readonly metrics?: Readonly<Record<string, number | string>>;
    readonly slices?: readonly {
      readonly metric: string;
      readonly column: string;
      readonly groups: readonly { readonly group: string; readonly rows: number; readonly value: number | null }[];
    }[];
  }[];
}

/** Runs cells, which stand between lines of `---`, and gives the document of the run. */
async function run(name: string, cells: string, ...words: string[]): Promise<RunDocument> {
  place.write(name, `# %%\n${cells.trim().split('\n---\n').join('\n# %%\n')}\n`);
  const { out, err } = await place.call('run', name, '--json', '--no-report', ...words);
  expect(err).toBe('');
  return JSON.parse(out) as RunDocument;
}

const gatesOf = ({ tasks }: RunDocument): readonly Gate[] => tasks.flatMap(({ gates = [] }) => gates);

const hasExpectations = hasModules(['great_expectations', 'pandas']);
if (!hasExpectations)
  process.stderr.write(
    'SKIPPED: gates with Great Expectations. Set CELLWRIGHT_TEST_PYTHON to an interpreter that has it.\n',
  );

describe.skipIf(!hasExpectations)('a result of Great Expectations', () => {
  const made = `import great_expectations as gx
import pandas as pd
df = pd.DataFrame({"origin": ["JFK", "XXX", None], "delay": [1.0, -500.0, 3.0]})
context = gx.get_context(mode="ephemeral")
whole = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
batch = whole.get_batch(batch_parameters={"dataframe": df})
suite = context.suites.add(gx.ExpectationSuite(name="flights"))
suite.add_expectation(gx.expectations.ExpectColumnValuesToNotBeNull(column="origin"))
suite.add_expectation(gx.expectations.ExpectColumnValuesToBeBetween(column="delay", min_value=-100))
suite.add_expectation(gx.expectations.ExpectColumnMaxToBeBetween(column="delay", max_value=2))
suite.add_expectation(gx.expectations.ExpectColumnToExist(column="delay"))
checks = context.validation_definitions.add(gx.ValidationDefinition(name="v", data=whole, suite=suite))
checkpoint = context.checkpoints.add(gx.Checkpoint(name="c", validation_definitions=[checks]))
one = gx.expectations.ExpectColumnValuesToBeInSet(column="origin", value_set=["JFK", "LGA"])
result = batch.validate(suite)`;
  const unmet = {
    'origin expect_column_values_to_not_be_null': '1 of 3 failed (nan)',
    'delay expect_column_values_to_be_between': '1 of 3 failed (-500.0)',
    'delay expect_column_max_to_be_between': 'failed, observed 3.0',
  };

  test('that is no success is a gate that does not hold, and tells which expectations were not met', async () => {
    // What one gate has looked at, later cells do not get: each has a result of its own.
    const results = `${made}
single = batch.validate(one)
whole_suite = batch.validate(suite)
point = checkpoint.run(batch_parameters={"dataframe": df})
as_json = batch.validate(suite).to_json_dict()
absent = batch.validate(gx.expectations.ExpectColumnValuesToNotBeNull(column="nosuch"))
met = batch.validate(gx.expectations.ExpectColumnToExist(column="origin"))
checked = batch.validate(one)`;
    const gates = ['single', 'whole_suite', 'point', 'as_json', 'absent', 'met'].map((name) => `#| gate\n${name}`);
    const cells = [results, ...gates, '#| gate: result.success\npass', '#| gate\nassert checked["success"], "origins"'];
    const record = await run('gx.py', cells.join('\n---\n'), '--keep-going', '--one-process');
    expect(record.exitCode).toBe(4);
    const [single, whole, point, json, absent, open, condition, asserted] = gatesOf(record);
    expect(single?.values).toEqual({
      success: 'False',
      'origin expect_column_values_to_be_in_set': "1 of 3 failed ('XXX')",
    });
    expect(whole?.values).toMatchObject({ success: 'False', unsuccessful_expectations: '3', ...unmet });
    expect(point?.values).toMatchObject({ success: 'False', ...unmet });
    expect(condition).toEqual({
      condition: 'result.success',
      holds: false,
      values: { 'result.success': 'False', ...unmet },
      why: '',
    });
    expect(Object.keys(json?.values ?? {})).toEqual(expect.arrayContaining(Object.keys(unmet)));
    expect(absent?.values['nosuch expect_column_values_to_not_be_null']).toMatch(/^failed: .*nosuch/);
    expect(open?.holds).toBe(true);
    expect(asserted).toMatchObject({
      condition: "checked['success']",
      holds: false,
      why: 'origins',
      values: { 'origin expect_column_values_to_be_in_set': "1 of 3 failed ('XXX')" },
    });
  }, 240_000);

  test('in a process of its own too', async () => {
    const record = await run('apart.py', `${made}\n---\n#| gate\nassert result.success\n---\nprint(len(df))`);
    expect([record.exitCode, record.tasks.map(({ status }) => status)]).toEqual([4, ['ran', 'failed', 'not-run']]);
    expect(gatesOf(record)[0]?.values).toEqual({ 'result.success': 'False', ...unmet });
  }, 240_000);
});

function groupsOf({ tasks }: RunDocument): unknown {
  return tasks.flatMap(({ slices = [] }) =>
    slices.map(({ column, groups }) => [column, groups.map(({ group, rows, value }) => [group, rows, value])]),
  );
}

test('groups of categories, of missing values and of intervals', async () => {
  const record = await run(
    'kinds.py',
    `import numpy as np
import pandas as pd
test = pd.DataFrame({"y": [1.0, 2.0, 3.0, 4.0], "p": [1.0, 3.0, 5.0, 4.0], "flag": [True, False, True, True]})
test["kind"] = pd.Categorical(["a", "b", None, "a"], categories=["b", "a", "nobody"])
test["far"] = pd.cut([1.0, 2.0, 30.0, np.nan], [0, 10, 100])
test["code"] = pd.array([1, None, 1, 2], dtype="Int64")
---
#| metric: mae
#| slices: kind, far, code, flag
mae = (test["y"] - test["p"]).abs().mean()`,
  );
  expect(groupsOf(record)).toEqual([
    [
      'kind',
      [
        ['a', 2, 0],
        ['(missing)', 1, 2],
        ['b', 1, 1],
      ],
    ],
    [
      'far',
      [
        ['(0, 10]', 2, 0.5],
        ['(missing)', 1, 0],
        ['(10, 100]', 1, 2],
      ],
    ],
    [
      'code',
      [
        ['1', 2, 1],
        ['(missing)', 1, 1],
        ['2', 1, 0],
      ],
    ],
    [
      'flag',
      [
        ['True', 3, 2 / 3],
        ['False', 1, 1],
      ],
    ],
  ]);
  expect(record.diagnostics.filter(({ code }) => code === 'CW521')).toEqual([]);
}, 60_000);

const hasPolars = hasModules(['polars', 'numpy']);
if (!hasPolars)
  process.stderr.write('SKIPPED: slices of polars. Set CELLWRIGHT_TEST_PYTHON to an interpreter that has it.\n');

describe.skipIf(!hasPolars)('a frame of polars', () => {
  const made = `import numpy as np
import polars as pl
from sklearn.metrics import mean_absolute_error
test = pl.DataFrame({"origin": ["JFK", "LGA", None, "JFK"], "y": [1.0, 2.0, 3.0, 4.0], "p": [1.0, 3.0, 5.0, 5.0]})
test.group_by("origin").agg(pl.col("y").mean())`;
  const groups = [
    [
      'origin',
      [
        ['JFK', 2, 0.5],
        ['(missing)', 1, 2],
        ['LGA', 1, 1],
      ],
    ],
  ];

  test.each([
    'mae = (test["y"] - test["p"]).abs().mean()',
    'mae = test.select((pl.col("y") - pl.col("p")).abs().mean()).item()',
    'wrong = test.with_columns(e=(pl.col("y") - pl.col("p")).abs())\nmae = float(np.mean(wrong["e"].to_numpy()))',
    'mae = mean_absolute_error(test["y"], test["p"])',
    'mae = test.lazy().sort("y").select((pl.col("y") - pl.col("p")).abs().mean()).collect().item()',
  ])(
    'is cut: %s',
    async (code) => {
      const record = await run(
        'cut.py',
        `${made}\n---\n#| metric: mae\n#| slices: origin of test\n#| gate: max_gap(mae, origin) < 2\n${code}`,
      );
      expect({ code, groups: groupsOf(record), exit: record.exitCode }).toEqual({ code, groups, exit: 0 });
    },
    60_000,
  );

  test('is not, where the statements may do more than compute, and nothing is changed', async () => {
    const cells = `${made}\ndef mean(values):\n    seen.append(len(values))\n    return values.mean()\nseen = []
---
#| metric: mae
#| slices: origin of test
mae = mean((test["y"] - test["p"]).abs())
---
print(seen, test.height, mae)`;
    const record = await run('more.py', cells);
    expect(groupsOf(record)).toEqual([]);
    expect(record.diagnostics.filter(({ code }) => code === 'CW521').map(({ message }) => message)).toEqual([
      'The metrics of 02_mae are not recorded for each origin: test is a frame of polars, whose threads no copy of the process has, and the statements that bind mae do more than compute from it with polars, numpy and sklearn.metrics.',
    ]);
  }, 60_000);
});
