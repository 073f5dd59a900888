import type { Location } from '../bundle/diagnostic.ts';
import type { Cell } from './notebook.ts';

/** A line `#| name: value` at the top of a cell, or `//| name: value` where comments begin like that. */
export interface DirectiveLine {
  readonly name: string;
  /** What stands behind the colon, without the space around it; `true` when there is no colon. */
  readonly written: string;
  /** Where that begins, in UTF-16 units from the start of the line. */
  readonly column: number;
  readonly line: number;
  readonly location: Location;
}

/** The directives of a cell: lines before its first line of code. */
export function directiveLines(cell: Cell): readonly DirectiveLine[] {
  const found: DirectiveLine[] = [];
  for (const [line, text] of cell.source.split('\n').entries()) {
    const parts = /^(\s*(?:#|\/\/)\|\s*([\w-]+)\s*)(?::(\s*)(.*))?$/.exec(text);
    if (parts === null) {
      if (text.trim() !== '' && !/^\s*(?:#|\/\/)/.test(text) && !text.startsWith('%%')) break;
      continue;
    }
    const [, before = '', name = '', space = '', written = 'true'] = parts;
    const range = { start: { line, column: 0 }, end: { line, column: text.length } };
    found.push({
      name,
      written: written.trim(),
      column: before.length + 1 + space.length,
      line,
      location: { cell: cell.id, index: cell.index, range },
    });
  }
  return found;
}
