import type { Measured, Measure } from '../process/protocol.ts';
import type { RunOrder } from './attempt.ts';
import type { Variable } from './scope.ts';

/** An object with more is data. */
const mostEntries = 200;

/** What is recorded after a cell; undefined when it raised. Conditions and slices are refused before anything runs. */
export async function measure(
  order: RunOrder,
  ok: boolean,
  variables: ReadonlyMap<string, Variable>,
): Promise<Measured | undefined> {
  await Promise.resolve();
  const { measures } = order;
  if (measures === undefined || !ok) return undefined;
  const metrics: Record<string, Measure> = {};
  const unmeasured: Record<string, string> = {};
  for (const name of measures.metrics) {
    const [first = '', ...path] = name.split('.');
    const variable = variables.get(first);
    if (variable === undefined) {
      unmeasured[name] = 'not defined';
      continue;
    }
    let value = variable.value;
    for (const part of path) value = ownValue(value, part);
    const what = record(name, value, metrics);
    if (what !== undefined) unmeasured[name] = what;
  }
  return { metrics, unmeasured, conditions: [], slices: [], unsliced: [] };
}

function ownValue(value: unknown, part: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, part)?.value as unknown;
}

/** What it is in place of a number; undefined when it was recorded. */
function record(name: string, value: unknown, metrics: Record<string, Measure>): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    const number = Number(value);
    metrics[name] = Number.isFinite(number) ? number : Number.isNaN(number) ? 'NaN' : number > 0 ? 'Infinity' : '-Infinity';
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value === null ? 'null' : typeof value;
  const entries = Object.entries(value);
  if (entries.length === 0) return 'an empty object';
  if (entries.length > mostEntries) return `an object of ${String(entries.length)} entries`;
  for (const [key, item] of entries) {
    const what = record(`${name}.${key}`, item, metrics);
    if (what !== undefined) return `an object in which ${key} is ${what}`;
  }
  return undefined;
}
