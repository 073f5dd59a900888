import type { Diagnostic } from '../bundle/diagnostic.ts';
import type { Directives } from '../bundle/format.ts';
import type { Cell } from './notebook.ts';

/** Options of Quarto that say how a document looks; they mean nothing here and are no mistake. */
const ofQuarto: ReadonlySet<string> = new Set([
  'echo',
  'eval',
  'output',
  'warning',
  'error',
  'include',
  'code-fold',
  'code-summary',
  'code-overflow',
  'code-line-numbers',
  'fig-cap',
  'fig-alt',
  'fig-width',
  'fig-height',
  'fig-align',
  'fig-subcap',
  'fig-format',
  'fig-dpi',
  'tbl-cap',
  'layout',
  'layout-ncol',
  'layout-nrow',
  'column',
  'results',
  'message',
  'lst-cap',
  'lst-label',
  'tags',
  'id',
  'export',
  'hide',
  'default_exp',
  'panel',
  'classes',
  'renderings',
  'slideshow',
  'code-annotations',
  'freeze',
]);
const own = ['label', 'cache', 'gate', 'timeout', 'raises-exception'] as const;

/** What a cell's tags and `#|` lines ask for; an unknown directive is an error with a suggestion. */
export function readDirectives(cell: Cell): {
  readonly directives: Directives;
  readonly diagnostics: readonly Diagnostic[];
} {
  const given = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  for (const [line, text] of cell.source.split('\n').entries()) {
    const found = /^\s*#\|\s*([\w-]+)\s*(?::\s*(.*))?$/.exec(text);
    if (found === null) {
      if (text.trim() !== '' && !text.trim().startsWith('#') && !text.startsWith('%%')) break;
      continue;
    }
    const [, name = '', value = 'true'] = found;
    if (own.some((known) => known === name)) given.set(name, value.trim());
    else if (!ofQuarto.has(name)) diagnostics.push(unknownDirective(cell, line, text, name));
  }
  const timeout = Number(given.get('timeout'));
  const label = given.get('label');
  return {
    directives: {
      ...(label === undefined ? {} : { label }),
      cache: given.get('cache') !== 'false',
      raisesException: cell.tags.includes('raises-exception') || given.get('raises-exception') === 'true',
      skip: cell.tags.includes('skip-execution'),
      gate: cell.tags.includes('gate') || given.has('gate'),
      ...(timeout > 0 ? { timeout } : {}),
    },
    diagnostics,
  };
}

function unknownDirective(cell: Cell, line: number, text: string, name: string): Diagnostic {
  const near = closest(name, [...own, ...ofQuarto]);
  return {
    code: 'CW120',
    severity: 'error',
    message: `There is no directive ${name}.`,
    help: near === undefined ? `Directives are ${own.join(', ')}.` : `Did you mean ${near}?`,
    location: {
      cell: cell.id,
      index: cell.index,
      range: { start: { line, column: 0 }, end: { line, column: text.length } },
    },
    related: [],
  };
}

/** The candidate within two edits of a word, if there is one. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = 3;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, place) => place);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      next.push(
        Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)),
      );
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
