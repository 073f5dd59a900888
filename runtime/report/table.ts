import { escapeHtml } from './ansi.ts';

/** A table: a row is `tr` with what is in it, and begins or ends as it likes. */
export interface Rows {
  /** Titles of the columns; an empty one has none. */
  readonly head: readonly string[];
  readonly rows: readonly string[];
  /** Places of columns of numbers. */
  readonly numbers?: readonly number[];
  /** True for a table that is no wider than it has to be. */
  readonly isNarrow?: boolean;
}

/** A table that scrolls by itself where there is no room for it. */
export function plainTable(title: string, { head, rows, numbers = [], isNarrow = numbers.length > 0 }: Rows): string {
  const columns = head
    .map((word, place) =>
      word === ''
        ? '<td></td>'
        : `<th scope="col"${numbers.includes(place) ? ' class="number"' : ''}>${escapeHtml(word)}</th>`,
    )
    .join('');
  const look = isNarrow ? ' class="narrow"' : '';
  return `<div class="wide" tabindex="0" role="group" aria-label="${escapeHtml(title)}, scrollable"><table${look}><thead><tr>${columns}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** What is not needed at once. */
export function folded(summary: string, content: string): string {
  return `<details><summary>${escapeHtml(summary)}</summary>${content}</details>`;
}
