/**
 * Emitted projects through the engines themselves, or where an engine needs a cluster through its own checks: `npm run targets`, which installs them. Without
 * them these tests are skipped.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';
import { outputsOf } from '../equivalence/normalise.ts';
import { ActionsRun, readActionsWorkflow } from './actions-workflow.ts';
import { readWorkflowTemplate, runArgo } from './argo-workflow.ts';
import type { EmittedProject, Said } from './emitted-project.ts';
import { engines, has, program } from './installed-engines.ts';
import { makeProject, makeRepository, raising, sales, withoutInjected } from './notebooks.ts';

if (engines === '') process.stderr.write('test/engines: no engines; npm run targets runs these tests\n');

let base: string;
let project: EmittedProject;
let truth: readonly unknown[];
beforeAll(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'cellwright-targets-'));
  if (engines === '') return;
  project = makeProject(path.join(base, 'first'));
  truth = outputsOf(project.runAll());
  rmSync(project.at('report.txt'));
  await project.observe();
}, 120_000);
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

let next = 0;
function make(text: string): EmittedProject {
  return makeProject(path.join(base, String(next++)), text);
}

/** The observed notebook in a folder of its own. */
function again(): EmittedProject {
  const copy = make(sales);
  cpSync(project.at('notebook.effects.json'), copy.at('notebook.effects.json'));
  return copy;
}

function shownIn(file: string): readonly unknown[] {
  return withoutInjected(outputsOf(file));
}

/** What the second cell says. */
function saidIn(file: string): string {
  return JSON.stringify(shownIn(file)[2]);
}

describe.skipIf(!has('shell'))('Samples through a shell', () => {
  test.each(['analysis', 'flights', 'messy'])(
    '%s: the steps of a shell project give what Run All gives',
    async (name) => {
      const folder = path.join(base, name);
      for (const copy of ['plain', 'local', 'here'])
        cpSync(path.join(root, 'samples', name), path.join(folder, copy), { recursive: true });
      const own = make('pass\n');
      const at = (...names: string[]): string => path.join(folder, ...names);
      const script = path.join(root, 'test', 'equivalence', 'plain.py');
      execFileSync(python, [script, at('plain', 'notebook.ipynb'), at('plain.ipynb')], {
        env: own.environment,
        stdio: 'pipe',
      });
      const state = ['--state', at('state')];
      await own.cli('run', at('local', 'notebook.ipynb'), '--python', python, '-o', at('local.ipynb'), ...state);
      await own.cli('profile', at('local', 'notebook.ipynb'), '-o', at('here', 'notebook.effects.json'), ...state);
      const emitted = await own.cli('emit', at('here', 'notebook.ipynb'), '--target', 'shell', '-o', at('project'));
      expect(emitted.code, emitted.err).toBe(0);
      const said = await own.call('sh', [at('project', 'run.sh')], { CELLWRIGHT_PYTHON: python });
      expect(said.code, said.err).toBe(0);
      expect(outputsOf(at('project', 'executed.ipynb'))).toEqual(outputsOf(at('plain.ipynb')));
      expect(said.err).not.toContain('bring it there');
    },
    1_500_000,
  );
});

describe.skipIf(!has('snakemake'))('Snakemake', () => {
  const snakemake = async (of: EmittedProject, ...words: string[]): Promise<Said> => {
    const all = ['--cores', '2', '--snakefile', of.at('project', 'Snakefile'), ...words];
    return of.call(program('snakemake', 'snakemake'), all, { CELLWRIGHT_PYTHON: python });
  };
  const rules = ({ err }: Said): readonly string[] =>
    [...err.matchAll(/^(?:local)?rule (\w+):/gm)].map(([, name = '']) => name).filter((name) => name !== 'all');

  test('gives what Run All gives; the second time nothing is to be done; what has changed is run again, and what rests on it', async () => {
    const own = again();
    const plan = await own.emit('snakemake');
    const executed = own.at('project', 'executed.ipynb');
    const first = await snakemake(own);
    expect(first.code, first.err).toBe(0);
    expect(shownIn(executed)).toEqual(truth);
    expect(rules(first)).toHaveLength(plan.steps.length + 1);
    const second = await snakemake(own);
    expect([second.code, second.err]).toEqual([0, expect.stringContaining('Nothing to be done')]);
    writeFileSync(own.at('sales.csv'), 'region,amount\nnorth,10\nnorth,21\n');
    const third = await snakemake(own);
    expect(rules(third)).toEqual(expect.arrayContaining(['file', 'mean', 'executed_notebook']));
    expect(rules(third)).not.toContain('region');
    expect(saidIn(executed)).toContain('0.5 21.0');
    const other = await snakemake(own, '--config', 'rate=2.5');
    expect(rules(other)).toContain('mean');
    expect(saidIn(executed)).toContain('2.5 21.0');
  }, 300_000);

  test('each variant has a folder of its own', async () => {
    const own = again();
    await own.emit('snakemake', '--matrix', 'region=north,south');
    const said = await snakemake(own, '--config', 'rate=2.0');
    expect(said.code, said.err).toBe(0);
    expect(saidIn(own.at('project', 'executed', 'region_south.ipynb'))).toContain('2.0 2.0');
    const left = (region: string): string =>
      readFileSync(own.at('project', 'work', `region_${region}`, 'report.txt'), 'utf8');
    expect([left('north'), left('south')]).toEqual(['north: 30.0 30.0', 'south: 3.0 3.0']);
    expect(existsSync(own.at('report.txt'))).toBe(false);
  }, 300_000);

  test('a cell that raises, a gate that does not hold: what stands behind does not run, and there is no notebook', async () => {
    const own = again();
    await own.emit('snakemake');
    const closed = await snakemake(own, '--config', 'region=south');
    expect(closed.code).not.toBe(0);
    expect(closed.err).toContain('mean > 1 does not hold');
    expect(existsSync(own.at('project', 'executed.ipynb'))).toBe(false);
    const failing = make(raising);
    await failing.emit('snakemake', '-p', 'region', 'south');
    const raised = await snakemake(failing);
    expect([raised.code === 0, raised.err]).toEqual([false, expect.stringContaining('AssertionError')]);
  }, 300_000);

  test('a step that looked at what Snakemake cannot know has no result', async () => {
    const own = make('import os\nprint(os.path.exists("flag.txt"))\n---\n#| cache: false\nprint(os.listdir("."))\n');
    await own.observe();
    await own.emit('snakemake');
    const said = await snakemake(own);
    expect([said.code === 0, said.err]).toEqual([false, expect.stringMatching(/CW822.*looked for flag\.txt/)]);
  }, 300_000);
});

describe.skipIf(!has('airflow'))('Airflow', () => {
  const airflow = async (of: EmittedProject, ...words: string[]): Promise<Said> => {
    const home = of.at('airflow');
    const variables = {
      AIRFLOW_HOME: home,
      AIRFLOW__CORE__DAGS_FOLDER: of.at('project'),
      AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
      CELLWRIGHT_PYTHON: python,
      PATH: `${path.dirname(program('airflow', 'airflow'))}${path.delimiter}${process.env['PATH'] ?? ''}`,
    };
    if (!existsSync(home)) {
      const made = await of.call(program('airflow', 'airflow'), ['db', 'migrate'], variables);
      if (made.code !== 0) throw new Error(made.err);
    }
    return of.call(program('airflow', 'airflow'), words, variables);
  };

  test('dags test gives what Run All gives', async () => {
    const own = again();
    await own.emit('airflow', '--schedule', '0 6 * * *');
    const said = await airflow(own, 'dags', 'test', 'notebook');
    expect(said.code, said.out + said.err).toBe(0);
    expect(shownIn(own.at('project', 'executed', 'notebook.ipynb'))).toEqual(truth);
    expect(said.out + said.err).toContain('state=success');
  }, 400_000);

  test('values of a run, and each variant with tasks and a folder of its own', async () => {
    const own = again();
    await own.emit('airflow', '--matrix', 'region=north,south');
    const said = await airflow(own, 'dags', 'test', 'notebook', '--conf', '{"rate": 2.0}');
    expect(said.code, said.out + said.err).toBe(0);
    expect(saidIn(own.at('project', 'executed', 'region_south.ipynb'))).toContain('2.0 2.0');
    expect(readFileSync(own.at('project', 'work', 'region_north', 'report.txt'), 'utf8')).toBe('north: 30.0 30.0');
    expect(existsSync(own.at('report.txt'))).toBe(false);
  }, 400_000);

  test('a gate that does not hold fails the run; the notebook shows how far it came', async () => {
    const own = again();
    await own.emit('airflow');
    const said = await airflow(own, 'dags', 'test', 'notebook', '--conf', '{"region": "south"}');
    expect(said.out + said.err).toContain('mean > 1 does not hold');
    expect(said.out + said.err).toContain('state=failed');
    const executed = own.at('project', 'executed', 'notebook.ipynb');
    expect(saidIn(executed)).toContain('south');
    expect(shownIn(executed).at(-1)).toEqual([]);
  }, 400_000);

  test('a secret comes from the variables of Airflow, and is in no file', async () => {
    const own = make('#tags: parameters\ntoken = ""\n---\nprint(len(token), token)\n');
    await own.emit('airflow', '-p', 'token', 'env:OUR_TOKEN');
    await airflow(own, 'variables', 'set', 'OUR_TOKEN', 'open-sesame-4711');
    await airflow(own, 'variables', 'set', 'CELLWRIGHT_RUN_KEY', 'a key of the run');
    const said = await airflow(own, 'dags', 'test', 'notebook');
    expect(said.code, said.out + said.err).toBe(0);
    expect(shownIn(own.at('project', 'executed', 'notebook.ipynb'))[1]).toEqual([['stdout', '16 ••••\n']]);
    expect((await own.call('grep', ['-rl', 'open-sesame-4711', 'project'])).out).toBe('');
    // With the key of the run references are signed.
    expect(said.out + said.err).toMatch(/sha256:[0-9a-f]{64}\.[0-9a-f]{64}/);
  }, 400_000);

  test('with the client of Kubernetes, pods have what directives ask for', async () => {
    const own = make('#| cpu: 2\n#| mem: 4Gi\n#| gpu: 1\n#| image: example.org/gpu:1\nx = 1\n');
    await own.emit('airflow');
    const script = `
import sys; sys.path.insert(0, "project")
import dag
spec = dag.dag.get_task("x").executor_config["pod_override"].spec.containers[0]
print(spec.name, spec.image, spec.resources.requests, spec.resources.limits)
`;
    const said = await own.call(program('airflow', 'python'), ['-c', script], { AIRFLOW_HOME: own.at('airflow') });
    expect(said.out.split('\n').at(-2), said.err).toBe(
      "base example.org/gpu:1 {'cpu': '2', 'memory': '4Gi', 'nvidia.com/gpu': '1'} {'memory': '4Gi', 'nvidia.com/gpu': '1'}",
    );
  }, 120_000);
});

describe.skipIf(!has('argo'))('Argo Workflows', () => {
  const model = `
import sys, yaml
from hera.workflows.models import CronWorkflow, WorkflowTemplate
for name, kind in (("workflow-template.yaml", WorkflowTemplate), ("cron-workflow.yaml", CronWorkflow)):
    document = yaml.safe_load(open(sys.argv[1] + "/" + name))
    kept = kind.model_validate(document).model_dump(by_alias=True, exclude_unset=True, mode="json")
    assert kept == document, (kept, document)
`;

  test("what is emitted is what hera's model of Argo takes, member for member", async () => {
    const limits = ['retries: 3', 'timeout: 60', 'cpu: 2', 'mem: 4Gi', 'gpu: 1', 'env: THREADS=2'];
    const own = make(sales.replace('#| metric', `${limits.map((line) => `#| ${line}\n`).join('')}#| metric`));
    await own.emit('argo', '--matrix', 'region=north,south', '--schedule', '0 6 * * *');
    execFileSync(program('argo', 'python'), ['-c', model, own.at('project')], { encoding: 'utf8' });
    expect(readWorkflowTemplate(own).spec.templates.some(({ name }) => name === 'variants')).toBe(true);
  }, 120_000);

  test('each variant has its own values; a gate that does not hold stops what stands behind it there alone', async () => {
    const own = again();
    await own.emit('argo', '--matrix', 'region=north,south', '--schedule', '0 6 * * *', '--image', 'example.org/x:1');
    const run = await runArgo(own, { rate: '0.25' }, { CELLWRIGHT_RUN_KEY: 'a key' });
    const failed = [...run.codes].filter(([, code]) => code !== 0);
    expect(failed.map(([, code]) => code)).toEqual([4]);
    expect(run.said).toContain('mean > 1 does not hold');
    const [north] = run.executed.map((file) => withoutInjected(outputsOf(file)));
    expect(run.executed).toHaveLength(1);
    expect(north?.[2]).toEqual([['stdout', "north ['a', \"it's {b}\"] 0.25 20.0\n"]]);
  }, 300_000);
});

describe.skipIf(!has('github'))('GitHub Actions', () => {
  test.each([
    ['plain', []],
    ['with a matrix and a schedule', ['--matrix', 'region=north,south', '--schedule', '0 6 * * *']],
    ['in an image', ['--image', 'example.org/x:1', '--schedule', '0 6 * * *']],
  ])(
    'the published schema and actionlint have nothing to say: %s',
    async (_, words) => {
      const own = again();
      mkdirSync(own.at('.git'));
      await own.emit('github', ...words);
      mkdirSync(own.at('project', '.git'));
      const script = '"$0" --builtin-schema vendor.github-workflows project/.github/workflows/*.yml';
      const checked = await own.call('sh', ['-c', script, program('github', 'check-jsonschema')]);
      expect([checked.code, checked.out + checked.err]).toEqual([0, expect.stringContaining('validation done')]);
      if (!has('github', 'bin', 'actionlint')) {
        process.stderr.write('actionlint: SKIPPED, it needs Go\n');
        return;
      }
      const linted = await own.call('sh', ['-c', 'cd project && exec "$0" -no-color', program('github', 'actionlint')]);
      expect([linted.code, linted.out]).toEqual([0, '']);
    },
    120_000,
  );

  test('each variant has its own jobs; one that fails shows in its notebook, and in no other', async () => {
    const own = make(raising);
    mkdirSync(own.at('.git'));
    await own.emit('github', '--matrix', 'region=north,south', '--image', 'example.org/x:1');
    makeRepository(own);
    expect(readActionsWorkflow(own, 'notebook').on.workflow_dispatch.inputs).toHaveProperty('tags');
    const run = new ActionsRun(own, 'workflow_dispatch');
    await run.run('notebook-variants');
    const failed = [...run.conclusions].flatMap(([name, how]) => (how === 'failure' ? [name] : []));
    expect(failed, run.said).toEqual(['region_south/mean']);
    const shown = (variant: string): readonly unknown[] =>
      withoutInjected(outputsOf(path.join(run.artifact(`${variant}.executed`), 'executed.ipynb')));
    expect(shown('region_north')).toEqual(truth);
    expect([shown('region_south')[3], shown('region_south')[5]]).toEqual([[['error', ['AssertionError', '']]], []]);
  }, 300_000);
});
