import type { Cell } from '../1-read/notebook.ts';
import type { Effects } from '../2-analyze/effects.ts';

/** A readable, unique name for a task: its number and the label, what it binds first, or the heading above. */
export function taskName(
  number: number,
  cell: Cell,
  label: string | undefined,
  effects: Effects,
  heading: string,
): string {
  const bound = effects.binds.find((use) => !effects.imports.includes(use.name))?.name;
  const imported = effects.imports.length > 0 && bound === undefined ? 'imports' : undefined;
  const words = label ?? imported ?? bound ?? (heading === '' ? 'cell' : heading);
  return `${String(number).padStart(2, '0')}_${slug(words === '' ? cell.id : words)}`;
}

function slug(text: string): string {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return plain.slice(0, 40) === '' ? 'cell' : plain.slice(0, 40);
}

/** The text of the nearest Markdown heading at or above a cell. */
export function headingAbove(cells: readonly Cell[], index: number): string {
  for (let at = index - 1; at >= 0; at--) {
    const cell = cells[at];
    if (cell?.kind !== 'markdown') continue;
    const found = /^#{1,6}\s+(.+)$/m.exec(cell.source);
    if (found !== null) return found[1] ?? '';
  }
  return '';
}
