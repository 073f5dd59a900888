import type { Diagnostic, Location } from '../bundle/diagnostic.ts';
import type { MetricDirective, SliceDirective } from '../bundle/format.ts';
import type { DirectiveLine } from './directive-lines.ts';

/** The condition of a gate as it is written, and where. */
export interface WrittenCondition {
  readonly text: string;
  readonly location: Location;
}

/** What a cell asks to be recorded and judged after it, before any of it is understood as Python. */
export interface WrittenMeasures {
  readonly metrics: readonly (MetricDirective & { readonly location: Location })[];
  readonly gates: readonly WrittenCondition[];
  readonly slices: readonly (SliceDirective & { readonly location: Location })[];
}

const path = String.raw`[^\W\d]\w*(?:\.\w+)*`;
const metric = new RegExp(String.raw`^(${path})\s*(?:\(\s*(higher|lower)\s*\))?$`, 'u');
const slices = new RegExp(String.raw`^(.*?)(?:\s+of\s+(${path}))?$`, 'u');
const flags: ReadonlySet<string> = new Set(['true', 'false', '']);

/** True for a line about what is measured; `#| gate` without a condition is a flag. */
export function isMeasure(line: DirectiveLine): boolean {
  if (line.name === 'metric' || line.name === 'slices') return true;
  return line.name === 'gate' && !flags.has(conditionOf(line).toLowerCase());
}

/** Reads the lines that say what is measured. A word may stand several times: all of it counts. */
export function readMeasures(lines: readonly DirectiveLine[]): {
  readonly value: WrittenMeasures;
  readonly diagnostics: readonly Diagnostic[];
} {
  const value = {
    metrics: [] as WrittenMeasures['metrics'][number][],
    gates: [] as WrittenCondition[],
    slices: [] as WrittenMeasures['slices'][number][],
  };
  const diagnostics: Diagnostic[] = [];
  for (const line of lines) {
    const { location } = line;
    if (line.name === 'gate') {
      value.gates.push({ text: conditionOf(line), location: placeOf(line, conditionOf(line)) });
      continue;
    }
    const written = listOf(line);
    if (line.name === 'slices') {
      const [, columns = '', of] = slices.exec(written) ?? [];
      const names = partsOf(columns).map((name) => name.replace(/^(["'])(.*)\1$/, '$2'));
      if (names.includes('')) diagnostics.push(wrong(line, written, 'Name columns: `#| slices: carrier, origin`.'));
      else value.slices.push({ columns: names, ...(of === undefined ? {} : { of }), location });
      continue;
    }
    for (const part of partsOf(written)) {
      const [found, name = '', better] = metric.exec(part) ?? [];
      if (found === undefined) {
        diagnostics.push(wrong(line, part, 'Name variables: `#| metric: rmse (lower), auc (higher)`.'));
      } else {
        const known: Pick<MetricDirective, 'better'> = better === 'higher' || better === 'lower' ? { better } : {};
        value.metrics.push({ name, ...known, location: placeOf(line, part) });
      }
    }
  }
  return { value, diagnostics };
}

function wrong(line: DirectiveLine, value: string, help: string): Diagnostic {
  const what = value === '' ? 'nothing' : value;
  const message = `The directive ${line.name} does not take ${what}.`;
  return { code: 'CW121', severity: 'error', message, help, location: line.location, related: [] };
}

/** Where a part of the value stands. */
function placeOf({ column, written, location, line }: DirectiveLine, part: string): Location {
  const start = column + Math.max(0, written.indexOf(part));
  return { ...location, range: { start: { line, column: start }, end: { line, column: start + part.length } } };
}

/** As YAML has it, in brackets or without. */
function listOf({ written }: DirectiveLine): string {
  return withoutComment(written === 'true' ? '' : written)
    .replace(/^\[(.*)\]$/, '$1')
    .trim();
}

function partsOf(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}

/** The text of a condition: quotes around the whole of it are those of YAML. */
function conditionOf({ written }: DirectiveLine): string {
  const text = withoutComment(written);
  const [, , inside] = /^(["'])(.*)\1$/.exec(text) ?? [];
  const quote = text.charAt(0);
  return inside === undefined || inside.includes(quote) ? text : inside.trim();
}

/** Without a comment of YAML; a sign `#` inside a string of Python is none. */
function withoutComment(text: string): string {
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (quote !== '') {
      if (sign === quote) quote = '';
    } else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === '#' && (at === 0 || /\s/.test(text.charAt(at - 1)))) return text.slice(0, at).trim();
  }
  return text;
}
