/** Finds notebooks, lays their projects out for a run, and edits a cell without changing what it does. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The folder that names are relative to: the folder of notebooks itself, or that of the table. */
export function baseOf(source) {
  return path.resolve(statSync(source).isDirectory() ? source : path.dirname(source));
}

/**
 * Notebooks below a folder, or those in the first column of a table with a heading.
 * @param only globs, with commas between them, of which a name must match one
 */
export function listNotebooks(source, { only, limit } = {}) {
  const base = baseOf(source);
  const all = statSync(source).isDirectory() ? notebooksBelow(source) : notebooksOf(source, base);
  return all.filter((name) => matches(path.relative(base, name), only)).slice(0, limit);
}

function notebooksOf(table, base) {
  return readFileSync(table, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[0])
    .filter((name) => name !== '' && existsSync(path.resolve(base, name)))
    .map((name) => path.resolve(base, name));
}

function notebooksBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ipynb') && !name.includes('.ipynb_checkpoints') && !name.includes('.cellwright'))
    .map((name) => path.resolve(folder, name))
    .sort();
}

/** True when a name matches one of the globs, which have commas between them: anywhere in it, or as a whole. */
export function matches(name, only, { isWhole = false } = {}) {
  if (only === undefined) return true;
  return only.split(',').some((glob) => {
    const pattern = glob
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*');
    return new RegExp(isWhole ? `^${pattern}$` : pattern).test(name);
  });
}

/** Copies the project of a notebook, which is the first folder below `base`, else the notebook's own; gives the notebook's copy. */
export function layOut(notebook, base, copy) {
  const relative = path.relative(base, notebook);
  const inProject = relative.includes(path.sep) && !relative.startsWith('..');
  const project = inProject ? path.join(base, relative.split(path.sep)[0]) : path.dirname(notebook);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of readdirSync(project))
    cpSync(path.join(project, name), path.join(copy, name), { recursive: true, verbatimSymlinks: inProject });
  return path.join(copy, path.relative(project, notebook));
}

/**
 * Puts `pass`, or `void 0` in TypeScript, before the first line of a cell: its code is another, what it does is not.
 * @param part where the cell is among those that can be edited so, from 0 to 1
 * @returns the cell's place in the notebook; undefined when there is no such cell
 */
export function editCell(file, part) {
  const notebook = JSON.parse(readFileSync(file, 'utf8'));
  const all = notebook.cells ?? notebook.worksheets?.[0]?.cells ?? [];
  const text = (cell) => [cell.source ?? cell.input ?? ''].flat().join('');
  const cells = all.filter((cell) => {
    const code = text(cell);
    return cell.cell_type === 'code' && code.trim() !== '' && !/^\s*(?:%%|!|\?)|\?\s*$|__future__|%%?time/.test(code);
  });
  const cell = cells[Math.floor(cells.length * part)];
  if (cell === undefined) return undefined;
  const isScript = /^(?:deno|tslab|jslab)$/.test(notebook.metadata?.kernelspec?.name ?? '');
  const edited = `${isScript ? 'void 0;' : 'pass'}\n${text(cell)}`;
  if ('source' in cell) cell.source = edited;
  else cell.input = edited;
  writeFileSync(file, JSON.stringify(notebook));
  return all.indexOf(cell);
}
