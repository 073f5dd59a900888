/**
 * What is emitted for Argo Workflows, Airflow, GitHub Actions and Snakemake, as far as it can be checked without them: the files name nothing that is not there,
 * and their commands, run as the engine would run them, give what Run All gives. `npm run targets` has the engines themselves.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outputsOf } from '../equivalence/normalise.ts';
import { python } from '../environment.ts';
import { ActionsRun } from './actions-workflow.ts';
import { danglingNames, readWorkflowTemplate, runArgo } from './argo-workflow.ts';
import type { EmittedProject } from './emitted-project.ts';
import { makeProject, makeRepository, withoutInjected } from './notebooks.ts';

let base: string;
let project: EmittedProject;
let truth: readonly unknown[];
beforeAll(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'cellwright-emitted-'));
  project = makeProject(path.join(base, 'first'));
  truth = outputsOf(project.runAll());
  rmSync(project.at('report.txt'));
  await project.observe();
  rmSync(project.at('report.txt'));
}, 180_000);
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

/** The observed notebook in a folder of its own. */
function again(name: string): EmittedProject {
  const copy = makeProject(path.join(base, name));
  cpSync(project.at('notebook.effects.json'), copy.at('notebook.effects.json'));
  return copy;
}

describe('Argo Workflows', () => {
  test('the nodes give what Run All gives, and hand on nothing but what the workflow says', async () => {
    const own = again('argo');
    const plan = await own.emit('argo');
    expect(danglingNames(readWorkflowTemplate(own))).toEqual([]);
    const run = await runArgo(own, {});
    expect([...run.codes.values()], run.said).toEqual([...plan.steps.map(() => 0), 0]);
    expect(run.executed.map((file) => withoutInjected(outputsOf(file)))).toEqual([truth]);
  }, 180_000);

  test('with a matrix and a schedule it names nothing that is not there', async () => {
    const own = again('argo-variants');
    await own.emit('argo', '--matrix', 'region=north,south', '--schedule', '0 6 * * *', '--image', 'example.org/x:1');
    const document = readWorkflowTemplate(own);
    expect(danglingNames(document)).toEqual([]);
    expect(document.spec.arguments.parameters?.[0]).toEqual({ name: 'cellwright-image', value: 'example.org/x:1' });
    expect(readFileSync(own.at('project', 'cron-workflow.yaml'), 'utf8')).toContain('- 0 6 * * *');
  });
});

describe('GitHub Actions', () => {
  test('the jobs give what Run All gives, with artifacts alone between them', async () => {
    const own = again('actions');
    mkdirSync(own.at('.git'));
    const plan = await own.emit('github', '--schedule', '0 6 * * *');
    makeRepository(own);
    // The clock gives no inputs: the defaults count.
    const run = new ActionsRun(own, 'schedule');
    await run.run('notebook');
    expect(new Set(run.conclusions.values()), run.said).toEqual(new Set(['success']));
    expect(run.conclusions.size).toBe(plan.steps.length + 1);
    const executed = path.join(run.artifact('notebook.executed'), 'executed.ipynb');
    expect(withoutInjected(outputsOf(executed)), run.said).toEqual(truth);
  }, 180_000);
});

const reader = `
import ast, json, sys
tree = ast.parse(open(sys.argv[1], encoding="utf-8").read())
print(json.dumps([ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]))
`;

describe('the text', () => {
  const places = `#tags: parameters
region = "north"
token = ""
---
#| retries: 3
#| timeout: 60
#| cpu: 2
#| mem: 4Gi
#| gpu: 1
#| image: example.org/gpu:1
#| env: THREADS=2
x = len(region)
---
print(x, len(token))
`;
  let own: EmittedProject;
  beforeAll(() => {
    own = makeProject(path.join(base, 'places'), places);
    mkdirSync(own.at('.git'));
  });
  const read = (...names: string[]): string => readFileSync(own.at('project', ...names), 'utf8');
  const emit = async (target: string, ...words: string[]): Promise<void> => {
    await own.emit(target, '-p', 'token', 'env:API_TOKEN', ...words);
  };

  test.each([
    [
      'argo',
      'workflow-template.yaml',
      ["limit: '3'", 'activeDeadlineSeconds: 360', 'image: example.org/gpu:1', "nvidia.com/gpu: '1'", 'memory: 4Gi'],
    ],
    [
      'github',
      '.github/workflows/notebook.yml',
      ['timeout-minutes: 6', 'container: example.org/gpu:1', '- self-hosted'],
    ],
    [
      'snakemake',
      'Snakefile',
      [
        'threads: 2',
        'mem_mb=4096',
        'runtime=6',
        'gpu=1',
        'retries: 3',
        '"docker://example.org/gpu:1"',
        "env 'THREADS=2'",
      ],
    ],
    [
      'airflow',
      'dag.py',
      [
        'retries=3',
        'execution_timeout=timedelta(seconds=360)',
        'NOTEBOOK.pod(cpu="2", mem="4Gi", gpu="1", image="example.org/gpu:1")',
        'variables={"THREADS": "2"}',
      ],
    ],
  ])(
    '%s: what directives ask for, in the words of the engine; a secret by its name alone',
    async (target, file, words) => {
      await emit(target);
      const text = read(...file.split('/'));
      for (const word of words) expect(text).toContain(word);
      expect(text).toContain('API_TOKEN');
      // Values that a run may be started with do not have it.
      expect(text).not.toMatch(/--set(?:-json)?=token/);
    },
  );

  test('the DAG of Airflow is Python, and each variant has tasks of its own', async () => {
    await emit('airflow', '--matrix', 'region=north,south', '--schedule', '0 6 * * *', '--store', 's3://bucket/x');
    const functions = execFileSync(python, ['-c', reader, own.at('project', 'dag.py')], { encoding: 'utf8' });
    expect(JSON.parse(functions)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('def x(variant: str'),
        expect.stringContaining('def executed_notebook'),
      ]),
    );
    const text = read('dag.py');
    for (const word of ['schedule="0 6 * * *"', '"region_south": {"region": "south"}', 'store="s3://bucket/x"'])
      expect(text).toContain(word);
  });

  test('what an engine does not have is no part of what it is emitted for', async () => {
    const said = await own.cli(
      'emit',
      'notebook.ipynb',
      '--target',
      'snakemake',
      '-o',
      'other',
      '--schedule',
      '0 6 * * *',
    );
    expect([said.code, said.err]).toEqual([2, expect.stringContaining('A snakemake project has no schedule')]);
    rmSync(own.at('.git'), { recursive: true });
    const outside = await own.cli('emit', 'notebook.ipynb', '--target', 'github', '-o', 'other');
    expect([outside.code, outside.err]).toEqual([2, expect.stringContaining('not in a repository that has the')]);
    const shell = await own.cli('emit', 'notebook.ipynb', '--target', 'shell', '-o', 'other', '--matrix', 'region=a,b');
    expect([shell.code, shell.err]).toEqual([2, expect.stringContaining('A shell project has no matrix')]);
  });
});
