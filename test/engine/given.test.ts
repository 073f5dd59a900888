/** What an engine gives a step by words of the command line, and takes from it by files. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { splitCells, writeCells } from '../../build/cases.mjs';
import type { EnginePlan } from '../../compiler/bundle/engine-plan.ts';
import { ShellProject, type TaskRun } from './shell-project.ts';

let project: ShellProject;
let plan: EnginePlan;
beforeAll(() => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'cellwright-given-')), 'work');
  project = new ShellProject(folder);
  const text = `print(name, count, open("kept.txt").read())
---
import os
print(os.path.exists("flag.txt"))
---
print(sorted(os.listdir(".")))
`;
  writeCells(project.at('notebook.ipynb'), splitCells(`#tags: parameters\nname = "a"\ncount = 1\n---\n${text}`));
  const document = JSON.parse(readFileSync(project.at('notebook.ipynb'), 'utf8')) as {
    cells: { metadata: { tags?: string[] } }[];
  };
  Object.assign(document.cells[0]?.metadata ?? {}, { tags: ['parameters'] });
  writeFileSync(project.at('notebook.ipynb'), JSON.stringify(document));
  mkdirSync(project.at('files'));
  writeFileSync(project.at('files', 'kept.txt'), 'first');
  plan = project.emit('-p', 'name', 'b', '-p', 'count', '2');
});
afterAll(() => {
  rmSync(path.dirname(project.folder), { recursive: true, force: true });
});

function run(place: number, ...more: string[]): TaskRun {
  const words = ['--bundle', 'project/bundle', '--store', 'store', '--step', project.stepAt(place)];
  return project.task('run', ...words, ...inputsOf(place), '--references', `references/${String(place)}`, ...more);
}

function reference(place: number, name = 'manifest'): string {
  return readFileSync(project.at('references', String(place), name), 'utf8');
}

/** References to the results of all steps that it needs. */
function inputsOf(place: number): readonly string[] {
  const needs = plan.steps.find(({ name }) => name === project.stepAt(place))?.needs ?? [];
  return needs.map((name) => `--input=${name}=${reference(plan.cells.findIndex(({ step }) => step === name))}`);
}

test('text as it is, JSON as it is meant, files where the cells run; references are in files of their own', () => {
  expect(run(0).code).toBe(0);
  const text = 'it\'s "quoted" = {x} $y\n--';
  const set = run(1, `--set=name=${text}`, '--set-json=count=2.0');
  expect(set.code, set.err).toBe(0);
  const place = ['--files', 'files', '--cwd', 'cells'];
  expect(run(2, ...place).code).toBe(0);
  // What the folder of files has is newer.
  writeFileSync(project.at('files', 'kept.txt'), 'second');
  expect(run(2, ...place).code).toBe(0);
  expect(readFileSync(project.at('cells', 'kept.txt'), 'utf8')).toBe('second');
  const words = ['--bundle', 'project/bundle', '--store', 'store', '--output', 'executed.ipynb'];
  expect(project.task('collect', ...words, `--report=${reference(2, 'report')}`).code).toBe(0);
  expect(readFileSync(project.at('executed.ipynb'), 'utf8')).toContain(
    JSON.stringify(`${text} 2.0 second\n`).slice(1, -1),
  );
}, 60_000);

test('what is no value is an error, and leaves no reference of an earlier try', () => {
  for (const word of ['--set-json=count=two', '--set=name', '--set=other=1']) {
    const refused = run(1, word);
    expect([refused.code, refused.err], word).toEqual([2, expect.stringContaining('error[CW820]')]);
  }
  expect(existsSync(project.at('references', '1', 'manifest'))).toBe(false);
  expect(run(1).code).toBe(0);
  const failing = run(2, '--cwd', '.');
  expect(failing.code).toBe(1);
  expect(existsSync(project.at('references', '2', 'manifest'))).toBe(false);
  expect(reference(2, 'report')).toMatch(/^sha256:/);
}, 60_000);

test('a result that is used again rests on nothing that the plan does not list', () => {
  const known = run(2, '--cwd', 'cells', '--reused');
  expect(known.code, known.err).toBe(0);
  for (const [place, words] of [
    [3, 'looked for flag.txt, which is not there'],
    [4, 'listed what is in .'],
  ] as const) {
    const once = run(place, '--cwd', 'cells');
    expect(once.code, once.err).toBe(0);
    const refused = run(place, '--cwd', 'cells', '--reused');
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('error[CW822]')]);
    expect(refused.err).toContain(words);
    expect(run(place, '--cwd', 'cells').code).toBe(0);
  }
  const word = project.task('environment');
  expect(word.code).toBe(0);
}, 60_000);
