import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../environment.ts';

/** A cell of a notebook that a test makes: text of code, or Markdown. */
export type MadeCell =
  { readonly id: string; readonly code: string } | { readonly id: string; readonly markdown: string };

/** The kernel of the notebooks: it runs the interpreter that has the samples' packages. */
export const kernel = 'samples';

/** Writes a notebook with these cells. */
export function writeNotebook(file: string, cells: readonly MadeCell[]): void {
  const made = cells.map((cell) =>
    'code' in cell
      ? { cell_type: 'code', id: cell.id, metadata: {}, source: cell.code, outputs: [], execution_count: null }
      : { cell_type: 'markdown', id: cell.id, metadata: {}, source: cell.markdown },
  );
  const metadata = { kernelspec: { name: kernel, display_name: kernel, language: 'python' } };
  writeFileSync(file, JSON.stringify({ cells: made, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1));
}

/** Copies a sample, for the kernel of these tests. */
export function copySample(name: string, file: string): void {
  const notebook = JSON.parse(readFileSync(path.join(root, 'samples', name, 'notebook.ipynb'), 'utf8')) as {
    metadata: Record<string, unknown>;
  };
  notebook.metadata['kernelspec'] = { name: kernel, display_name: kernel, language: 'python' };
  writeFileSync(file, JSON.stringify(notebook));
}

/**
 * Six code cells: two that rest on nothing, one that takes its time, and three that rest on it.
 * @param seconds how long it takes
 */
export function smallNotebook(seconds: number): readonly MadeCell[] {
  return [
    { id: 'title', markdown: '# Orders' },
    { id: 'imports', code: 'import time' },
    { id: 'orders', code: 'orders = [(n, n % 7) for n in range(500)]\nprint(len(orders), "orders")' },
    { id: 'work', markdown: '## Work' },
    {
      id: 'clean',
      code: `time.sleep(${String(seconds)})\nclean = [one for one in orders if one[1] != 3]\nprint(len(clean), "left")`,
    },
    { id: 'total', code: 'total = sum(n for n, _ in clean)\ntotal' },
    { id: 'groups', code: 'groups = {key: sum(1 for _, k in clean if k == key) for key in range(7)}\ngroups' },
    { id: 'summary', code: 'print("total", total, "groups", len(groups))' },
  ];
}
