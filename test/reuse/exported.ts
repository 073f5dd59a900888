import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { python, root } from '../environment.ts';

/** What a notebook or a package came to. */
export interface Whole {
  readonly error: string;
  readonly out: string;
  readonly final: Readonly<Record<string, string>>;
  readonly modules: readonly string[];
}

/** A command line of the program; the state is beside the folder. */
export function cellwright(
  folder: string,
  ...words: readonly string[]
): { code: number | null; out: string; err: string } {
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, CELLWRIGHT_KEEP_WARM: '0', NO_COLOR: '1' },
  });
  return { code: status, out: stdout, err: stderr };
}

/** Exports a notebook, and gives the folder of the package. */
export function exportTo(notebook: string, target: string, state: string): string {
  const words = ['export', notebook, '--modules', target, '--state', state, '--python', python];
  const { code, err } = cellwright(path.dirname(notebook), ...words);
  expect(err).toBe('');
  expect(code).toBe(0);
  return target;
}

/** Every file compiles, nothing that linters know is wrong with what was added, and no name is unknown. */
export function checkFiles(folder: string): void {
  execFileSync(python, ['-m', 'compileall', '-q', folder]);
  execFileSync(python, ['-m', 'ruff', 'check', '--isolated', '--no-cache', folder]);
  const unknown = ['--ignore-noqa', '--select', 'F821,F822,F823,F632,F702,F706,E9'];
  const files = readdirSync(folder).filter((name) => name.endsWith('.py') && name !== 'definitions.py');
  const paths = files.map((name) => path.join(folder, name));
  execFileSync(python, ['-m', 'ruff', 'check', '--isolated', '--no-cache', ...unknown, ...paths]);
}

/** Runs a notebook or the `main` of a package with nothing of this project at hand. */
export function wholeRun(
  kind: 'notebook' | 'package',
  place: string,
  { cwd, name, parameters = {} }: { cwd: string; name: string; parameters?: Readonly<Record<string, unknown>> },
): Whole {
  mkdirSync(cwd, { recursive: true });
  const words = [path.join(root, 'test', 'reuse', 'whole_run.py'), kind, place, name, JSON.stringify(parameters)];
  const folder = kind === 'package' ? path.dirname(place) : cwd;
  const { stdout, stderr } = spawnSync(
    python,
    kind === 'package' ? [words[0] ?? '', kind, name, name, words[4] ?? ''] : words,
    {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: folder, MPLBACKEND: 'Agg', IPYTHONDIR: path.join(cwd, '.ipython') },
    },
  );
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`${stdout}\n${stderr}`);
  return JSON.parse(last) as Whole;
}

/** The package prints what the notebook prints, and every variable that it gives has the notebook's value. */
export function expectEqual(ofNotebook: Whole, ofPackage: Whole): void {
  expect(ofPackage.error).toBe(ofNotebook.error);
  expect(ofPackage.out).toBe(ofNotebook.out);
  const wanted = Object.fromEntries(Object.keys(ofPackage.final).map((name) => [name, ofNotebook.final[name]]));
  expect(ofPackage.final).toEqual(wanted);
  expect(ofPackage.modules.filter((name) => name.startsWith('cellwright'))).toEqual([]);
}

/** A cell with what stands above it. */
export type Written = string | { readonly markdown: string };

/** Writes a notebook; a cell whose first line is `#tag NAME` is tagged. */
export function writeNotebook(file: string, cells: readonly Written[]): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const written = cells.map((cell, at) => {
    if (typeof cell !== 'string') return { cell_type: 'markdown', id: `m${at}`, metadata: {}, source: cell.markdown };
    const tag = /^#tag ([\w-]+)\n/.exec(cell)?.[1];
    const metadata = tag === undefined ? {} : { tags: [tag] };
    const source = cell.replace(/^#tag [\w-]+\n/, '');
    return { cell_type: 'code', id: `c${at}`, metadata, source, outputs: [], execution_count: null };
  });
  const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
  writeFileSync(file, JSON.stringify({ cells: written, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 }));
}

/** The text of a file of a package. */
export function textOf(...parts: readonly string[]): string {
  return readFileSync(path.join(...parts), 'utf8');
}
