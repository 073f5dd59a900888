import { isQuoted, scanLine, startOfLine, statementEnd } from '../1-read/line-scan.ts';
import type { Parameter } from '../bundle/format.ts';
import type { Cell } from '../1-read/notebook.ts';
import type { Effects, NameUse } from '../2-analyze/effects.ts';

/**
 * The parameters of the first cell tagged `parameters`, with the types of their default values. As in papermill, values are injected
 * after that cell, so a second one could only undo them.
 */
export function readParameters(
  cells: readonly Cell[],
  effects: readonly Effects[],
): { readonly parameters: readonly Parameter[]; readonly cell?: string } {
  const place = cells.findIndex((cell) => cell.tags.includes('parameters'));
  const cell = cells[place];
  if (cell === undefined) return { parameters: [] };
  const parameters = new Map<string, Parameter>();
  for (const bind of effects[place]?.binds ?? []) {
    // What the cell imports or defines is no setting.
    if (/^(?:import|from|def|class|async def) /.test(bind.reason)) continue;
    parameters.set(bind.name, readParameter(cell, bind));
  }
  return { parameters: [...parameters.values()], cell: cell.id };
}

function readParameter(cell: Cell, bind: NameUse): Parameter {
  const lines = cell.source.split('\n').slice(bind.range.start.line);
  const text = [lines[0]?.slice(bind.range.start.column) ?? '', ...lines.slice(1)].join('\n');
  const starts = /(?:^|;)\s*$/.test(lines[0]?.slice(0, bind.range.start.column) ?? '');
  const found = !starts ? null : /^\w+\s*(?::\s*([\w.[\], |]+?))?\s*=(?!=)\s*/.exec(text);
  // Bound in another way, as in `a, b = 1, 2`: it can be set, but has no default to show.
  const value = found === null ? '' : readValue(text.slice(found[0].length));
  return {
    name: bind.name,
    cell: cell.id,
    range: bind.range,
    type: typeOf(found?.[1], value),
    default: value,
  };
}

/** The source of a value up to the end of its statement: over as many lines as its brackets and strings need. */
function readValue(text: string): string {
  const state = startOfLine();
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    lines.push(line);
    scanLine(state, line);
    if (state.depth === 0 && !isQuoted(state) && !line.endsWith('\\')) break;
  }
  const value = lines.join('\n');
  return value.slice(0, statementEnd(value)).trim();
}

function typeOf(annotation: string | undefined, value: string): Parameter['type'] {
  const named = annotation?.trim();
  if (named === 'str' || named === 'int' || named === 'float' || named === 'bool') return named;
  if (/^[rbuf]{0,2}["']/i.test(value)) return 'str';
  if (/^-?[\d_]+$/.test(value)) return 'int';
  if (/^-?[\d_]*\.?[\d_]*(e[-+]?\d+)?$/i.test(value) && value !== '') return 'float';
  if (value === 'True' || value === 'False') return 'bool';
  if (value === 'None') return 'None';
  if (value.startsWith('[')) return 'list';
  if (value.startsWith('{')) return 'dict';
  return 'unknown';
}
