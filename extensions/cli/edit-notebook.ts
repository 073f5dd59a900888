import { writeNotebook } from './write-notebook.ts';

/** The new source of a cell, by its place in the notebook. */
export type NewSources = ReadonlyMap<number, { readonly before: string; readonly after: string }>;

interface RawCell {
  source: string | readonly string[];
}

/**
 * The text of a notebook file with other sources of some cells, and everything else as it was; undefined when a cell's text is not
 * found as it was read.
 */
export function editNotebook(text: string, isJson: boolean, sources: NewSources): string | undefined {
  return isJson ? editJson(text, sources) : editScript(text, sources);
}

function editJson(text: string, sources: NewSources): string | undefined {
  const notebook = JSON.parse(text) as { readonly cells: RawCell[] };
  const style = styleOf(text, notebook);
  for (const [index, { before, after }] of sources) {
    const cell = notebook.cells[index];
    if (cell === undefined || joined(cell.source) !== before) return undefined;
    const lines = after.split(/(?<=\n)/);
    cell.source = typeof cell.source === 'string' ? after : lines;
  }
  return style(notebook);
}

function joined(source: RawCell['source']): string {
  return typeof source === 'string' ? source : source.join('');
}

/** How the file was written: by Jupyter, or by a program with its own order and indentation. */
function styleOf(text: string, notebook: object): (notebook: object) => string {
  const styles = [1, 2, 4, '\t', 0].flatMap((indent) =>
    ['\n', ''].map((end) => (one: object) => `${JSON.stringify(one, null, indent)}${end}`),
  );
  return styles.find((style) => style(notebook) === text) ?? writeNotebook;
}

function editScript(text: string, sources: NewSources): string | undefined {
  const ends = text.includes('\r\n') ? '\r\n' : '\n';
  let result = '';
  let rest = text.replaceAll('\r\n', '\n');
  for (const [, { before, after }] of [...sources].sort(([left], [right]) => left - right)) {
    const at = wholeLines(rest, before);
    if (at === undefined) return undefined;
    result += rest.slice(0, at) + after;
    rest = rest.slice(at + before.length);
  }
  return (result + rest).replaceAll('\n', ends);
}

/** Where a text stands that begins and ends with lines. */
function wholeLines(text: string, part: string): number | undefined {
  for (let at = text.indexOf(part); at >= 0 && part !== ''; at = text.indexOf(part, at + 1)) {
    const end = at + part.length;
    const isWhole = (at === 0 || text[at - 1] === '\n') && (end === text.length || text[end] === '\n');
    if (isWhole) return at;
  }
  return undefined;
}
