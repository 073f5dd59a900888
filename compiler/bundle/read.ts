import type { DiagnosticCode } from './codes.ts';
import type { Diagnostic, Result } from './diagnostic.ts';
import { formatVersion, type Bundle } from './format.ts';
import { bundleSchema, type Schema } from './schema.ts';

function unreadable(code: DiagnosticCode, message: string): Result<never> {
  const help = 'Compile the notebook again: cellwright compile NOTEBOOK.';
  const diagnostic: Diagnostic = { code, severity: 'error', message, help, related: [] };
  return { ok: false, error: [diagnostic] };
}

/**
 * Reads the text of a `bundle.json`: checks its version, its shape against the published schema, and that its tasks and edges fit
 * together. Never throws on any input.
 */
export function readBundle(text: string): Result<Bundle> {
  const parsed = parse(text);
  if (parsed === undefined) return unreadable('CW301', 'bundle.json is not valid JSON.');
  const version = isObject(parsed) ? parsed['formatVersion'] : undefined;
  if (version !== formatVersion) {
    const found = version === undefined ? 'no format version' : `format version ${JSON.stringify(version)}`;
    return unreadable('CW302', `bundle.json has ${found}; this program reads version ${String(formatVersion)}.`);
  }
  const problem = mismatch(parsed, bundleSchema, '');
  if (problem !== undefined) return unreadable('CW301', `bundle.json is damaged: ${problem}.`);
  // The schema has just been checked, and it says the same as the type.
  const bundle = parsed as unknown as Bundle;
  const loose = looseEnd(bundle);
  return loose === undefined ? { ok: true, value: bundle } : unreadable('CW301', `bundle.json is damaged: ${loose}.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the schema cannot say: names are unique, edges join tasks of the bundle, an earlier one with a later one. */
function looseEnd({ tasks, edges }: Bundle): string | undefined {
  const places = new Map(tasks.map((task, place) => [task.id, place]));
  if (places.size < tasks.length) return 'two tasks have one id';
  if (new Set(tasks.map((task) => task.name)).size < tasks.length) return 'two tasks have one name';
  for (const { from, to } of edges) {
    const [start, end] = [places.get(from), places.get(to)];
    if (start === undefined || end === undefined) return `an edge joins ${from} and ${to}, which are not both tasks`;
    if (start >= end) return `an edge goes back from ${from} to ${to}`;
  }
  return undefined;
}

/** The first place where a value does not follow a schema, with its path; undefined when it does. */
function mismatch(value: unknown, schema: Schema, path: string): string | undefined {
  const at = path === '' ? 'the whole' : path;
  if (schema.$ref !== undefined) return mismatch(value, definitionOf(schema.$ref), path);
  if (schema.oneOf !== undefined) {
    const fitting = schema.oneOf.filter((choice) => mismatch(value, choice, path) === undefined).length;
    return fitting === 1 ? undefined : `${at} is none of what it may be`;
  }
  if (schema.const !== undefined) return value === schema.const ? undefined : `${at} is not ${String(schema.const)}`;
  if (schema.enum !== undefined) {
    return typeof value === 'string' && schema.enum.includes(value) ? undefined : `${at} is none of the known words`;
  }
  switch (schema.type) {
    case 'object':
      return isObject(value) ? mismatchInside(value, schema, path) : `${at} is no object`;
    case 'array':
      return Array.isArray(value) ? mismatchOfItems(value, schema.items, path) : `${at} is no list`;
    case 'string':
      return typeof value === 'string' && new RegExp(schema.pattern ?? '', 'u').test(value)
        ? undefined
        : `${at} is not the text that it should be`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${at} is neither true nor false`;
    case 'integer':
    case 'number':
      return typeof value === 'number' && isNumberOf(value, schema)
        ? undefined
        : `${at} is not the number that it should be`;
    case undefined:
  }
  return undefined;
}

function definitionOf(reference: string): Schema {
  const found = bundleSchema.$defs?.[reference.replace('#/$defs/', '')];
  if (found === undefined) throw new Error(`the schema has no definition ${reference}`);
  return found;
}

function isNumberOf(value: number, { type, minimum, exclusiveMinimum }: Schema): boolean {
  return (
    (type !== 'integer' || Number.isInteger(value)) &&
    value >= (minimum ?? -Infinity) &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum)
  );
}

function mismatchInside(value: Readonly<Record<string, unknown>>, schema: Schema, path: string): string | undefined {
  const known = schema.properties ?? {};
  const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return `${path}/${missing} is missing`;
  for (const [name, inside] of Object.entries(value)) {
    const expected = Object.hasOwn(known, name) ? known[name] : undefined;
    if (expected === undefined) return `${path}/${name} is not known`;
    const problem = mismatch(inside, expected, `${path}/${name}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function mismatchOfItems(values: readonly unknown[], schema: Schema | undefined, path: string): string | undefined {
  if (schema === undefined) return undefined;
  for (const [place, value] of values.entries()) {
    const problem = mismatch(value, schema, `${path}/${String(place)}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
