/** Notebooks for the workbench, as files. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../environment.ts';

interface NotebookFile {
  readonly cells: readonly { readonly id: string; readonly cell_type: string }[];
}

/** The flights sample up to a cell: the same real data, and seconds in place of minutes. */
export function writeFlights(folder: string, last: string): number {
  const text = readFileSync(path.join(root, 'samples', 'flights', 'notebook.ipynb'), 'utf8');
  const notebook = JSON.parse(text) as NotebookFile;
  const cells = notebook.cells.slice(0, notebook.cells.findIndex(({ id }) => id === last) + 1);
  writeFileSync(path.join(folder, 'flights.ipynb'), JSON.stringify({ ...notebook, cells }, null, 1));
  return cells.filter(({ cell_type: kind }) => kind === 'code').length;
}

/** A notebook of code cells. */
export function writeCells(folder: string, name: string, sources: readonly string[]): void {
  const cells = sources.map((source, place) => ({
    ...{ cell_type: 'code', id: `cell-${String(place + 1)}`, metadata: {}, source, outputs: [], execution_count: null },
  }));
  const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
  const metadata = { kernelspec, language_info: { name: 'python' } };
  writeFileSync(path.join(folder, name), JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1));
}

/** The sample of Deno's kernel, with its data. */
export function writeTypeScript(folder: string): void {
  cpSync(path.join(root, 'samples', 'typescript'), folder, { recursive: true });
}
