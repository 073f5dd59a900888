/** Notebooks of Deno for engines and images, as far as it shows without the engines: `npm run targets` and `npm run containers` have these. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnginePlan } from '../../compiler/bundle/engine-plan.ts';
import type { Workplace } from '../cli/installation.ts';
import { mistakesIn } from '../cli/schemas.ts';
import { python } from '../environment.ts';
import type { TestRegistry } from './registry.ts';
import { openRegistryPlace } from './registry-place.ts';
import { deno, denoNotebook, shownIn } from './workplace.ts';

let place: Workplace;
let registry: TestRegistry;
let close = async (): Promise<void> => {};
beforeAll(async () => {
  if (deno === undefined) return;
  ({ place, registry, close } = await openRegistryPlace());
  mkdirSync(at('.git'));
});
afterAll(async () => await close());

const at = (...names: string[]): string => join(place.folder, ...names);
const textOf = (...names: string[]): string => readFileSync(at(...names), 'utf8');

/** Calls the program, which has to end well. */
async function must(...words: string[]): Promise<string> {
  const { code, out, err } = await place.call(...words);
  expect(code, err).toBe(0);
  return out;
}

/** Runs a notebook once and emits it for the shell. */
async function emitHere(name: string): Promise<void> {
  await must('run', `${name}.ipynb`, `${name}.out.ipynb`, '--no-report');
  await must('profile', `${name}.ipynb`);
  await must('emit', `${name}.ipynb`, '--target', 'shell', '-o', name);
}

/** Runs a program, while the registry of this process answers. @param cache the folder of Deno */
async function call(program: string, words: readonly string[], cache: string): Promise<Ended> {
  const env = { ...process.env, ...place.variables, CELLWRIGHT_PYTHON: python, DENO_DIR: at('..', cache) };
  return await new Promise((resolve) => {
    const child = execFile(program, words, { cwd: place.folder, env }, (_, __, stderr) => {
      resolve({ status: child.exitCode ?? -1, stderr });
    });
  });
}

interface Ended {
  readonly status: number;
  readonly stderr: string;
}

async function runSteps(name: string, cache: string): Promise<Ended> {
  return await call('sh', [at(name, 'run.sh')], cache);
}

describe.skipIf(deno === undefined)('a project for the shell, of a notebook of Deno', () => {
  test('gives step by step what a run gives: values that are shared, held and changed, files, variables, errors', async () => {
    place.write(
      'steps.ipynb',
      denoNotebook(
        'const rows = [{ n: 1 }, { n: 2 }]; const first = rows[0]!;',
        'function* count() { let n = 0; for (;;) yield ++n }\nconst numbers = count();',
        'first.n = 100; await Deno.writeTextFile("left.txt", JSON.stringify(rows)); Deno.env.set("MODE", "fast");',
        '[numbers.next().value, rows.includes(first), await Deno.readTextFile("left.txt"), Deno.env.get("MODE")]',
        '//: raises-exception\nthrow new RangeError("no")',
      ),
    );
    await emitHere('steps');
    rmSync(at('left.txt'));
    const done = await runSteps('steps', 'deno');
    expect(done.status, done.stderr).toBe(0);
    const shown = shownIn(at('steps', 'executed.ipynb'));
    expect(shown).toEqual(shownIn(at('steps.out.ipynb')));
    expect(shown[3]).toContain('"fast"');
  });

  test('fetches the modules of the lock where they are not kept, asks nobody where they are, and takes no others', async () => {
    place.write(
      'modules.ipynb',
      denoNotebook(
        'import { twice } from "npm:cw-twice@1";\nimport { triple } from "jsr:@cw/math@1";',
        '[twice(2), triple(2)]',
      ),
    );
    await must('lock', 'modules.ipynb');
    await emitHere('modules');
    const before = registry.asked();
    expect(await runSteps('modules', 'elsewhere')).toMatchObject({ status: 0 });
    expect(shownIn(at('modules', 'executed.ipynb'))).toEqual(shownIn(at('modules.out.ipynb')));
    const fetched = registry.asked();
    expect(fetched).toBeGreaterThan(before);
    expect(await runSteps('modules', 'elsewhere')).toMatchObject({ status: 0 });
    expect(registry.asked()).toBe(fetched);
    // As engines call it, from their own folder.
    const step = ['run', '--bundle', 'modules/bundle', '--store', 'modules/store', '--step', '01_twice'];
    const called = await call(python, ['modules/bundle/worker/task.py', ...step, '--reused'], 'elsewhere');
    expect(called.status, called.stderr).toBe(0);
    const lock = textOf('modules', 'bundle', 'deno.lock');
    writeFileSync(
      at('modules', 'bundle', 'deno.lock'),
      lock.replace('"integrity": "sha512-', '"integrity": "sha512-A'),
    );
    const changed = await runSteps('modules', 'elsewhere');
    expect([changed.status, changed.stderr]).toEqual([3, expect.stringContaining('is not what deno.lock has')]);
  });
});

interface Refused {
  readonly what: string;
  readonly cells: readonly string[];
  readonly words: readonly string[];
  readonly said: RegExp;
}

describe.skipIf(deno === undefined)('a notebook of Deno for engines whose machines are set up', () => {
  test('names Node and the Deno that ran it, and no packages of Python', async () => {
    writeFileSync(at('pylock.toml'), 'of another notebook');
    await must('emit', 'modules.ipynb', '--target', 'github', '-o', 'github', '--schedule', '0 6 * * *');
    const workflow = textOf('github', '.github', 'workflows', 'modules.yml');
    expect(workflow).toMatch(/uses: actions\/setup-node@v4\n/);
    expect(workflow).toMatch(/uses: denoland\/setup-deno@v2\n\s+with:\n\s+deno-version: \d+\.\d+\.\d+\n\s+cache: true/);
    expect(workflow).not.toMatch(/pip|requirements/);
    await must('emit', 'modules.ipynb', '--target', 'argo', '-o', 'argo', '--store', 's3://bucket/values');
    expect(textOf('argo', 'Dockerfile')).toContain('ARG CLIENT=s3fs\n');
    await must('emit', 'modules.ipynb', '--target', 'flyte', '-o', 'flyte');
    expect(textOf('flyte', 'workflow.py')).toContain('lock=ENGINE)');
    rmSync(at('pylock.toml'));
  });

  test('a secret goes by name, to the steps that have it or may be given it, and their results are not used again', async () => {
    place.write('secret.ipynb', denoNotebook('//: parameters\nconst token = "";', 'token.length', '1 + 1'));
    place.variables = { ...place.variables, TOKEN: 'open-sesame-4711' };
    await must('run', 'secret.ipynb', '-p', 'token', 'env:TOKEN', '--no-report');
    await must('profile', 'secret.ipynb');
    await must('emit', 'secret.ipynb', '-t', 'snakemake', '-o', 'secret', '-p', 'token', 'env:TOKEN');
    const { steps } = JSON.parse(textOf('secret', 'bundle', 'plan.json')) as EnginePlan;
    expect(steps.map(({ secrets }) => secrets)).toEqual([[], ['TOKEN'], ['TOKEN'], []]);
    expect(textOf('secret', 'Snakefile')).toContain('# Always run again: it takes a secret.');
  });

  test('an image has their programs, fetches the modules before the bundle, and names no registry of this machine', async () => {
    const document = await must('image', 'modules.ipynb', '--json');
    expect(mistakesIn([['image', document]])).toBe('');
    const dockerfile = textOf('modules.image', 'Dockerfile');
    expect(dockerfile).toMatch(/^ARG NODE=docker\.io\/library\/node:\d+-bookworm-slim$/m);
    expect(dockerfile).toMatch(/^ARG DENO=docker\.io\/denoland\/deno:bin-\d+\.\d+\.\d+$/m);
    expect(dockerfile.indexOf('COPY --from=modules')).toBeLessThan(dockerfile.indexOf('COPY bundle '));
    expect(textOf('modules.image', 'modules.ts')).toBe('import "jsr:@cw/math@1";\nimport "npm:cw-twice@1";\n');
    expect(dockerfile + textOf('modules.image', 'bundle', 'deno.lock')).not.toContain('127.0.0.1');
    await must('image', 'modules.ipynb', '--base', 'example.org/deno:1', '-o', 'other');
    expect(textOf('other', 'Dockerfile')).toMatch(/^ARG BASE=example\.org\/deno:1\n\nFROM \$\{BASE\} AS programs$/m);
  });

  test.each<Refused>([
    {
      what: 'a lock that is not there',
      cells: ['import { twice } from "npm:cw-twice@1";'],
      words: ['emit', '-t', 'argo', '-o', 'p'],
      said: /CW702.*imports npm:cw-twice@1/,
    },
    {
      what: 'a name that only a file explains',
      cells: ['import { twice } from "twice";'],
      words: ['image', '--lock', 'deno.lock', '--base', 'example.org/deno:1'],
      said: /CW708.*twice is imported by its name alone/,
    },
    {
      what: 'an image without a run that says which Deno',
      cells: ['1'],
      words: ['image'],
      said: /CW900.*No run of.*says with which version of deno/,
    },
    {
      what: 'variants',
      cells: ['//: parameters\nconst n = 1;'],
      words: ['emit', '-t', 'argo', '-o', 'p', '--matrix', 'n=1,2'],
      said: /CW900.*n is not set by the engine[^]*emit it once for each/,
    },
  ])('refuses $what, with the next step', async ({ cells, words: [command = '', ...words], said }) => {
    mkdirSync(at('alone'), { recursive: true });
    place.write('alone/alone.ipynb', denoNotebook(...cells));
    const { code, err } = await place.call(command, 'alone/alone.ipynb', ...words);
    expect([code, err]).toEqual([2, expect.stringMatching(said)]);
  });

  test('refuses tslab, whose cells all run in one process', async () => {
    const notebook = denoNotebook('const n: number = 1;').replace('"name":"deno"', '"name":"tslab"');
    place.write('tslab.ipynb', notebook);
    const { code, err } = await place.call('emit', 'tslab.ipynb', '--target', 'argo', '-o', 'p');
    expect([code, err]).toEqual([3, expect.stringMatching(/CW401: emit --target argo: cells of tslab all run in one/)]);
  });
});
