import type { Diagnostic } from '../bundle/diagnostic.ts';
import type { Directives } from '../bundle/format.ts';
import { closest } from './closest.ts';
import { directiveLines, type DirectiveLine } from './directive-lines.ts';
import { isMeasure, readMeasures, type WrittenMeasures } from './measure-lines.ts';
import type { Cell } from './notebook.ts';
import { isPlacement, otherWords, placementNames, readPlacement } from './placement-lines.ts';
import { plainValue } from './plain-value.ts';

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
const own = ['label', 'cache', 'gate', 'metric', 'slices', 'timeout', 'raises-exception', ...placementNames] as const;

/** Tags that mean something here. Tags are free words, so others mean nothing and are no mistake. */
const tagsOfOurs = ['parameters', 'injected-parameters', 'raises-exception', 'skip-execution', 'gate'] as const;
/** A shorter tag is too near to other words: date, rate, state. */
const shortestToMistype = 8;

/** What a cell's tags and `#|` lines ask for; an unknown directive or value is an error with a suggestion. */
export function readDirectives(cell: Cell): {
  readonly directives: Directives;
  readonly measures: WrittenMeasures;
  readonly diagnostics: readonly Diagnostic[];
} {
  const lines = directiveLines(cell);
  const measures = readMeasures(lines.filter(isMeasure));
  const placement = readPlacement(lines.filter(isPlacement));
  const diagnostics: Diagnostic[] = [...measures.diagnostics, ...placement.diagnostics];
  const given = new Map<string, string>();
  for (const line of lines.filter((one) => !isMeasure(one) && !isPlacement(one))) {
    const value = plainValue(line.written);
    const problem = problemOf(line, value);
    if (problem === undefined) given.set(line.name, value);
    else diagnostics.push({ ...problem, severity: 'error', location: line.location, related: [] });
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
      ...placement.value,
    },
    measures: measures.value,
    diagnostics,
  };
}

function problemOf({ name }: DirectiveLine, value: string): Problem | undefined {
  if (own.some((known) => known === name)) return misfit(name, value);
  return ofQuarto.has(name) ? undefined : unknownDirective(name);
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

function unknownDirective(name: string): Problem {
  const near = otherWords[name.toLowerCase().replaceAll('_', '-')] ?? closest(name, [...own, ...ofQuarto]);
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
