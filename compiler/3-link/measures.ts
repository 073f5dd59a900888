import type { Diagnostic, Location } from '../bundle/diagnostic.ts';
import type { Formula, GateDirective, Measures, MetricDirective } from '../bundle/format.ts';
import { closest } from '../1-read/closest.ts';
import type { WrittenMeasures } from '../1-read/measure-lines.ts';
import type { Effects, LanguageAnalyzer, NameUse } from '../2-analyze/effects.ts';
import type { Knowledge } from '../knowledge/load.ts';

/** A code cell, and what it asks to be measured. */
export interface MeasuredCell {
  readonly effects: Effects;
  readonly written: WrittenMeasures;
}

/** What is measured after each cell, undefined for nothing, and what the cells do with that counted in. */
export interface UnderstoodMeasures {
  readonly measures: readonly (Measures | undefined)[];
  readonly effects: readonly Effects[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Understands what the cells ask to be measured: conditions as expressions, and every name as one that there is. */
export function understandMeasures(
  cells: readonly MeasuredCell[],
  { analyzer, knowledge }: { readonly analyzer: LanguageAnalyzer; readonly knowledge: Knowledge },
): UnderstoodMeasures {
  const diagnostics: Diagnostic[] = [];
  const understood = cells.map((cell) => understandCell(cell, analyzer, diagnostics));
  const recorded = new Set(understood.flatMap(({ measures }) => measures?.metrics.map(({ name }) => name) ?? []));
  understood.forEach(({ reads, formulas }, place) => {
    const known = namesUpTo(cells.slice(0, place + 1));
    for (const use of known === undefined ? [] : reads) {
      const [name = ''] = use.name.split('.');
      if (!known?.has(name) && !knowledge.builtinNames.has(name))
        diagnostics.push(unknownName(use, known ?? new Set()));
    }
    const sliced = slicesUpTo(understood.slice(0, place + 1).map(({ measures }) => measures));
    for (const { formula, location } of formulas)
      for (const part of partsOf(formula)) {
        const problem = problemOf(part, recorded, sliced);
        if (problem !== undefined) diagnostics.push({ ...problem, severity: 'error', location, related: [] });
      }
  });
  return {
    measures: understood.map(({ measures }) => measures),
    effects: understood.map(({ effects }) => effects),
    diagnostics,
  };
}

/** A name that something measured uses, and where. */
interface Named {
  readonly name: string;
  readonly location: Location;
}

interface Understood {
  readonly measures: Measures | undefined;
  readonly effects: Effects;
  readonly reads: readonly Named[];
  readonly formulas: readonly { readonly formula: Formula; readonly location: Location }[];
}

function understandCell(
  { effects, written }: MeasuredCell,
  analyzer: LanguageAnalyzer,
  said: Diagnostic[],
): Understood {
  const metrics = new Map<string, MetricDirective>();
  const reads: Named[] = [];
  const formulas: { formula: Formula; location: Location }[] = [];
  const gates: GateDirective[] = [];
  let merged = effects;
  for (const { location, ...metric } of written.metrics) {
    metrics.set(metric.name, metric);
    reads.push({ name: metric.name, location });
  }
  for (const { text, location } of written.gates) {
    const start = location.range?.start ?? { line: 0, column: 1 };
    const read = analyzer.readCondition(text, start);
    if (!read.ok) {
      said.push(notUnderstood(read, location));
      continue;
    }
    const { formula } = read;
    gates.push(formula === undefined ? { condition: text } : { condition: text, formula });
    if (formula === undefined) {
      reads.push(...read.effects.reads.map(({ name, range }) => ({ name, location: { ...location, range } })));
      merged = joinEffects(merged, read.effects);
      continue;
    }
    formulas.push({ formula, location });
    for (const part of partsOf(formula)) {
      if (part.kind !== 'metric') continue;
      reads.push({ name: part.name, location });
      if (!metrics.has(part.name)) metrics.set(part.name, { name: part.name });
    }
  }
  for (const { of, location } of written.slices) if (of !== undefined) reads.push({ name: of, location });
  const slices = written.slices.map(({ columns, of }) => ({ columns, ...(of === undefined ? {} : { of }) }));
  const isEmpty = metrics.size + gates.length + slices.length === 0;
  merged = joinEffects(merged, { ...nothing, reads: reads.map(asRead) });
  return {
    measures: isEmpty ? undefined : { metrics: [...metrics.values()], gates, slices },
    effects: isEmpty ? effects : merged,
    reads,
    formulas,
  };
}

function asRead({ name, location }: Named): NameUse {
  const range = location.range ?? { start: { line: 0, column: 0 }, end: { line: 0, column: 0 } };
  return {
    name: name.split('.')[0] ?? name,
    range,
    certainty: 'must',
    assumed: false,
    reason: 'measured after the cell',
  };
}

type Joined = Pick<
  Effects,
  'reads' | 'steps' | 'summaries' | 'state' | 'files' | 'outside' | 'unobservable' | 'unknown'
>;

const nothing: Joined = {
  reads: [],
  steps: [],
  summaries: [],
  state: [],
  files: [],
  outside: [],
  unobservable: [],
  unknown: [],
};

/** What a cell does when something is evaluated after it. */
function joinEffects(cell: Effects, after: Joined): Effects {
  const bound = new Set(cell.binds.filter(({ certainty }) => certainty === 'must').map(({ name }) => name));
  const read = new Set(cell.reads.map(({ name }) => name));
  return {
    ...cell,
    reads: [...cell.reads, ...after.reads.filter(({ name }) => !bound.has(name) && !read.has(name))],
    steps: [...cell.steps, ...after.steps],
    summaries: [...cell.summaries, ...after.summaries],
    state: [...cell.state, ...after.state],
    files: [...cell.files, ...after.files],
    outside: [...cell.outside, ...after.outside],
    unobservable: [...cell.unobservable, ...after.unobservable],
    unknown: [...cell.unknown, ...after.unknown],
  };
}

/** Every name that these cells bind; undefined when they may bind others. */
function namesUpTo(cells: readonly MeasuredCell[]): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const { effects } of cells) {
    if (effects.unknown.length > 0 || effects.unobservable.length > 0) return undefined;
    if (effects.steps.some(({ kind }) => kind === 'star')) return undefined;
    if (callsText.test(effects.normalised)) return undefined;
    for (const { name } of effects.binds) names.add(name);
    for (const summary of effects.summaries) for (const { name } of summary.binds) names.add(name);
  }
  return names;
}

/** Names may come about by text, or by the dict of variables. */
const callsText = /\b(?:exec|eval|globals|locals|vars|setattr|run_cell|get_ipython)\s*\(/;

function slicesUpTo(measures: readonly (Measures | undefined)[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const one of measures)
    for (const { columns } of one?.slices ?? [])
      for (const column of columns) for (const { name } of one?.metrics ?? []) found.add(`${name} by ${column}`);
  return found;
}

/** A formula with all that is in it. */
function partsOf(formula: Formula): readonly Formula[] {
  if (!('of' in formula)) return [formula];
  const inner: readonly Formula[] = 'kind' in formula.of ? [formula.of] : formula.of;
  return [formula, ...inner.flatMap(partsOf)];
}

type Problem = Pick<Diagnostic, 'code' | 'message' | 'help'>;

function problemOf(part: Formula, recorded: ReadonlySet<string>, sliced: ReadonlySet<string>): Problem | undefined {
  if (part.kind === 'previous' && !isRecorded(part.name, recorded)) {
    const near = closest(part.name, [...recorded]);
    const help = near === undefined ? `Record it: \`#| metric: ${part.name}\`.` : `Did you mean previous.${near}?`;
    return { code: 'CW131', message: `No cell records ${part.name}, so no earlier run has it.`, help };
  }
  if (part.kind !== 'groups' || sliced.has(`${part.metric} by ${part.column}`)) return undefined;
  return {
    code: 'CW131',
    message: `No cell up to here records ${part.metric} for each ${part.column}.`,
    help: `In the cell that computes it, write \`#| metric: ${part.metric}\` and \`#| slices: ${part.column}\`.`,
  };
}

/** A dict is recorded under the names of what is in it. */
function isRecorded(name: string, recorded: ReadonlySet<string>): boolean {
  const parts = name.split('.');
  return parts.some((_, length) => recorded.has(parts.slice(0, length + 1).join('.')));
}

function unknownName({ name, location }: Named, known: ReadonlySet<string>): Diagnostic {
  const [first = ''] = name.split('.');
  const near = closest(first, [...known]);
  return {
    code: 'CW131',
    severity: 'error',
    message: `No cell up to here binds ${first}.`,
    help: near === undefined ? 'Name a variable of this cell or of an earlier one.' : `Did you mean ${near}?`,
    location,
    related: [],
  };
}

function notUnderstood(
  problem: { readonly message: string; readonly help: string; readonly from: number; readonly to: number },
  location: Location,
): Diagnostic {
  const { message, help, from, to } = problem;
  const start = location.range?.start ?? { line: 0, column: 0 };
  const range = {
    start: { line: start.line, column: start.column + from },
    end: { line: start.line, column: start.column + Math.max(to, from + 1) },
  };
  return { code: 'CW130', severity: 'error', message, help, location: { ...location, range }, related: [] };
}
