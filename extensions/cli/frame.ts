import type { Diagnostic, Location } from '../../compiler/bundle/diagnostic.ts';
import type { ShownCell } from './host.ts';

/** A diagnostic as text with its place. */
export function renderFrame(diagnostic: Diagnostic, cells: ReadonlyMap<string, ShownCell>): string {
  const { code, severity, message, help, location } = diagnostic;
  const lines = [`${severity} ${code}: ${message}`];
  if (location !== undefined) lines.push(`  at ${describePlace(location, cells)}`, ...excerpt(location, cells));
  for (const related of diagnostic.related)
    lines.push(`  ${describePlace(related.location, cells)}: ${related.message}`);
  lines.push(`  ${help}`);
  return `${lines.join('\n')}\n`;
}

/** `In [3], line 2 (cell 5, id)`: the number that Jupyter shows, and the place in the file with all cells counted. */
function describePlace({ cell, index, range }: Location, cells: ReadonlyMap<string, ShownCell>): string {
  const count = cells.get(cell)?.executionCount ?? 0;
  const line = range === undefined ? '' : `, line ${range.start.line + 1}`;
  if (count > 0) return `In [${count}]${line} (cell ${index + 1}, ${cell})`;
  return `cell ${index + 1}${line}${cell === '' ? '' : ` (${cell})`}`;
}

/** The line of the source, with the place underlined. */
function excerpt({ cell, range }: Location, cells: ReadonlyMap<string, ShownCell>): string[] {
  const line = range === undefined ? undefined : cells.get(cell)?.source.split('\n')[range.start.line];
  if (range === undefined || line === undefined) return [];
  const { start, end } = range;
  // A range over several lines is marked to the end of its first.
  const last = end.line === start.line ? end.column : line.length;
  // A minified line would fill the screen.
  const from = start.column > 100 ? start.column - 20 : 0;
  const shown = `${from > 0 ? '…' : ''}${line.slice(from, from + 160)}${line.length > from + 160 ? '…' : ''}`;
  const column = start.column - from + (from > 0 ? 1 : 0);
  const width = Math.max(1, Math.min(last - start.column, shown.length - column));
  const printable = shown.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, '\uFFFD');
  return [
    `  ${String(start.line + 1).padStart(4)} | ${printable}`,
    `       | ${printable.slice(0, column).replaceAll(/[^\t]/g, ' ')}${'^'.repeat(width)}`,
  ];
}
