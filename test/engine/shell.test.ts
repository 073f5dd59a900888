/** The plan, the task command and the shell target: equal to Restart & Run All, or refused. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitCells, writeCells } from '../../build/cases.mjs';
import { outputsOf } from '../equivalence/normalise.ts';
import { runAll, ShellProject } from './shell-project.ts';

let base: string;
beforeAll(() => {
  base = mkdtempSync(path.join(tmpdir(), 'cellwright-engine-'));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

let next = 0;

/** A notebook of cells separated by `---`, in a new folder and once more where it may be run beforehand. */
function make(text: string): { readonly project: ShellProject; readonly copy: string } {
  const folder = path.join(base, String(next++));
  const copy = path.join(folder, 'before', 'notebook.ipynb');
  for (const file of [path.join(folder, 'notebook.ipynb'), copy]) writeCells(file, splitCells(text));
  return { project: new ShellProject(folder), copy };
}

function stepsOf(project: ShellProject): readonly string[] {
  return readdirSync(project.at('project', 'results')).map((name) => name.replace('.json', ''));
}

/** One of everything that crosses from process to process: an alias, a generator, chance, a class, a file, an option, a figure. */
const notebook = `import random
random.seed(7)
shared = [1]
alias = shared
---
numbers = (n * n for n in range(10))
---
class Counter:
    made = 0
counter = Counter()
---
alias.append(random.random())
Counter.made += 1
---
print(next(numbers), next(numbers))
---
with open("note.txt", "w") as file:
    file.write(str(len(shared)))
import decimal
decimal.getcontext().prec = 5
---
print(shared is alias, shared, counter.made, random.random())
shared
---
print(open("note.txt").read(), decimal.Decimal(1) / 3, next(numbers))
`;

describe('a shell project', () => {
  test('gives what Restart & Run All gives, each step in a process and an empty folder of its own', () => {
    const { project, copy } = make(notebook);
    const truth = project.at('plain', 'truth.ipynb');
    writeCells(project.at('plain', 'notebook.ipynb'), splitCells(notebook));
    runAll([project.at('plain', 'notebook.ipynb'), truth]);
    project.observe(copy);
    const plan = project.emit();
    expect(plan.cells.every(({ observed }) => observed)).toBe(true);
    // As on machines of their own: what steps before wrote comes from the store.
    const script = project.at('project', 'run.sh');
    writeFileSync(script, readFileSync(script, 'utf8').replace('--cwd "$cwd"', '--cwd "$(mktemp -d -p "$here")"'));
    const run = project.run();
    expect(run.outputs, run.err).toEqual(outputsOf(truth));
    expect(run.code).toBe(0);
    // The generator keeps the cells that use it in one process, and no others.
    const shared = plan.steps.filter(({ tasks }) => tasks.length > 1);
    expect(shared.map(({ tasks }) => tasks)).toEqual([['cell-1', 'cell-4', 'cell-7']]);
    expect(stepsOf(project)).toHaveLength(plan.steps.length);
  }, 180_000);

  test('an error, a gate that does not hold: the exit code says it, and what came before is in the notebook', () => {
    const failing = make('x = 1\n---\nprint(x)\nx / 0\n---\nprint("never")\n').project;
    failing.emit();
    const failed = failing.run();
    expect(failed.code).toBe(1);
    expect(failed.err).toContain('ZeroDivisionError');
    expect(failed.outputs[1]).toEqual([
      ['stdout', '1\n'],
      ['error', ['ZeroDivisionError', 'division by zero']],
    ]);
    expect(failed.outputs[2]).toEqual([]);
    const gated = make(
      '#| metric: rmse\nrmse = 0.5\n---\n#| gate: rmse < 0.4\nprint(rmse)\n---\nprint(rmse)\n',
    ).project;
    gated.emit();
    const closed = gated.run();
    expect([closed.code, closed.err]).toEqual([4, expect.stringContaining('rmse < 0.4 does not hold')]);
  }, 180_000);

  test('values of parameters are given when a step starts, a secret by the name of its variable: no file has it', () => {
    const { project } = make('pass\n--- parameters\ntoken = ""\nrate = 1\n---\nprint(rate, len(token), token)\n');
    const plan = project.emit('-p', 'token', 'env:OUR_TOKEN', '-p', 'rate', '2');
    const [injected = '', shown = ''] = plan.steps.flatMap(({ name, secrets }) => (secrets.length > 0 ? [name] : []));
    expect(plan.steps.find(({ name }) => name === injected)?.parameters).toEqual(['token', 'rate']);
    const secret = { OUR_TOKEN: 'open-sesame-4711' };
    const run = project.run(secret);
    expect(run.outputs.at(-1), run.err).toEqual([['stdout', '2 16 ••••\n']]);
    writeFileSync(project.at('values.json'), '{"rate": 2.5}');
    const words = ['--bundle', 'project/bundle', '--store', 'project/store'];
    const needs = (step: string): readonly string[] =>
      (plan.steps.find(({ name }) => name === step)?.needs ?? []).flatMap((name) => [
        '--input',
        `${name}=project/results/${name}.json`,
      ]);
    const result = `project/results/${injected}.json`;
    const given = [...words, '--step', injected, ...needs(injected), '--parameters', 'values.json', '--output', result];
    expect(project.task('run', ...given, secret).code).toBe(0);
    expect(project.task('run', ...words, '--step', shown, ...needs(shown), '--output', 'shown.json', secret).code).toBe(
      0,
    );
    expect(project.task('collect', ...words, '--output', 'again.ipynb', 'shown.json').code).toBe(0);
    expect(outputsOf(project.at('again.ipynb')).at(-1)).toEqual([['stdout', '2.5 16 ••••\n']]);
    writeFileSync(project.at('values.json'), '{"token": "env:HOME"}');
    const refused = project.task('run', ...given, secret);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('error[CW820]')]);
    const files = readdirSync(project.folder, { recursive: true, encoding: 'utf8', withFileTypes: true });
    const texts = files
      .filter((file) => file.isFile())
      .map((file) => readFileSync(path.join(file.parentPath, file.name)));
    expect(texts.filter((text) => text.includes(secret.OUR_TOKEN))).toEqual([]);
  }, 180_000);
});
