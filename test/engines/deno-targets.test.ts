/** The sample in TypeScript through the engines themselves, as `targets.test.ts` has them for Python: `npm run targets`, which installs them. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python } from '../environment.ts';
import { outputsOf } from '../equivalence/normalise.ts';
import { deno } from '../typescript/workplace.ts';
import { ActionsRun } from './actions-workflow.ts';
import { danglingNames, readWorkflowTemplate, runArgo } from './argo-workflow.ts';
import { makeDenoProject, runInDeno } from './deno-project.ts';
import type { EmittedProject, Said } from './emitted-project.ts';
import { engines, has, program } from './installed-engines.ts';

const hasWithDeno = (engine: string): boolean => deno !== undefined && has(engine);

let base: string;
let project: EmittedProject;
let truth: readonly unknown[];
beforeAll(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'cellwright-deno-targets-'));
  if (engines === '' || deno === undefined) return;
  project = makeDenoProject(path.join(base, 'first'));
  truth = outputsOf(runInDeno(project));
  await project.observe();
}, 120_000);
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

/** The observed notebook in a folder of its own, with what its run says of Deno. */
function again(name: string): EmittedProject {
  const copy = makeDenoProject(path.join(base, name));
  for (const kept of ['notebook.effects.json', 'state']) cpSync(project.at(kept), copy.at(kept), { recursive: true });
  return copy;
}

describe.skipIf(!hasWithDeno('snakemake'))('Snakemake, a notebook of Deno', () => {
  test('gives what the kernel gives; only what has changed is run again, another Deno or a configuration of it among that', async () => {
    const own = again('snakemake');
    await own.emit('snakemake', '--state', 'state');
    const executed = own.at('project', 'executed.ipynb');
    const snakemake = async (): Promise<Said> => {
      const words = ['--cores', '2', '--snakefile', own.at('project', 'Snakefile')];
      return own.call(program('snakemake', 'snakemake'), words, { CELLWRIGHT_PYTHON: python });
    };
    const first = await snakemake();
    expect(first.code, first.err).toBe(0);
    expect(outputsOf(executed)).toEqual(truth);
    const second = await snakemake();
    expect([second.code, second.err]).toEqual([0, expect.stringContaining('Nothing to be done')]);
    const data = readFileSync(own.at('data', 'rides.csv'), 'utf8').trimEnd();
    writeFileSync(own.at('data', 'rides.csv'), `${data.slice(0, data.lastIndexOf('\n'))}\n`);
    const third = await snakemake();
    expect(third.err).toMatch(/^(?:local)?rule parsecsv:/m);
    expect(third.err).not.toMatch(/^(?:local)?rule (?:station|column|fit):/m);
    expect(outputsOf(executed)).not.toEqual(truth);
    writeFileSync(own.at('deno.json'), '{}');
    expect((await snakemake()).err).toMatch(/^(?:local)?rule column:/m);
  }, 300_000);
});

describe.skipIf(!hasWithDeno('airflow'))('Airflow, a notebook of Deno', () => {
  test('dags test gives what the kernel gives', async () => {
    const own = again('airflow');
    await own.emit('airflow');
    const bin = path.dirname(program('airflow', 'airflow'));
    const variables = {
      AIRFLOW_HOME: own.at('airflow'),
      AIRFLOW__CORE__DAGS_FOLDER: own.at('project'),
      AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
      CELLWRIGHT_PYTHON: python,
      PATH: `${bin}${path.delimiter}${own.environment['PATH'] ?? ''}`,
    };
    const made = await own.call(program('airflow', 'airflow'), ['db', 'migrate'], variables);
    expect(made.code, made.err).toBe(0);
    const said = await own.call(program('airflow', 'airflow'), ['dags', 'test', 'notebook'], variables);
    expect(said.code, said.out + said.err).toBe(0);
    expect(outputsOf(own.at('project', 'executed', 'notebook.ipynb'))).toEqual(truth);
  }, 400_000);
});

describe.skipIf(!hasWithDeno('argo'))('Argo Workflows, a notebook of Deno', () => {
  const model = `
import sys, yaml
from hera.workflows.models import WorkflowTemplate
document = yaml.safe_load(open(sys.argv[1] + "/workflow-template.yaml"))
kept = WorkflowTemplate.model_validate(document).model_dump(by_alias=True, exclude_unset=True, mode="json")
assert kept == document, (kept, document)
`;

  test("hera's model takes it, it names nothing that is not there, and its nodes give what the kernel gives", async () => {
    const own = again('argo');
    const plan = await own.emit('argo');
    execFileSync(program('argo', 'python'), ['-c', model, own.at('project')]);
    expect(danglingNames(readWorkflowTemplate(own))).toEqual([]);
    const run = await runArgo(own, {});
    expect([...run.codes.values()], run.said).toEqual([...plan.steps.map(() => 0), 0]);
    expect(run.executed.map(outputsOf)).toEqual([truth]);
  }, 300_000);
});

describe.skipIf(!hasWithDeno('github'))('GitHub Actions, a notebook of Deno', () => {
  test('the published schema and actionlint have nothing to say, and the jobs give what the kernel gives', async () => {
    const own = again('github');
    mkdirSync(own.at('.git'));
    await own.emit('github', '--schedule', '0 6 * * *', '--state', 'state');
    const workflow = readFileSync(own.at('project', '.github', 'workflows', 'notebook.yml'), 'utf8');
    expect(workflow).toMatch(/uses: denoland\/setup-deno@v2\n\s+with:\n\s+deno-version: \d+\.\d+\.\d+\n/);
    mkdirSync(own.at('project', '.git'));
    const script = '"$0" --builtin-schema vendor.github-workflows project/.github/workflows/*.yml';
    const checked = await own.call('sh', ['-c', script, program('github', 'check-jsonschema')]);
    expect([checked.code, checked.out + checked.err]).toEqual([0, expect.stringContaining('validation done')]);
    if (existsSync(program('github', 'actionlint'))) {
      const linted = await own.call('sh', ['-c', 'cd project && exec "$0" -no-color', program('github', 'actionlint')]);
      expect([linted.code, linted.out]).toEqual([0, '']);
    } else process.stderr.write('actionlint: SKIPPED, it needs Go\n');
    mkdirSync(own.at('repository'));
    for (const name of ['notebook.ipynb', 'data', 'project'])
      cpSync(own.at(name), path.join(own.at('repository'), name), { recursive: true });
    const run = new ActionsRun(own, 'schedule');
    await run.run('notebook');
    expect(new Set(run.conclusions.values()), run.said).toEqual(new Set(['success']));
    expect(outputsOf(path.join(run.artifact('notebook.executed'), 'executed.ipynb'))).toEqual(truth);
  }, 300_000);
});
