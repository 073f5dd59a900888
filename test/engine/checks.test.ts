/** Every cell of this notebook does something else than the profile says it was seen to do. Each step sees it, and says so. */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitCells, writeCells } from '../../build/cases.mjs';
import type { CellEffects } from '../../compiler/bundle/effects-profile.ts';
import type { EnginePlan } from '../../compiler/bundle/engine-plan.ts';
import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import { ShellProject } from './shell-project.ts';

const text = `import decimal, io, subprocess
shared = [1]
holder = {"list": shared}
name = "a"
---
holder["list"].append(2)
---
getattr(decimal, "getcontext")().prec = 5
---
getattr(io, "open")(name + ".txt", "w").write("1")
---
for ending in ("csv", "tsv"):
    getattr(io, "open")(name + "." + ending, "w").write("1")
---
getattr(subprocess, "run")(["touch", "touched"])
---
made = iter([1]); lines = (n for n in made)
---
print(next(lines))
---
print(getattr(subprocess.sys, "getsizeof")(shared))
---
print(getattr(io, "open")(name + ".csv").read())
---
x = 1
---
x = 2
---
getattr(io, "open")("link.txt", "w").write("1")
---
print(globals()["x"])
`;

let project: ShellProject;
let plan: EnginePlan;

/** What the text shows, as though a run had seen that and nothing else. */
function asWritten({ name, code, accesses }: Task): CellEffects {
  const names = (...kinds: readonly string[]): string[] =>
    accesses.flatMap(({ resource, access }) =>
      resource.kind === 'variable' && kinds.includes(access) ? [resource.name] : [],
    );
  return {
    name,
    code,
    uses: {},
    reads: names('read', 'mutate'),
    binds: names('bind'),
    changes: names('mutate'),
    deletes: [],
    state: [],
    files: { reads: [], writes: [] },
    outside: [],
    imports: [],
    held: {},
    further: [],
  };
}

beforeAll(() => {
  const base = mkdtempSync(path.join(tmpdir(), 'cellwright-checks-'));
  const folder = path.join(base, 'work');
  writeCells(path.join(folder, 'notebook.ipynb'), splitCells(text));
  project = new ShellProject(folder);
  project.emit();
  const bundle = JSON.parse(readFileSync(project.at('project', 'bundle', 'bundle.json'), 'utf8')) as Bundle;
  const cells = bundle.tasks.map(asWritten);
  // One of two files, so that writing as such is allowed.
  cells[4] = { ...(cells[4] as CellEffects), files: { reads: [], writes: ['a.csv'] }, outside: ['file-write'] };
  symlinkSync('led-to.txt', project.at('link.txt'));
  cells[12] = { ...(cells[12] as CellEffects), files: { reads: [], writes: ['link.txt'] }, outside: ['file-write'] };
  project.claim({ formatVersion: 1, cells, oneProcess: [] });
  plan = project.emit();
  expect(run(0).err).toBe('');
}, 60_000);

afterAll(() => {
  rmSync(path.dirname(project.folder), { recursive: true, force: true });
});

/** Runs the step of a cell with the results of the first one and of `others`, and no more. */
function run(place: number, others: readonly number[] = []): { readonly code: number | null; readonly err: string } {
  const nameOf = (at: number): string => plan.cells[at]?.step ?? '';
  const needs = [...(place === 0 ? [] : [0]), ...others].map(nameOf);
  const file = project.at('project', 'bundle', 'plan.json');
  const steps = plan.steps.map((step) => (step.name === nameOf(place) ? { ...step, needs } : step));
  writeFileSync(file, JSON.stringify({ ...plan, steps }));
  const inputs = needs.flatMap((name) => ['--input', `${name}=results/${name}.json`]);
  const words = ['--bundle', 'project/bundle', '--store', 'store', '--step', nameOf(place), ...inputs];
  return project.task('run', ...words, '--output', `results/${nameOf(place)}.json`);
}

describe('a step that does not keep to the plan fails', () => {
  test.each([
    { what: 'a change through another name', place: 1, code: 'CW810', words: 'wrote shared' },
    { what: 'hidden state', place: 2, code: 'CW810', words: 'wrote the state of decimal' },
    { what: 'a file, before it is written', place: 3, code: 'CW813', words: 'was about to' },
    { what: 'another file than the one that is named, before it is written', place: 4, code: 'CW813', words: 'a.tsv' },
    { what: 'what a link leads to, before it is written', place: 12, code: 'CW813', words: 'led-to.txt' },
    { what: 'a program, before it starts', place: 5, code: 'CW813', words: 'start a program' },
    { what: 'what only holds where all cells share a process', place: 8, code: 'CW815', words: 'in one process' },
    { what: 'a file of a step that it does not wait for', place: 9, code: 'CW812', words: 'a.csv' },
    {
      what: 'a name that a step may have changed that it does not wait for',
      place: 13,
      code: 'CW811',
      words: 'the list of all variables',
    },
  ])(
    '$what',
    ({ place, code, words }) => {
      const done = run(place);
      expect(done.err).toContain(`error[${code}]`);
      expect(done.err).toContain(words);
      expect(done.err).toContain('cellwright profile NB');
      expect(done.code).toBe(1);
      expect(
        existsSync(project.at('a.txt')) || existsSync(project.at('a.tsv')) || existsSync(project.at('touched')),
      ).toBe(false);
      const told = JSON.parse(
        readFileSync(project.at('results', `${plan.cells[place]?.step ?? ''}.json`), 'utf8'),
      ) as unknown;
      expect(told).toMatchObject({ status: 'refused', exitCode: 1, manifest: null, diagnostics: [{ code }] });
    },
    60_000,
  );

  test('a value that cannot leave the process of the step before', () => {
    expect(run(6).code).toBe(0);
    const done = run(7, [6]);
    expect([done.code, done.err]).toEqual([1, expect.stringContaining('error[CW814]')]);
  }, 60_000);
});

describe('a step believes nothing that it cannot check', () => {
  const step = (): string => plan.cells[1]?.step ?? '';
  const first = (): string => plan.cells[0]?.step ?? '';
  const start = (...more: readonly string[]): { readonly code: number | null; readonly err: string } =>
    project.task('run', '--bundle', 'project/bundle', '--store', 'store', '--step', step(), ...more);
  const manifest = (): string =>
    (JSON.parse(readFileSync(project.at('results', `${first()}.json`), 'utf8')) as { manifest: string }).manifest;

  test('inputs that are not there, of another step, or no references', () => {
    expect(start()).toMatchObject({ code: 2, err: expect.stringContaining('error[CW819]') as unknown });
    expect(start('--input', `${first()}=x`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('no reference') as unknown,
    });
    expect(start('--step', '99_none')).toMatchObject({
      code: 2,
      err: expect.stringContaining('There is no step') as unknown,
    });
    writeFileSync(project.at('values.json'), '{"rate": 1}');
    expect(start('--parameters', 'values.json')).toMatchObject({
      code: 2,
      err: expect.stringContaining('error[CW820]') as unknown,
    });
    expect(start('--store', 'nowhere://x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('error[CW817]') as unknown,
    });
  }, 60_000);

  test('with a key, a reference that was not signed with it', () => {
    const variables = { CELLWRIGHT_RUN_KEY: 'long and secret' };
    const signed = project.task(
      'run',
      '--bundle',
      'project/bundle',
      '--store',
      'store',
      '--step',
      first(),
      '--output',
      'signed.json',
      variables,
    );
    expect(signed.code).toBe(0);
    const { manifest: reference } = JSON.parse(readFileSync(project.at('signed.json'), 'utf8')) as { manifest: string };
    expect(reference).toMatch(/^sha256:[0-9a-f]{64}\.[0-9a-f]{64}$/);
    const refused = project.task(
      'run',
      '--bundle',
      'project/bundle',
      '--store',
      'store',
      '--step',
      step(),
      '--input',
      `${first()}=${manifest()}`,
      variables,
    );
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('error[CW821]')]);
    const forged = `${manifest()}.${'0'.repeat(64)}`;
    expect(
      project.task(
        'run',
        '--bundle',
        'project/bundle',
        '--store',
        'store',
        '--step',
        step(),
        '--input',
        `${first()}=${forged}`,
        variables,
      ).code,
    ).toBe(1);
    // Believed: it is the cell that fails then, for what it does.
    const believed = project.task(
      'run',
      '--bundle',
      'project/bundle',
      '--store',
      'store',
      '--step',
      step(),
      '--input',
      `${first()}=${reference}`,
      variables,
    );
    expect(believed.err).toContain('error[CW810]');
  }, 60_000);

  test('a manifest and a value that somebody has changed', () => {
    const place = (kind: string, digest: string): string =>
      project.at('store', kind, digest.slice(7, 9), digest.slice(7));
    const file = place('manifests', manifest());
    const whole = readFileSync(file, 'utf8');
    const { object } = (
      JSON.parse(whole) as { cells: { result: { writes: Record<string, { ref: { object: string } }> } }[] }
    ).cells[0]?.result.writes['holder']?.ref ?? { object: '' };
    writeFileSync(file, whole.replace('"ok"', '"OK"'));
    expect(start('--input', `${first()}=${manifest()}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('error[CW816]') as unknown,
    });
    writeFileSync(file, whole);
    const value = readFileSync(place('objects', object));
    value[value.length - 3] = (value[value.length - 3] ?? 0) ^ 1;
    writeFileSync(place('objects', object), value);
    expect(start('--input', `${first()}=${manifest()}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('error[CW816]') as unknown,
    });
    rmSync(place('objects', object));
    expect(start('--input', `${first()}=${manifest()}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('error[CW816]') as unknown,
    });
  }, 60_000);
});
