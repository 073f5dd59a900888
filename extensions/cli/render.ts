import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { renderFrame } from './frame.ts';
import type { ShownCell } from './host.ts';

/** `1 task`, `2 tasks`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Diagnostics as text, errors first. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, ShownCell>): string {
  const rank = { error: 0, warning: 1, info: 2 };
  const sorted = [...diagnostics].sort((left, right) => rank[left.severity] - rank[right.severity]);
  return sorted.map((diagnostic) => `${renderFrame(diagnostic, sources).trimEnd()}\n`).join('\n');
}

/** Columns aligned on their widest word; the last one is left as it is. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      if (column < row.length - 1) widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
