import type { Schema } from './schema.ts';

/** True for a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first place where a value does not follow a schema, with its path; undefined when it does. */
export function findMismatch(value: unknown, root: Schema): string | undefined {
  return mismatch(value, root, { root, path: '' });
}

/** Where a value stands in the whole, and the schema that has the definitions. */
interface Place {
  readonly root: Schema;
  readonly path: string;
}

function below(place: Place, name: string): Place {
  return { root: place.root, path: `${place.path}/${name}` };
}

function mismatch(value: unknown, schema: Schema, place: Place): string | undefined {
  const at = place.path === '' ? 'the whole' : place.path;
  if (schema.$ref !== undefined) return mismatch(value, definitionOf(place.root, schema.$ref), place);
  if (schema.oneOf !== undefined) {
    const fitting = schema.oneOf.filter((choice) => mismatch(value, choice, place) === undefined).length;
    return fitting === 1 ? undefined : `${at} is none of what it may be`;
  }
  if (schema.const !== undefined) return value === schema.const ? undefined : `${at} is not ${String(schema.const)}`;
  if (schema.enum !== undefined) {
    return typeof value === 'string' && schema.enum.includes(value) ? undefined : `${at} is none of the known words`;
  }
  switch (schema.type) {
    case 'object':
      return isObject(value) ? mismatchInside(value, schema, place) : `${at} is no object`;
    case 'array':
      return Array.isArray(value) ? mismatchOfItems(value, schema.items, place) : `${at} is no list`;
    case 'string':
      return typeof value === 'string' && new RegExp(schema.pattern ?? '', 'u').test(value)
        ? undefined
        : `${at} is not the text that it should be`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${at} is neither true nor false`;
    case 'null':
      return value === null ? undefined : `${at} is not null`;
    case 'integer':
    case 'number':
      return typeof value === 'number' && isNumberOf(value, schema)
        ? undefined
        : `${at} is not the number that it should be`;
    case undefined:
  }
  return undefined;
}

function definitionOf(root: Schema, reference: string): Schema {
  const found = root.$defs?.[reference.replace('#/$defs/', '')];
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

function mismatchInside(value: Readonly<Record<string, unknown>>, schema: Schema, place: Place): string | undefined {
  const known = schema.properties ?? {};
  const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return `${place.path}/${missing} is missing`;
  for (const [name, inside] of Object.entries(value)) {
    const expected = Object.hasOwn(known, name) ? known[name] : schema.additionalProperties;
    if (expected === undefined || expected === false) return `${place.path}/${name} is not known`;
    const problem = mismatch(inside, expected, below(place, name));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function mismatchOfItems(values: readonly unknown[], schema: Schema | undefined, place: Place): string | undefined {
  if (schema === undefined) return undefined;
  for (const [at, value] of values.entries()) {
    const problem = mismatch(value, schema, below(place, String(at)));
    if (problem !== undefined) return problem;
  }
  return undefined;
}
