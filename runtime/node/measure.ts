import type { Measure, Measured } from '../process/protocol.ts';
import type { Inspector } from './inspector.ts';
import type { RunOrder } from './attempt.ts';
import { isError, textOf } from './scripts.ts';
import type { Variable } from './scope.ts';

/** An object with more is data. */
const mostEntries = 200;

/** What a cell came to. */
export interface CellEnd {
  readonly threw: boolean;
  /** What it threw, or the value of its last expression. */
  readonly value: unknown;
}

/** Where a cell has just run. */
interface Around {
  readonly end: CellEnd;
  readonly inspector: Inspector;
  readonly look: (name: string) => Variable | undefined;
}

/** What is recorded and judged after a cell; undefined when nothing is asked for, or it raised and is no gate. */
export async function measure({ measures }: RunOrder, around: Around): Promise<Measured | undefined> {
  if (measures === undefined) return undefined;
  const stopped = measures.isGate ? whyStopped(around.end) : undefined;
  const nothing = { metrics: {}, unmeasured: {}, conditions: [], slices: [], unsliced: [] };
  if (around.end.threw) return stopped === undefined ? undefined : { ...nothing, stopped };
  const metrics: Record<string, Measure> = {};
  const unmeasured: Record<string, string> = {};
  for (const name of measures.metrics) {
    const what = recordNamed(name, around.look, metrics);
    if (what !== undefined) unmeasured[name] = what;
  }
  const conditions = await judge(measures.conditions, around.inspector);
  const why = 'only frames of Python can be sliced';
  const unsliced = measures.slices.map(({ columns }) => ({ columns, why }));
  return { metrics, unmeasured, conditions, slices: [], unsliced, ...(stopped !== undefined && { stopped }) };
}

/** A gate says no by an assertion that fails, or by a result that is false. */
function whyStopped({ threw, value }: CellEnd): Measured['stopped'] {
  if (!threw) return value === false ? { condition: '', values: {}, why: 'its result is false' } : undefined;
  const isAssertion = isError(value) && textOf(value.name).startsWith('AssertionError');
  return isAssertion ? { condition: '', values: {}, why: textOf(value.message) } : undefined;
}

async function judge(texts: readonly string[], inspector: Inspector): Promise<Measured['conditions']> {
  const judged: Measured['conditions'][number][] = [];
  for (const condition of texts) {
    const { threw, value } = await inspector.run(`(${condition})`);
    const error = isError(value) ? `${textOf(value.name)}: ${textOf(value.message)}` : textOf(value);
    judged.push(
      threw ? { condition, holds: false, values: {}, error } : { condition, holds: Boolean(value), values: {} },
    );
  }
  return judged;
}

/** What it is in place of a number; undefined when it was recorded. */
function recordNamed(
  name: string,
  look: (name: string) => Variable | undefined,
  metrics: Record<string, Measure>,
): string | undefined {
  const [first = '', ...path] = name.split('.');
  const variable = look(first);
  if (variable === undefined) return 'not defined';
  let value = variable.value;
  for (const part of path) value = ownValue(value, part);
  return record(name, value, metrics);
}

function ownValue(value: unknown, part: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, part)?.value as unknown;
}

function record(name: string, value: unknown, metrics: Record<string, Measure>): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    metrics[name] = asMeasure(Number(value));
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return value === undefined ? 'not defined' : `a ${typeof value}`;
  if (Object.getPrototypeOf(value) !== Object.prototype) return 'an object of a class';
  const entries = Object.entries(value);
  if (entries.length === 0) return 'an empty object';
  if (entries.length > mostEntries) return `an object of ${String(entries.length)} entries`;
  for (const [key, item] of entries) {
    const what = record(`${name}.${key}`, item, metrics);
    if (what !== undefined) return `an object in which ${key} is ${what}`;
  }
  return undefined;
}

function asMeasure(number: number): Measure {
  if (Number.isFinite(number)) return number;
  if (Number.isNaN(number)) return 'NaN';
  return number > 0 ? 'Infinity' : '-Infinity';
}
