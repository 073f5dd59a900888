/** Hazards as text: how a case is read, written as a notebook, and what its outputs should be. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Cells of a text: they are separated by a line of `---`, after which tags of the cell may follow.
 * @returns the source and the tags of each cell
 */
export function splitCells(text) {
  const parts = text.split(/^---(?: ([\w -]+))?\n/m);
  const cells = [{ source: parts[0], tags: [] }];
  for (let at = 1; at < parts.length; at += 2)
    cells.push({ source: parts[at + 1], tags: parts[at]?.trim().split(/\s+/) ?? [] });
  return cells;
}

/** How the kernels of cases are named in a notebook. */
const kernelspecs = {
  python3: { display_name: 'Python 3', language: 'python' },
  deno: { display_name: 'Deno', language: 'typescript' },
  tslab: { display_name: 'TypeScript', language: 'typescript' },
  jslab: { display_name: 'JavaScript', language: 'javascript' },
};

/** A notebook with these code cells, as a value. */
export function notebookOf(cells, kernel = 'python3') {
  return {
    cells: cells.map(({ source, tags }, index) => ({
      cell_type: 'code',
      id: `cell-${String(index)}`,
      metadata: tags.length === 0 ? {} : { tags },
      source: source.trimEnd(),
      outputs: [],
      execution_count: null,
    })),
    metadata: { kernelspec: { name: kernel, ...kernelspecs[kernel] } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/** Writes cells as a notebook; the folder is made. */
export function writeCells(file, cells, kernel) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(notebookOf(cells, kernel), null, 1));
}

const head = /^# (HAZARD|MISSED|NEEDS|ALSO|KERNEL) (.*)\n/;

/** Takes the lines apart with which a case begins; those that are not there are empty. */
export function parseCase(text) {
  const said = { HAZARD: [], MISSED: [], NEEDS: [], ALSO: [], KERNEL: [] };
  let rest = text;
  for (let found = head.exec(rest); found !== null; found = head.exec(rest)) {
    said[found[1]].push(found[2].trim());
    rest = rest.slice(found[0].length);
  }
  const words = (lines) => lines.flatMap((line) => line.split(/\s+/));
  return {
    hazard: said.HAZARD.join(' '),
    missed: said.MISSED.join(' '),
    needs: words(said.NEEDS),
    also: words(said.ALSO),
    kernel: said.KERNEL[0] ?? 'python3',
    cells: splitCells(rest),
  };
}

/** All cases of a folder, by name. */
export function readCases(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => {
      const file = path.join(folder, name);
      return { name: name.slice(0, -4), file, ...parseCase(readFileSync(file, 'utf8')) };
    });
}

const joined = (value) => (Array.isArray(value) ? value.join('') : value);

function bareData(data) {
  const entries = Object.entries(data ?? {}).map(([type, content]) => {
    const value = Array.isArray(content) ? joined(content) : content;
    if (!type.startsWith('image/') || typeof value !== 'string') return [type, value];
    return [type, `sha256:${createHash('sha256').update(value.replaceAll(/\s/g, '')).digest('hex')}`];
  });
  return Object.fromEntries(entries);
}

/** A line of an installed package is elsewhere on another machine, and another one in another version. */
const ofPackages = /[^\s'"]*\/site-packages\/([^\s:'"]+):\d+:/g;

/** What stands before a line that a warning shows in a cell that was edited to be other code and do the same. */
const ofEdit = /^(\s+)(?:pass|void 0); /gm;

/** An output without what says nothing about the cell: counts, metadata and tracebacks; images by their digest. */
function bareOutput(output) {
  const { output_type, name, ename, evalue } = output;
  if (output_type === 'stream') {
    const text = joined(output.text).replaceAll(ofPackages, '$1:').replaceAll(ofEdit, '$1');
    return { output_type, name, text };
  }
  if (output_type === 'error') return { output_type, ename, evalue };
  return { output_type, data: bareData(output.data) };
}

/** The bare outputs of each code cell of an executed notebook. */
export function bareOutputs(notebook) {
  const cells = notebook.cells.filter(({ cell_type }) => cell_type === 'code');
  return cells.map(({ outputs }) => (outputs ?? []).map(bareOutput));
}

/** A notebook of these sources and outputs, for a comparison. */
export function withOutputs(cells, outputs, kernel) {
  const notebook = notebookOf(cells, kernel);
  notebook.cells.forEach((cell, index) => (cell.outputs = outputs[index] ?? []));
  return notebook;
}

/** Where the outputs of a case are kept: beside it. */
export function truthFile({ file }) {
  return file.replace(/\.txt$/, '.json');
}

/** The outputs that Restart & Run All gives, cell by cell; undefined when they were not made yet. */
export function readTruth(found) {
  const file = truthFile(found);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).cells : undefined;
}
