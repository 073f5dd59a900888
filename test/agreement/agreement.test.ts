import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createPythonAnalyzer } from '../../compiler/2-analyze/python/analyzer.ts';
import { loadPythonParser } from '../../compiler/2-analyze/python/parse.ts';
import type { LanguageAnalyzer } from '../../compiler/2-analyze/effects.ts';
import { readNotebook } from '../../compiler/1-read/read.ts';
import { python, root } from '../environment.ts';

/** Cells of a folder of notebooks that is named in the environment, else the samples and the cells kept here. */
const named = process.env['CELLWRIGHT_NOTEBOOKS'] ?? '';
const folder = named === '' ? undefined : named;
const kept = path.join(root, 'test', 'agreement', 'cells.txt');

let analyzer: LanguageAnalyzer;
beforeAll(async () => {
  const wasm = (file: string): Buffer => readFileSync(path.join(root, 'node_modules', file));
  const parser = await loadPythonParser({
    runtimeWasm: wasm('web-tree-sitter/web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python/tree-sitter-python.wasm'),
  });
  analyzer = createPythonAnalyzer(parser);
});

function notebooksBelow(place: string): string[] {
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ipynb') && !name.includes('.ipynb_checkpoints'))
    .map((name) => path.join(place, name))
    .filter((name) => statSync(name).isFile())
    .sort();
}

function cellsOf(file: string): string[] {
  const read = readNotebook(readFileSync(file), path.basename(file));
  if (!read.ok || !read.value.language.startsWith('python')) return [];
  return read.value.cells
    .filter((cell) => cell.kind === 'code' && cell.source.trim() !== '')
    .map((cell) => cell.source);
}

interface Verdict {
  readonly valid: boolean;
  readonly skipped: string;
  readonly bound: readonly string[];
  readonly read: readonly string[];
  readonly must: readonly string[];
}

function ask(cells: readonly string[]): Verdict[] {
  const oracle = path.join(root, 'test', 'agreement', 'oracle.py');
  const options = { input: JSON.stringify(cells), encoding: 'utf8', maxBuffer: 1 << 30 } as const;
  return JSON.parse(execFileSync(python, [oracle], options)) as Verdict[];
}

/** In what our analysis of a cell differs from CPython's; empty when it does not. */
function differences(source: string, verdict: Verdict): string[] {
  const [effects] = analyzer.analyzeCells([{ id: 'cell', index: 0, source }], 'python3');
  if (effects === undefined) throw new Error('the cell is not analysed');
  const invalid = effects.diagnostics.some(({ code }) => code === 'CW201');
  if (verdict.valid === invalid) return [invalid ? 'we reject it' : 'we accept it'];
  if (!verdict.valid) return [];
  const names = (...lists: (readonly { readonly name: string }[])[]): Set<string> =>
    new Set(lists.flat().map(({ name }) => name));
  const inside = effects.summaries;
  const bound = names(effects.binds, effects.deletes, ...inside.map((summary) => summary.binds));
  const read = names(effects.reads, ...inside.map((summary) => summary.reads));
  const truth = { bound: new Set(verdict.bound), read: new Set(verdict.read) };
  return [
    ...[...bound].filter((name) => !truth.bound.has(name)).map((name) => `we bind ${name}`),
    ...[...truth.bound].filter((name) => !bound.has(name)).map((name) => `we do not bind ${name}`),
    ...[...read].filter((name) => !truth.read.has(name)).map((name) => `we read ${name}`),
    ...verdict.must.filter((name) => !read.has(name)).map((name) => `we do not read ${name}`),
  ];
}

test('names bound and read are those of CPython, and cells are valid where they are for CPython', () => {
  const cells =
    folder === undefined
      ? [...notebooksBelow(path.join(root, 'samples')).flatMap(cellsOf), ...readFileSync(kept, 'utf8').split(/^---\n/m)]
      : [...new Set(notebooksBelow(folder).flatMap(cellsOf))];
  const verdicts = ask(cells);
  const compared = verdicts.filter(({ skipped }) => skipped === '').length;
  const found = cells.flatMap((source, at) => {
    const verdict = verdicts[at];
    if (verdict === undefined || verdict.skipped !== '') return [];
    const different = differences(source, verdict);
    return different.length === 0 ? [] : [{ different, source }];
  });
  console.log(
    `${String(cells.length)} cells, ${String(compared)} compared, ${String(verdicts.filter(({ valid }) => !valid).length)} not valid, ${String(found.length)} differ`,
  );
  const report = process.env['CELLWRIGHT_DIFFERENCES'];
  if (report !== undefined) writeFileSync(report, JSON.stringify(found, null, 1));
  expect(found).toEqual([]);
  expect(compared).toBeGreaterThan(folder === undefined ? 80 : 0);
}, 1_800_000);
