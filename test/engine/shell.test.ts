/** The plan, the task command and the shell target: equal to Restart & Run All, or refused. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitCells, writeCells } from '../../build/cases.mjs';
import type { CellEffects, EffectsProfile } from '../../compiler/bundle/effects-profile.ts';
import { outputsOf } from '../equivalence/normalise.ts';
import { runAll, ShellProject, type ShellRun } from './shell-project.ts';

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
  test('gives what Restart & Run All gives, each step in a process of its own', () => {
    const { project, copy } = make(notebook);
    const truth = project.at('plain', 'truth.ipynb');
    writeCells(project.at('plain', 'notebook.ipynb'), splitCells(notebook));
    runAll([project.at('plain', 'notebook.ipynb'), truth]);
    project.observe(copy);
    const plan = project.emit();
    expect(plan.cells.every(({ observed }) => observed)).toBe(true);
    const run = project.run();
    expect(run.outputs, run.err).toEqual(outputsOf(truth));
    expect(run.code).toBe(0);
    // The generator keeps the cells that use it in one process, and no others.
    const shared = plan.steps.filter(({ tasks }) => tasks.length > 1);
    expect(shared.map(({ tasks }) => tasks)).toEqual([['cell-1', 'cell-4', 'cell-7']]);
    expect(stepsOf(project)).toHaveLength(plan.steps.length);
  }, 60_000);

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
  }, 60_000);
});

/** A profile in which one cell does less than it does. */
function lie(profile: EffectsProfile, place: number, change: Partial<CellEffects>): EffectsProfile {
  return { ...profile, cells: profile.cells.map((cell, at) => (at === place ? { ...cell, ...change } : cell)) };
}

/** Emits with a profile that lies, and runs. */
function runWithLie(
  text: string,
  place: number,
  change: (cell: CellEffects) => Partial<CellEffects>,
): { project: ShellProject; run: ShellRun } {
  const { project, copy } = make(text);
  const profile = project.observe(copy);
  project.claim(lie(profile, place, change(profile.cells[place] as CellEffects)));
  project.emit();
  return { project, run: project.run() };
}

/** The cells of each are such that a plan that believes the lie would give another result, without an error. */
const lies: readonly (readonly [string, string, number, (cell: CellEffects) => Partial<CellEffects>, string])[] = [
  [
    'a change through an alias',
    'shared = [1]\n---\nholder = {"list": shared}\n---\nholder["list"].append(2)\n---\nprint(shared)\n',
    2,
    () => ({ changes: ['holder'], reads: ['holder'] }),
    'CW810',
  ],
  [
    'hidden state',
    'import decimal\n---\ngetattr(decimal, "getcontext")().prec = 5\n---\nprint(decimal.Decimal(1) / 3)\n',
    1,
    () => ({ state: [] }),
    'CW810',
  ],
  [
    'a file',
    'name = "a.txt"\n---\ngetattr(__import__("io"), "open")(name, "w").write("1")\n---\nimport os\nprint(os.path.exists(name))\n',
    1,
    () => ({ files: { reads: [], writes: [] }, outside: [] }),
    'CW813',
  ],
  [
    'another file',
    'name = "a"\n---\nfor ending in ("txt", "csv"):\n    open(f"{name}.{ending}", "w").write("1")\n---\nprint(open(f"{name}.csv").read())\n',
    1,
    () => ({ files: { reads: [], writes: ['a.txt'] } }),
    'CW813',
  ],
  [
    'a program',
    'import subprocess\n---\nrun = getattr(subprocess, "run")\nrun(["touch", "touched"])\n---\nimport os\nprint(os.listdir("."))\n',
    1,
    () => ({ outside: [] }),
    'CW813',
  ],
  [
    'a value that cannot leave its process',
    'made = iter([n for n in range(3)])\n---\nlines = (n for n in made)\n---\nprint(next(lines))\n',
    1,
    () => ({ held: {}, binds: ['lines', 'made'] }),
    'CW814',
  ],
];

describe('a profile that lies', () => {
  test.each(lies)(
    '%s: the step fails and says so',
    (_, text, place, change, code) => {
      const { project, run } = runWithLie(text, place, change);
      expect(run.err).toContain(`error[${code}]`);
      expect(run.err).toContain('cellwright profile NB');
      expect(run.code).toBe(1);
      const written = readFileSync(project.at('project', 'executed.ipynb'), 'utf8');
      expect(written).toContain('"nbformat": 4');
    },
    60_000,
  );

  test('an effect that is not declared does not take place', () => {
    const [, text, place, change] = lies[2] as (typeof lies)[number];
    const { project } = runWithLie(text, place, change);
    expect(readdirSync(project.folder)).not.toContain('a.txt');
  }, 60_000);

  test('a read that is not declared, of what another step wrote', () => {
    const text = 'x = 1\n---\nx = x + 1\n---\nprint(globals()["x"])\n';
    const { project, copy } = make(text);
    project.observe(copy);
    const plan = project.emit();
    // As though the last cell did not wait for the second.
    const last = plan.steps.at(-1)?.name ?? '';
    const second = plan.steps[1]?.name ?? '';
    const steps = plan.steps.map((step) =>
      step.name === last ? { ...step, needs: step.needs.filter((name) => name !== second) } : step,
    );
    writeFileSync(project.at('project', 'bundle', 'plan.json'), JSON.stringify({ ...plan, steps }));
    expect(project.run().code).not.toBe(0);
    const first = project.at('project', 'results', `${plan.steps[0]?.name ?? ''}.json`);
    const done = project.task(
      'run',
      '--bundle',
      'project/bundle',
      '--store',
      'project/store',
      '--step',
      last,
      '--input',
      `${plan.steps[0]?.name ?? ''}=${first}`,
    );
    expect([done.code, done.err]).toEqual([1, expect.stringContaining('error[CW811]')]);
  }, 60_000);
});
