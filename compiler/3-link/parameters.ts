import { isQuoted, scanLine, startOfLine, statementEnd } from '../1-read/line-scan.ts';
import type { Parameter } from '../bundle/format.ts';
import type { Cell } from '../1-read/notebook.ts';
import type { NameUse } from '../2-analyze/effects.ts';
import type { ParameterReader } from './tagged-parameters.ts';

/** How Python writes parameters. */
export const pythonParameters: ParameterReader = {
  bound: (cell, bind) =>
    /^(?:import|from|def|class|async def) /.test(bind.reason) ? undefined : readParameter(cell, bind),
  declared: readDeclared,
};

/** Names with an annotation and no value, `city: str`: who runs the notebook has to give one. */
function readDeclared(cell: Cell): readonly Parameter[] {
  const found: Parameter[] = [];
  const state = startOfLine();
  for (const [line, text] of cell.source.split('\n').entries()) {
    const starts = state.depth === 0 && !isQuoted(state);
    scanLine(state, text);
    const [, name, annotation] = (starts ? /^([^\W\d]\w*)\s*:\s*([^=#;]+?)\s*(?:#.*)?$/u.exec(text) : null) ?? [];
    if (name === undefined || annotation === undefined || blocks.has(name)) continue;
    const range = { start: { line, column: 0 }, end: { line, column: name.length } };
    found.push({ name, cell: cell.id, range, type: typeOf(annotation, ''), default: '', required: true });
  }
  return found;
}

/** Words that a colon follows where no name is declared. */
const blocks = new Set(['else', 'try', 'finally', 'except', 'lambda']);

function readParameter(cell: Cell, bind: NameUse): Parameter {
  const lines = cell.source.split('\n').slice(bind.range.start.line);
  const text = [lines[0]?.slice(bind.range.start.column) ?? '', ...lines.slice(1)].join('\n');
  const starts = /(?:^|;)\s*$/.test(lines[0]?.slice(0, bind.range.start.column) ?? '');
  const found = !starts ? null : /^\w+\s*(?::\s*([\w.[\], |'"]+?))?\s*=(?!=)\s*/.exec(text);
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

const annotated: Readonly<Record<string, Parameter['type']>> = {
  str: 'str',
  int: 'int',
  float: 'float',
  bool: 'bool',
  list: 'list',
  List: 'list',
  dict: 'dict',
  Dict: 'dict',
  Any: 'unknown',
  object: 'unknown',
};

/** The type that an annotation names; `Optional[int]` and `int | None` are integers, as None is always allowed. */
function typeOfAnnotation(text: string): Parameter['type'] | undefined {
  const inner = /^(?:typing\.)?Optional\[(.*)\]$/.exec(text)?.[1] ?? text;
  const choices = inner.split('|').map((choice) => choice.trim());
  const [only, more] = choices.filter((choice) => choice !== 'None');
  if (only === undefined) return undefined;
  // Of several types any will do.
  if (more !== undefined || /^(?:typing\.)?Union\[/.test(only)) return 'unknown';
  const name = /^(?:typing\.)?(\w+)(?:\[.*\])?$/.exec(only)?.[1] ?? '';
  return Object.hasOwn(annotated, name) ? annotated[name] : undefined;
}

function typeOf(annotation: string | undefined, value: string): Parameter['type'] {
  const named = annotation === undefined ? undefined : typeOfAnnotation(annotation.trim());
  if (named !== undefined) return named;
  if (/^[rbuf]{0,2}["']/i.test(value)) return 'str';
  if (/^-?[\d_]+$/.test(value)) return 'int';
  if (/^-?[\d_]*\.?[\d_]*(e[-+]?\d+)?$/i.test(value) && value !== '') return 'float';
  if (value === 'True' || value === 'False') return 'bool';
  if (value === 'None') return 'None';
  if (value.startsWith('[')) return 'list';
  if (value.startsWith('{')) return 'dict';
  return 'unknown';
}
