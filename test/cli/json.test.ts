import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { python, root } from '../environment.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
  place.write(
    'good.py',
    '# %% tags=["parameters"]\nn = 2\n# %%\nimport random\nxs = list(range(n))\n# %%\nxs.append(3)\nxs\n',
  );
  place.write('bad.py', '# %%\nx = 1\n# %%\nx / 0\n');
  place.write('cut.ipynb', '{');
});
afterAll(() => {
  place.remove();
});

const check = `
import json, sys
from jsonschema import Draft202012Validator
for command, text in json.load(sys.stdin):
    with open(f"{sys.argv[1]}/{command}.schema.json", encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    for error in Draft202012Validator(schema).iter_errors(json.loads(text)):
        print(command, error.json_path, error.message)
`;

test('every document is one JSON value and follows its schema', async () => {
  const commands: readonly (readonly [number, readonly string[]])[] = [
    [0, ['compile', 'good.py']],
    [2, ['compile', 'cut.ipynb']],
    [0, ['run', 'good.py']],
    [0, ['run', 'good.py', '-p', 'n', '4', '--no-report']],
    [1, ['run', 'bad.py']],
    [2, ['run', 'good.py', '-p', 'm', '4']],
    [0, ['graph', 'good.py']],
    [0, ['graph', 'good.py', '--format', 'svg', '-o', 'good.svg']],
    [0, ['explain', 'good.py']],
    [0, ['explain', 'good.py', '2']],
    [0, ['status', 'good.py']],
    [0, ['verify', 'good.py']],
    [2, ['verify', 'absent.py']],
    [2, ['status', 'good.py', '--bogus']],
  ];
  const documents: [string, string][] = [];
  for (const [code, words] of commands) {
    const called = await place.call(...words, '--json');
    expect({ words, code: called.code, err: called.err }).toEqual({ words, code, err: '' });
    documents.push([words[0] ?? '', called.out]);
  }
  const schemas = path.join(root, 'docs', 'schemas');
  expect(execFileSync(python, ['-c', check, schemas], { input: JSON.stringify(documents), encoding: 'utf8' })).toBe('');
});
