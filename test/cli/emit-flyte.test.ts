/** The text of what is emitted for Flyte, read by Python itself; `test/engines/flyte.test.ts` runs it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EnginePlan } from '../../compiler/bundle/engine-plan.ts';
import { python } from '../environment.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
});
afterAll(() => {
  place.remove();
});

/** Functions with their decorators, docstrings and arguments, as Python's own parser sees them. */
interface EmittedFunction {
  readonly name: string;
  readonly about: string;
  readonly arguments: readonly string[];
  readonly defaults: readonly unknown[];
  readonly decorators: readonly string[];
}

const reader = `
import ast, json, sys
tree = ast.parse(open(sys.argv[1], encoding="utf-8").read())
found = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
print(json.dumps([{
    "name": node.name,
    "about": ast.get_docstring(node),
    "arguments": [arg.arg for arg in node.args.args],
    "defaults": [ast.literal_eval(one) for one in node.args.defaults],
    "decorators": [ast.unparse(one) for one in node.decorator_list],
} for node in found]))
`;

function functionsOf(project: string, file: string): readonly EmittedFunction[] {
  const name = path.join(place.folder, project, file);
  const said = execFileSync(python, ['-c', reader, name], { encoding: 'utf8' });
  return JSON.parse(said) as readonly EmittedFunction[];
}

const files = ['workflow.py', 'workflow_v2.py'];

test('whatever stands in Markdown and in names, the files are Python, and the words are those of the notebook', async () => {
  place.write(
    'hostile.py',
    [
      '# %% tags=["parameters"]\nsteps = 3\nPath = "a b"\nclean = [1, 2.50, "x"]',
      '# %% [markdown]\n# # Ends in """ and \\N{no} and "\n',
      '# %%\n#| label: class\nx = steps',
      '# %%\n#| label: clean\ny = x',
      '# %%\n#| label: 2 b or not 2 b, that is the question here\nz = y',
      '# %%\n#| label: task\nprint(z)',
    ].join('\n'),
  );
  const called = await place.call('emit', 'hostile.py', '--target', 'flyte', '-o', 'hostile');
  expect(called.code, called.err).toBe(0);
  for (const file of files) {
    const functions = functionsOf('hostile', file);
    const names = functions.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['step_class', 'clean_04', 'task_06', 'hostile']));
    expect(functions.find(({ name }) => name === 'step_class')?.about).toContain('Ends in """ and \\N{no} and "');
    const workflow = functions.find(({ name }) => name === 'hostile');
    expect(workflow?.arguments).toEqual(['steps', 'Path', 'clean']);
    expect([...(workflow?.defaults ?? [])].slice(0, 2)).toEqual([3, 'a b']);
    // Numbers keep the digits that tell their types.
    expect(workflow?.defaults[2]).toBe('[1, 2.5, "x"]');
  }
});

test('a secret is asked for by the tasks that the plan names, and is in no file', async () => {
  place.write('secret.py', '# %% tags=["parameters"]\ntoken = "none"\ncity = "nyc"\n# %%\nprint(city)\n');
  place.variables = { API_TOKEN: 'hunter-two-seven' };
  const words = ['emit', 'secret.py', '--target', 'flyte', '-o', 'secret', '-p', 'token', 'env:API_TOKEN'];
  const called = await place.call(...words);
  expect(called.code, called.err).toBe(0);
  const planned = readFileSync(path.join(place.folder, 'secret', 'bundle', 'plan.json'), 'utf8');
  const { steps } = JSON.parse(planned) as EnginePlan;
  const asking = steps.filter(({ secrets }) => secrets.includes('API_TOKEN')).length;
  expect(asking).toBeGreaterThan(0);
  for (const file of files) {
    const functions = functionsOf('secret', file);
    expect(functions.find(({ name }) => name === 'secret')?.arguments).toEqual(['city']);
    const text = readFileSync(path.join(place.folder, 'secret', file), 'utf8');
    // flytekit registers no secret without a group.
    const named =
      file === 'workflow.py' ? 'Secret(group="secret", key="API_TOKEN", env_var="API_TOKEN"' : 'Secret(key="API_TOKEN"';
    expect(text).toContain(named);
    expect(text.match(/secrets=\["API_TOKEN"\]/g)).toHaveLength(asking);
  }
  const below = readdirSync(path.join(place.folder, 'secret'), { recursive: true, withFileTypes: true });
  for (const entry of below.filter((one) => one.isFile()))
    expect(readFileSync(path.join(entry.parentPath, entry.name), 'utf8')).not.toContain('hunter-two-seven');
});

test('with --signed every step of Flyte, and every pod of Argo, needs the key of the run', async () => {
  place.write('signed.py', '# %%\nx = 1\n# %%\nprint(x)\n');
  const emit = (...words: string[]): ReturnType<Workplace['call']> =>
    place.call('emit', 'signed.py', '-o', 'signed', ...words);
  expect((await emit('--target', 'flyte', '--signed')).code).toBe(0);
  const [first = '', second = ''] = files.map((file) => readFileSync(path.join(place.folder, 'signed', file), 'utf8'));
  const key = 'key="CELLWRIGHT_RUN_KEY"';
  // In 2 the two steps share an environment.
  expect([first.split(key).length, second.split(key).length]).toEqual([3, 2]);
  for (const text of [first, second]) expect(text.match(/secrets=\["CELLWRIGHT_RUN_KEY"\]/g)).toHaveLength(2);
  for (const file of files) functionsOf('signed', file);
  for (const [words, optional] of [
    [[], 2],
    [['--signed'], 0],
  ] as const) {
    expect((await emit('--target', 'argo', ...words)).code).toBe(0);
    const text = readFileSync(path.join(place.folder, 'signed', 'workflow-template.yaml'), 'utf8');
    expect(text.match(/key: CELLWRIGHT_RUN_KEY/g)).toHaveLength(2);
    expect(text.match(/key: CELLWRIGHT_RUN_KEY\n\s+optional: true/g) ?? []).toHaveLength(optional);
  }
});

test('variants, a schedule, a lock; and what is wrong with them', async () => {
  place.write(
    'plan.py',
    '# %% tags=["parameters"]\nregion = "north"\nlimit = len(region)\n# %%\nprint(region, limit)\n',
  );
  const lock =
    'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "six"\nversion = "1.16.0"\n' +
    `[[packages.wheels]]\nname = "six-1.16.0-py2.py3-none-any.whl"\nurl = "https://example.org/six-1.16.0-py2.py3-none-any.whl"\nhashes = {sha256 = "${'a'.repeat(64)}"}\n`;
  writeFileSync(path.join(place.folder, 'pylock.plan.toml'), lock);
  const emit = (...words: string[]): ReturnType<Workplace['call']> =>
    place.call('emit', 'plan.py', '--target', 'flyte', '-o', 'plan', ...words);
  const called = await emit('--matrix', 'region=north,a/b', '--schedule', '0 6 * * *');
  expect(called.code, called.err).toBe(0);
  const text = readFileSync(path.join(place.folder, 'plan', 'workflow.py'), 'utf8');
  expect(text).toContain('plan_region_a_b = LaunchPlan.get_or_create(');
  expect(text).toContain('fixed_inputs={"region": "a/b"}');
  expect(text.match(/CronSchedule\(schedule="0 6 \* \* \*"\)/g)).toHaveLength(2);
  expect(text).toContain('ImageSpec(');
  expect(readFileSync(path.join(place.folder, 'plan', 'requirements.txt'), 'utf8')).toBe('six==1.16.0\n');
  functionsOf('plan', 'workflow_v2.py');
  const computed = await emit('--matrix', 'limit=1,2');
  expect([computed.code, computed.err]).toEqual([2, expect.stringContaining('limit is not set by the engine')]);
  const when = await emit('--schedule', 'daily');
  expect([when.code, when.err]).toEqual([2, expect.stringContaining('daily is no schedule')]);
});

test('on Flyte without flytekit: what to install', async () => {
  place.write('any.py', '# %%\nprint(1)\n');
  const called = await place.call('run', 'any.py', '--on', 'flyte', '--python', python);
  expect([called.code, called.err]).toEqual([2, expect.stringMatching(/CW831[\s\S]*-m pip install 'flytekit/)]);
  const until = await place.call('run', 'any.py', '--on', 'flyte', '--until', '1');
  expect([until.code, until.err]).toEqual([2, expect.stringContaining('--until is not for a run on Flyte')]);
});

test('directives of places become what Flyte gives the task', async () => {
  const lines = [
    'cpu: 2',
    'mem: 4Gi',
    'gpu: 1',
    'retries: 3',
    'timeout: 60',
    'image: example.org/gpu:1',
    'env: THREADS=2',
  ];
  place.write('places.py', `# %%\n${lines.map((line) => `#| ${line}\n`).join('')}x = 1\n# %%\nprint(x)\n`);
  const called = await place.call('emit', 'places.py', '--target', 'flyte', '-o', 'places');
  expect(called.code, called.err).toBe(0);
  const [decorator = ''] = functionsOf('places', 'workflow.py').find(({ name }) => name === 'x')?.decorators ?? [];
  for (const word of [
    'retries=3',
    'timeout=timedelta(seconds=360)',
    "requests=Resources(cpu='2', mem='4Gi', gpu='1')",
    "limits=Resources(mem='4Gi', gpu='1')",
    "container_image='example.org/gpu:1'",
    "'THREADS': '2'",
  ])
    expect(decorator).toContain(word);
  const text = readFileSync(path.join(place.folder, 'places', 'workflow_v2.py'), 'utf8');
  expect(text).toContain('resources=flyte.Resources(cpu="2", memory="4Gi", gpu=1)');
});
