/**
 * Emitted projects through Flyte's own code: `npm run flyte -- --python EXE [--python2 EXE]`, where the first has flytekit, s3fs and moto, and the second
 * the SDK of Flyte 2. Without them these tests are skipped.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnginePlan } from '../../compiler/bundle/engine-plan.ts';
import { outputsOf } from '../equivalence/normalise.ts';
import { deno } from '../typescript/workplace.ts';
import { runInDeno, withDenoSample } from './deno-project.ts';
import { Bucket, runNodes, type Cluster, type NodeRun } from './flyte-nodes.ts';
import { FlyteProject } from './flyte-project.ts';
import { functionOf, promisesOf, readSerialized, type Literal, type Serialized } from './flyte-serialized.ts';
import { freePort } from '../free-port.ts';
import { withoutInjected } from './notebooks.ts';

const python = process.env['CELLWRIGHT_FLYTE_PYTHON'] ?? '';
const python2 = process.env['CELLWRIGHT_FLYTE2_PYTHON'] ?? '';
if (python === '') process.stderr.write('test/engines: no flytekit; npm run flyte -- --python EXE runs these tests\n');

let base: string;
beforeAll(() => {
  base = mkdtempSync(path.join(tmpdir(), 'cellwright-flyte-'));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

let next = 0;
function make(text: string, interpreter = python): FlyteProject {
  const project = new FlyteProject(path.join(base, String(next++)), interpreter, text);
  writeFileSync(project.at('sales.csv'), 'region,amount\nnorth,10\nnorth,20\nsouth,1\nsouth,2\n');
  return project;
}

/** The sample in TypeScript, as a run has observed it, and what Deno's own kernel gives for it. */
async function makeDeno(interpreter = python): Promise<{ readonly project: FlyteProject; readonly truth: unknown[] }> {
  const project = withDenoSample(make('pass\n', interpreter));
  const truth = outputsOf(runInDeno(project));
  await project.observe();
  return { project, truth };
}

/** Two branches that meet, a metric, a gate, files in and out, an alias, chance. */
const sales = `#tags: parameters
region = "north"
rate = 0.5
tags = ["a", "b"]
---
import csv, random
random.seed(3)
with open("sales.csv") as file:
    amounts = [float(row["amount"]) for row in csv.DictReader(file) if row["region"] == region]
alias = amounts
---
#| timeout: 200
total = sum(amounts)
total
---
largest = max(amounts)
print(region, tags, largest)
---
#| metric: mean
mean = total / len(amounts) * rate
alias.append(mean)
---
#| gate: mean > 1
with open("report.txt", "w") as file:
    file.write(f"{region}: {mean} {amounts[-1]}")
---
print(open("report.txt").read(), largest, random.random())
`;
const inputs = ['region', 'rate', 'tags'];

function insertMarkdown(file: string): void {
  const notebook = JSON.parse(readFileSync(file, 'utf8')) as { cells: unknown[] };
  notebook.cells.splice(1, 0, { cell_type: 'markdown', id: 'inserted', metadata: {}, source: 'A word before.' });
  writeFileSync(file, JSON.stringify(notebook));
}

test.skipIf(python === '')(
  "a secret and the key of the run come by Flyte's own mechanism, and nothing runs without the key",
  async () => {
    const project = make('#tags: parameters\ntoken = ""\n---\nprint(len(token), token)\n');
    await project.emitted('-p', 'token', 'env:API_TOKEN', '--signed');
    const run = (variables: NodeJS.ProcessEnv): ReturnType<FlyteProject['call']> =>
      project.call('pyflyte', ['run', 'project/workflow.py', 'notebook'], {
        CELLWRIGHT_EXECUTED: project.at('flyte.ipynb'),
        NOTEBOOK_API_TOKEN: 'open-sesame-4711',
        ...variables,
      });
    const without = await run({});
    expect([without.code === 0, without.out + without.err]).toEqual([false, expect.stringContaining('RUN_KEY')]);
    const signed = await run({ NOTEBOOK_CELLWRIGHT_RUN_KEY: 'a key of the run' });
    expect(signed.code, signed.out + signed.err).toBe(0);
    expect(withoutInjected(outputsOf(project.at('flyte.ipynb')))[1]).toEqual([['stdout', '16 ••••\n']]);
  },
  200_000,
);

describe.skipIf(python === '')('run --on flyte', () => {
  test('gives what Run All gives; the second time all is served from the cache of Flyte', async () => {
    const project = make(sales);
    await project.observe();
    const truth = outputsOf(project.runAll());
    rmSync(project.at('report.txt'));
    const first = await project.onFlyte();
    expect(first.code, first.err).toBe(0);
    expect(withoutInjected(outputsOf(project.at('flyte.ipynb')))).toEqual(truth);
    expect(new Set(first.document.flyte.steps.map(({ status }) => status))).toEqual(new Set(['ran']));
    const second = await project.onFlyte();
    expect(new Set(second.document.flyte.steps.map(({ status }) => status))).toEqual(new Set(['reused']));
    expect(withoutInjected(outputsOf(project.at('flyte.ipynb')))).toEqual(truth);
    // What the cache has kept is of cells that stand at other places now.
    insertMarkdown(project.at('notebook.ipynb'));
    const moved = await project.onFlyte();
    expect(new Set(moved.document.flyte.steps.map(({ status }) => status))).toEqual(new Set(['reused']));
    expect(withoutInjected(outputsOf(project.at('flyte.ipynb')))).toEqual(truth);
    // Another file, and all that comes of it.
    writeFileSync(project.at('sales.csv'), 'region,amount\nnorth,10\nnorth,21\n');
    const third = await project.onFlyte();
    const ran = third.document.flyte.steps.filter(({ status }) => status === 'ran');
    expect(ran.map(({ name }) => name)).not.toContain('01_region');
    expect(outputsOf(project.at('flyte.ipynb'))[4]).toEqual([['stdout', "north ['a', 'b'] 21.0\n"]]);
  }, 400_000);

  test.skipIf(deno === undefined)(
    'gives what the kernel gives for a notebook of Deno, and is served from the cache',
    async () => {
      const { project, truth } = await makeDeno();
      for (const status of ['ran', 'reused']) {
        const { code, err, document } = await project.onFlyte();
        expect(code, err).toBe(0);
        expect(outputsOf(project.at('flyte.ipynb'))).toEqual(truth);
        expect(new Set(document.flyte.steps.map((step) => step.status))).toEqual(new Set([status]));
      }
      writeFileSync(project.at('deno.json'), '{}');
      const { document } = await project.onFlyte();
      expect(document.flyte.steps[0]?.status).toBe('ran');
    },
    400_000,
  );

  test('a gate that does not hold and a cell that raises: exit codes, the error of the cell, and what came before', async () => {
    const project = make(sales);
    await project.observe();
    const closed = await project.onFlyte('-p', 'region', 'south');
    const [gate, behind] = closed.document.flyte.steps.slice(-2);
    expect([closed.code, gate?.error]).toEqual([4, expect.stringContaining('mean > 1 does not hold')]);
    expect(outputsOf(project.at('flyte.ipynb'))[4]).toEqual([['stdout', "south ['a', 'b'] 2.0\n"]]);
    expect([gate?.status, behind?.status]).toEqual(['gate', 'not-run']);
    const failing = make('x = 1\n---\nprint(x)\nx / 0\n---\nprint("never")\n');
    const failed = await failing.onFlyte();
    const said = failed.document.flyte.steps[1]?.error;
    expect([failed.code, said]).toEqual([1, expect.stringContaining('ZeroDivisionError: division by zero')]);
    expect(outputsOf(failing.at('flyte.ipynb')).slice(1)).toEqual([
      [
        ['stdout', '1\n'],
        ['error', ['ZeroDivisionError', 'division by zero']],
      ],
      [],
    ]);
  }, 400_000);
});

/** All steps that are behind each, by the name of the function. */
function behind(edges: ReadonlyMap<string, readonly string[]>, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [name];
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const other of edges.get(at) ?? [])
      if (!found.has(other)) {
        found.add(other);
        open.push(other);
      }
  return found;
}

/** `NOTEBOOK.run_step("03_total", …)` says which step a function is. */
function stepsOfFunctions(project: FlyteProject): ReadonlyMap<string, string> {
  const text = readFileSync(project.at('project', 'workflow.py'), 'utf8');
  const found = text.matchAll(/^def (\w+)[\s\S]*?NOTEBOOK\.run_step\(\s*"([^"]+)"/gm);
  return new Map([...found].map(([, name = '', step = '']) => [name, step]));
}

describe.skipIf(python === '')('what flytekit serialises', () => {
  let project: FlyteProject;
  let plan: EnginePlan;
  let serialized: Serialized;
  let steps: ReadonlyMap<string, string>;

  beforeAll(async () => {
    project = make(sales);
    await project.observe();
    plan = await project.emitted('--matrix', 'region=north,south', '--schedule', '0 6 * * *');
    serialized = readSerialized(project.serialize());
    steps = stepsOfFunctions(project);
  }, 300_000);

  test('a node for each step, and edges that are those of the plan', () => {
    const nodes = (serialized.workflow.nodes ?? []).filter((node) => node.taskNode);
    const names = new Map(nodes.map((node) => [node.id ?? '', steps.get(functionOf(node)) ?? functionOf(node)]));
    expect([...names.values()].sort()).toEqual([...plan.steps.map(({ name }) => name), 'executed_notebook'].sort());
    const edges = new Map(
      nodes.map((node) => {
        const promises = (node.inputs ?? []).flatMap((input) => promisesOf(input.binding));
        const from = promises
          .filter(({ output }) => output === 'result')
          .map((promise) => names.get(promise.node) ?? '');
        return [names.get(node.id ?? '') ?? '', from];
      }),
    );
    const needed = new Map(plan.steps.map(({ name, needs }) => [name, needs]));
    for (const { name, needs } of plan.steps) {
      for (const from of edges.get(name) ?? []) expect(needs).toContain(from);
      expect(behind(edges, name)).toEqual(behind(needed, name));
    }
  });

  test('cache versions, time limits and types are those of the plan', () => {
    for (const [name, task] of serialized.tasks) {
      const step = plan.steps.find((one) => one.name === steps.get(name));
      if (step === undefined) continue;
      const key = step.cacheKey.slice('sha256:'.length, 'sha256:'.length + 16);
      expect(task.metadata?.discoverable, name).toBe(true);
      expect(task.metadata?.discoveryVersion?.split('-')[0], name).toBe(key);
      expect(task.metadata?.generatesDeck?.value, name).toBe(true);
      const limit = step.resources.timeout;
      expect(Number(task.metadata?.timeout?.seconds ?? 0), name).toBe(limit === undefined ? 0 : limit + 300);
      expect(Object.keys(task.interface?.outputs?.variables ?? {})).toEqual(
        expect.arrayContaining(['result', 'report']),
      );
    }
    const given = serialized.workflow.interface?.inputs?.variables ?? {};
    // STRING, FLOAT, and a list as JSON text.
    expect(inputs.map((name) => given[name]?.type?.simple)).toEqual([3, 2, 3]);
    const gives = serialized.workflow.interface?.outputs?.variables ?? {};
    expect(Object.keys(gives).sort()).toEqual(['executed_notebook', 'file_07_files', 'mean_mean']);
    expect([gives['mean_mean']?.type?.simple, gives['executed_notebook']?.type?.blob]).toEqual([2, expect.anything()]);
  });

  test('a launch plan for each variant, with its values and the schedule', () => {
    for (const region of ['north', 'south']) {
      const spec = serialized.plans.get(`notebook_region_${region}`);
      expect(spec?.fixedInputs?.literals?.['region']?.scalar?.primitive?.stringValue).toBe(region);
      expect(spec?.entityMetadata?.schedule?.cronSchedule?.schedule).toBe('0 6 * * *');
    }
  });
});

describe.skipIf(python === '')("each node's own container command, over a real S3 server", () => {
  let server: ChildProcess | undefined;
  let endpoint: string;

  beforeAll(async () => {
    const port = await freePort();
    endpoint = `http://127.0.0.1:${String(port)}`;
    server = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    for (let tries = 0; ; tries++) {
      const answer = await fetch(endpoint).catch(() => undefined);
      if (answer !== undefined) break;
      if (tries > 300) throw new Error('The S3 server does not start.');
      await wait(200);
    }
  }, 120_000);

  afterAll(() => {
    server?.kill();
  });

  async function start(
    project: FlyteProject,
  ): Promise<{ runs: ReadonlyMap<string, NodeRun>; mostAtOnce: number; bucket: Bucket }> {
    const serialized = readSerialized(project.serialize());
    const name = `notebooks-${String(next++)}`;
    const cluster: Cluster = {
      ...{ endpoint, bucket: name, folder: project.at('project'), atOnce: 2 },
      environment: {
        ...project.environment,
        FLYTE_AWS_ENDPOINT: endpoint,
        FLYTE_AWS_ACCESS_KEY_ID: 'key',
        FLYTE_AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_DEFAULT_REGION: 'us-east-1',
        PYTHONPATH: project.at('project'),
      },
    };
    const bucket = new Bucket(cluster);
    await bucket.put('', undefined);
    const defaults = serialized.plans.get('workflow.notebook')?.defaultInputs?.parameters ?? {};
    const given = Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, value.default as Literal]));
    return { ...(await runNodes(serialized, given, cluster)), bucket };
  }

  test('gives the right answer, two at a time, in containers that have the project alone', async () => {
    const project = make(sales);
    await project.observe();
    const truth = outputsOf(project.runAll());
    await project.emitted();
    // Nothing of the notebook's folder is there but the project.
    rmSync(project.at('sales.csv'));
    rmSync(project.at('report.txt'));
    const { runs, mostAtOnce, bucket } = await start(project);
    const all = [...runs.values()];
    expect(all.flatMap(({ error, outputs, said }) => error ?? (outputs === undefined ? said : []))).toEqual([]);
    const of = (name: string): Readonly<Record<string, Literal>> =>
      all.find((run) => run.function === name)?.outputs ?? {};
    const written = of('executed_notebook')['o0']?.scalar?.blob?.uri ?? '';
    const key = written.replace(/^s3:\/\/[^/]+\//, '');
    writeFileSync(project.at('flyte.ipynb'), (await bucket.get(key)) ?? new Uint8Array());
    expect(withoutInjected(outputsOf(project.at('flyte.ipynb')))).toEqual(truth);
    expect(of('mean')['mean']?.scalar?.primitive?.floatValue).toBe(7.5);
    const report =
      all.find(({ outputs }) => outputs?.['files'])?.outputs?.['files']?.map?.literals?.['report.txt']?.scalar?.blob
        ?.uri ?? '';
    const text = await bucket.get(report.replace(/^s3:\/\/[^/]+\//, ''));
    expect(Buffer.from(text ?? []).toString()).toBe('north: 7.5 7.5');
    expect(mostAtOnce).toBe(2);
  }, 600_000);

  test.skipIf(deno === undefined)(
    'gives what the kernel gives for a notebook of Deno',
    async () => {
      const { project, truth } = await makeDeno();
      await project.emitted();
      rmSync(project.at('data'), { recursive: true });
      const { runs, bucket } = await start(project);
      const all = [...runs.values()];
      expect(all.flatMap(({ error, outputs, said }) => error ?? (outputs === undefined ? said : []))).toEqual([]);
      const last = all.find((run) => run.function === 'executed_notebook')?.outputs?.['o0']?.scalar?.blob?.uri ?? '';
      writeFileSync(
        project.at('flyte.ipynb'),
        (await bucket.get(last.replace(/^s3:\/\/[^/]+\//, ''))) ?? new Uint8Array(),
      );
      expect(outputsOf(project.at('flyte.ipynb'))).toEqual(truth);
    },
    600_000,
  );

  test('a task that failed is one, though its process exits with 0, and nothing behind it runs', async () => {
    const project = make('x = 1\n---\ny = x / 0\n---\nprint(y)\n');
    await project.emitted();
    const { runs } = await start(project);
    const failed = [...runs.values()].find(({ function: name }) => name === 'y');
    expect(failed?.exitCode, [...runs.values()].map(({ said }) => said).join('\n')).toBe(0);
    expect(failed?.outputs).toBeUndefined();
    expect(failed?.error).toContain('ZeroDivisionError: division by zero');
    expect([...runs.values()].map(({ function: name }) => name).sort()).toEqual(['x', 'y']);
  }, 300_000);
});

describe.skipIf(python === '' || python2 === '')('flyte run --local', () => {
  test('of the file for Flyte 2 gives what Run All gives', async () => {
    const project = make(sales, python2);
    await project.observe();
    const truth = outputsOf(project.runAll(python));
    rmSync(project.at('report.txt'));
    await project.emitted();
    const executed = project.at('flyte.ipynb');
    const flyte = path.join(path.dirname(python2), 'flyte');
    const words = ['run', '--local', path.join('project', 'workflow_v2.py'), 'notebook'];
    const said = await project.call(flyte, words, { CELLWRIGHT_EXECUTED: executed });
    expect(said.code, said.out + said.err).toBe(0);
    expect(withoutInjected(outputsOf(executed))).toEqual(truth);
  }, 300_000);

  test.skipIf(deno === undefined)(
    'gives what the kernel gives for a notebook of Deno',
    async () => {
      const { project, truth } = await makeDeno(python2);
      await project.emitted();
      const flyte = path.join(path.dirname(python2), 'flyte');
      const words = ['run', '--local', path.join('project', 'workflow_v2.py'), 'notebook'];
      const said = await project.call(flyte, words, { CELLWRIGHT_EXECUTED: project.at('flyte.ipynb') });
      expect(said.code, said.out + said.err).toBe(0);
      expect(outputsOf(project.at('flyte.ipynb'))).toEqual(truth);
    },
    300_000,
  );
});
