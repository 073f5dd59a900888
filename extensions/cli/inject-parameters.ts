import type { ParameterValues } from './parameters.ts';
import type { ParameterValue } from './python-literal.ts';
import { commentMark } from '../ui/comment-mark.ts';
import { assignmentsIn } from './assignments.ts';

interface DocumentCell {
  readonly id?: string;
  readonly cell_type: string;
  readonly metadata: { readonly tags?: readonly string[] };
  readonly source?: string | readonly string[];
}

/** By the name of a parameter, the ids of the cells tagged `parameters` that bind or declare it. */
export type ParameterPlaces = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The ids of the cells with a tag.
 * @param document nbformat 4.5 JSON text
 */
export function cellsTagged(document: string, tag: string): ReadonlySet<string> {
  const { cells } = JSON.parse(document) as { readonly cells: readonly DocumentCell[] };
  return new Set(
    cells.flatMap(({ id, metadata }) => (id !== undefined && metadata.tags?.includes(tag) === true ? [id] : [])),
  );
}

/**
 * The notebook with a cell that assigns the values, where papermill puts it: in place of an earlier injected cell, else after the
 * cell tagged `parameters`. Of several such cells each that binds a given name has one after it.
 * @param document nbformat 4.5 JSON text
 */
export function injectParameters(
  document: string,
  values: ParameterValues,
  { places, language }: { readonly places: ParameterPlaces; readonly language: string },
): string {
  const notebook = JSON.parse(document) as { cells: DocumentCell[] };
  const { cells } = notebook;
  const isTagged = (cell: DocumentCell | undefined, tag: string): boolean =>
    cell?.metadata.tags?.includes(tag) === true;
  const tagged = cells.flatMap((cell, at) => (isTagged(cell, 'parameters') ? [at] : []));
  // From the last on, so that the places of the others stay what they are.
  for (const [order, at] of [...tagged.entries()].reverse()) {
    const id = cells[at]?.id ?? '';
    const own = [...values].filter(([name]) => places.get(name)?.has(id) === true);
    const from = order === 0 ? 0 : at;
    const injected = cells.findIndex(
      (cell, place) =>
        place >= from && place < (tagged[order + 1] ?? cells.length) && isTagged(cell, 'injected-parameters'),
    );
    const made = own.length === 0 ? [] : [injectedCell(own, cells, language)];
    if (injected >= 0) cells.splice(injected, 1, ...made);
    else cells.splice(at + 1, 0, ...made);
  }
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

function injectedCell(
  values: readonly (readonly [string, ParameterValue])[],
  cells: readonly DocumentCell[],
  language: string,
): DocumentCell {
  const ids = new Set(cells.map((cell) => cell.id));
  let id = 'injected-parameters';
  while (ids.has(id)) id += '-1';
  const declaring = cells
    .filter(({ metadata }) => metadata.tags?.includes('parameters') === true)
    .map(({ source = '' }) => (typeof source === 'string' ? source : source.join('')));
  const { assign } = assignmentsIn(language);
  const lines = values.map(([name, value]) => assign(name, value, declaring));
  const cell = {
    cell_type: 'code',
    execution_count: null,
    id,
    metadata: { tags: ['injected-parameters'] },
    outputs: [],
    source: `${commentMark(language)} Parameters\n${lines.join('\n')}\n`,
  };
  return cell;
}
