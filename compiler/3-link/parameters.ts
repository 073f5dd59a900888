import type { Parameter } from '../bundle/format.ts';
import type { Cell } from '../1-read/notebook.ts';
import type { Effects } from '../2-analyze/effects.ts';

/** The parameters of cells tagged `parameters`, with the types of their default values, and the last such cell. */
export function readParameters(
  cells: readonly Cell[],
  effects: readonly Effects[],
): { readonly parameters: readonly Parameter[]; readonly cell?: string } {
  const parameters = new Map<string, Parameter>();
  let last: string | undefined;
  cells.forEach((cell, place) => {
    if (!cell.tags.includes('parameters')) return;
    last = cell.id;
    const lines = cell.source.split('\n');
    for (const bind of effects[place]?.binds ?? []) {
      const text = lines.slice(bind.range.start.line).join('\n').slice(bind.range.start.column);
      const found = /^\w+\s*(?::\s*([\w.[\], |]+?))?\s*=\s*(.*)/.exec(text);
      if (found === null) continue;
      const value = (found[2] ?? '').replace(/\s+#.*$/, '').trim();
      parameters.set(bind.name, {
        name: bind.name,
        cell: cell.id,
        range: bind.range,
        type: typeOf(found[1], value),
        default: value,
      });
    }
  });
  return { parameters: [...parameters.values()], ...(last === undefined ? {} : { cell: last }) };
}

function typeOf(annotation: string | undefined, value: string): Parameter['type'] {
  const named = annotation?.trim();
  if (named === 'str' || named === 'int' || named === 'float' || named === 'bool') return named;
  if (/^[rbuf]{0,2}["']/i.test(value)) return 'str';
  if (/^-?[\d_]+$/.test(value)) return 'int';
  if (/^-?[\d_]*\.?[\d_]*(e-?\d+)?$/i.test(value) && value !== '') return 'float';
  if (value === 'True' || value === 'False') return 'bool';
  if (value === 'None') return 'None';
  if (value.startsWith('[')) return 'list';
  if (value.startsWith('{')) return 'dict';
  return 'unknown';
}
