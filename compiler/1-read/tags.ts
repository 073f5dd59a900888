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

/** Tags that mean something here. Tags are free words, so others mean nothing and are no mistake. */
const tagsOfOurs = ['parameters', 'injected-parameters', 'raises-exception', 'skip-execution', 'gate'] as const;
/** A shorter tag is too near to other words: date, rate, state. */
const shortestToMistype = 8;

/** What a cell's tags and `#|` lines ask for; an unknown directive or value is an error with a suggestion. */
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
    const [, name = '', written = 'true'] = found;
    const value = plainValue(written);
    const problem = own.some((known) => known === name)
      ? misfit(name, value)
      : ofQuarto.has(name)
        ? undefined
        : unknownDirective(name);
    if (problem === undefined) given.set(name, value);
    else diagnostics.push({ ...problem, severity: 'error', location: placeOf(cell, line, text), related: [] });
  }
  for (const tag of cell.tags) {
    const problem = mistypedTag(tag);
    if (problem === undefined) continue;
    diagnostics.push({ ...problem, severity: 'warning', location: { cell: cell.id, index: cell.index }, related: [] });
  }
  const timeout = given.get('timeout');
  const label = given.get('label');
  return {
    directives: {
      ...(label === undefined ? {} : { label }),
      cache: given.get('cache') !== 'false',
      raisesException: cell.tags.includes('raises-exception') || given.get('raises-exception') === 'true',
      skip: cell.tags.includes('skip-execution'),
      gate: cell.tags.includes('gate') || given.get('gate') === 'true',
      ...(timeout === undefined ? {} : { timeout: Number(timeout) }),
    },
    diagnostics,
  };
}

/** A YAML scalar without its comment and its quotes; true and false in any case. */
function plainValue(written: string): string {
  const value = written
    .replace(/(?:^|\s)#.*$/, '')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2');
  return /^(?:true|false)$/i.test(value) ? value.toLowerCase() : value;
}

type Problem = Pick<Diagnostic, 'code' | 'message' | 'help'>;

/** Why a directive of ours does not take a value. */
function misfit(name: string, value: string): Problem | undefined {
  const wrong = (help: string): Problem => ({
    code: 'CW121',
    message: `The directive ${name} does not take ${value === '' ? 'nothing' : value}.`,
    help,
  });
  if (name === 'label') return value === '' ? wrong('Give a name, for example `#| label: train`.') : undefined;
  if (name === 'timeout') {
    return Number(value) > 0 && Number.isFinite(Number(value)) ? undefined : wrong('Give a number of seconds.');
  }
  return value === 'true' || value === 'false' ? undefined : wrong('Give true or false.');
}

function placeOf(cell: Cell, line: number, text: string): NonNullable<Diagnostic['location']> {
  const range = { start: { line, column: 0 }, end: { line, column: text.length } };
  return { cell: cell.id, index: cell.index, range };
}

function unknownDirective(name: string): Problem {
  const near = closest(name, [...own, ...ofQuarto]);
  const help = near === undefined ? `Directives are ${own.join(', ')}.` : `Did you mean ${near}?`;
  return { code: 'CW120', message: `There is no directive ${name}.`, help };
}

/** A warning for a tag that is almost one of ours: without it the cell would run as if it had none. */
function mistypedTag(tag: string): Problem | undefined {
  if (tagsOfOurs.some((known) => known === tag)) return undefined;
  const long = tagsOfOurs.filter((known) => known.length >= shortestToMistype);
  const near =
    tagsOfOurs.find((known) => known === tag.toLowerCase()) ?? closest(tag.toLowerCase().replaceAll('_', '-'), long);
  if (near === undefined) return undefined;
  return {
    code: 'CW122',
    message: `The tag ${tag} has no effect.`,
    help: `Did you mean ${near}? A tag that is meant for something else can stay.`,
  };
}

/** The candidate within two edits of a word, if there is one. */
function closest(word: string, candidates: readonly string[]): string | undefined {
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
