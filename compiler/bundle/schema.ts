import { stateNames } from './format.ts';

/** The part of JSON Schema (draft 2020-12) that describes our formats; `follow-schema.ts` knows no more than this. */
export interface Schema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: 'object' | 'array' | 'string' | 'boolean' | 'null' | 'integer' | 'number';
  readonly const?: string | number;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** What properties without a schema of their own may be; false: there are none. */
  readonly additionalProperties?: false | Schema;
  readonly oneOf?: readonly Schema[];
}

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const place: Schema = { type: 'integer', minimum: 0 };
const names: Schema = { type: 'array', items: text };
const namesOrAll: Schema = { oneOf: [names, { const: '*' }] };
const reference = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const listOf = (name: string): Schema => ({ type: 'array', items: reference(name) });
const digest: Schema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };

/** An object with these properties and no others. */
export function record(
  required: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): Schema {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

/** Properties that say where a cell is to run. */
export const placement: Readonly<Record<string, Schema>> = {
  cpu: { type: 'number', exclusiveMinimum: 0 },
  mem: { type: 'integer', minimum: 1 },
  gpu: place,
  retries: place,
  image: text,
  env: { type: 'object', additionalProperties: text },
};

function resource(kind: string, key: string, value: Schema): Schema {
  return record({ kind: { const: kind }, [key]: value });
}

const definitions: Readonly<Record<string, Schema>> = {
  position: record({ line: place, column: place }),
  range: record({ start: reference('position'), end: reference('position') }),
  location: record({ cell: text, index: place }, { range: reference('range') }),
  resource: {
    oneOf: [
      resource('variable', 'name', text),
      resource('state', 'name', { enum: stateNames }),
      resource('file', 'path', text),
      resource('outside', 'reason', { enum: ['file-write', 'subprocess', 'network', 'unknown'] }),
    ],
  },
  access: record(
    {
      resource: reference('resource'),
      access: { enum: ['read', 'bind', 'mutate', 'delete'] },
      certainty: { enum: ['must', 'may'] },
      assumed: flag,
      range: reference('range'),
      reason: text,
    },
    { observed: flag },
  ),
  directives: record(
    { cache: flag, raisesException: flag, skip: flag, gate: flag },
    {
      label: text,
      timeout: { type: 'number', exclusiveMinimum: 0 },
      ...placement,
    },
  ),
  formula: {
    oneOf: [
      record({ kind: { const: 'number' }, value: { type: 'number' } }),
      record({ kind: { enum: ['metric', 'previous'] }, name: text }),
      record({
        kind: { const: 'groups' },
        take: { enum: ['max_gap', 'group_min', 'group_max'] },
        metric: text,
        column: text,
      }),
      record({ kind: { const: 'call' }, name: { enum: ['abs', 'min', 'max'] }, of: listOf('formula') }),
      record({ kind: { const: 'arithmetic' }, operator: { enum: ['+', '-', '*', '/'] }, of: listOf('formula') }),
      record({
        kind: { const: 'comparison' },
        operators: { type: 'array', items: { enum: ['<', '<=', '>', '>=', '==', '!='] } },
        of: listOf('formula'),
      }),
      record({ kind: { enum: ['and', 'or'] }, of: listOf('formula') }),
      record({ kind: { enum: ['not', 'negative'] }, of: reference('formula') }),
    ],
  },
  measures: record({
    metrics: { type: 'array', items: record({ name: text }, { better: { enum: ['higher', 'lower'] } }) },
    gates: { type: 'array', items: record({ condition: text }, { formula: reference('formula') }) },
    slices: { type: 'array', items: record({ columns: names }, { of: text }) },
  }),
  task: record(
    {
      id: text,
      name: text,
      index: place,
      executionCount: place,
      source: text,
      code: digest,
      // A relative path that stays inside the bundle.
      module: { type: 'string', pattern: '^(?!.*\\.\\.)[^/\\\\][^\\\\]*$' },
      accesses: listOf('access'),
      exposes: namesOrAll,
      preload: namesOrAll,
      imports: names,
      leadingImports: place,
      directives: reference('directives'),
    },
    {
      script: record(
        {
          text,
          mappings: text,
          declares: { type: 'array', items: record({ name: text, how: { enum: ['const', 'let', 'var'] } }) },
        },
        {
          globals: namesOrAll,
          modules: { type: 'array', items: record({ specifier: text, range: reference('range') }) },
          standsFor: place,
          isConfined: flag,
          looksFor: text,
        },
      ),
      lowered: text,
      outlives: { type: 'array', items: record({ range: reference('range'), reason: text }) },
      unobserved: listOf('access'),
      profile: { enum: ['used', 'outdated'] },
      measures: reference('measures'),
    },
  ),
  edge: record(
    {
      from: text,
      to: text,
      kind: { enum: ['data', 'order'] },
      resource: reference('resource'),
      assumed: flag,
      reason: text,
      fromRange: reference('range'),
      toRange: reference('range'),
    },
    { observed: flag },
  ),
  parameter: record(
    {
      name: text,
      cell: text,
      range: reference('range'),
      type: { enum: ['str', 'int', 'float', 'bool', 'None', 'list', 'dict', 'unknown'] },
      default: text,
    },
    { required: { type: 'boolean' } },
  ),
  diagnostic: record(
    {
      code: { type: 'string', pattern: '^CW[0-9]{3}$' },
      severity: { enum: ['error', 'warning', 'info'] },
      message: text,
      help: text,
      related: { type: 'array', items: record({ message: text, location: reference('location') }) },
    },
    { location: reference('location') },
  ),
};

/** The published schema of `bundle.json`. */
export const bundleSchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:cellwright:bundle:1',
  title: 'Cellwright bundle, format version 1',
  description: 'What compiling a notebook gives: its tasks in notebook order, and why each depends on which other.',
  ...record(
    {
      formatVersion: { const: 1 },
      notebook: record({ name: text, digest, language: text, kernelName: text }),
      parameters: listOf('parameter'),
      tasks: listOf('task'),
      edges: listOf('edge'),
      shadowedBuiltins: names,
      diagnostics: listOf('diagnostic'),
    },
    { parametersCell: text, claims: listOf('edge') },
  ),
  $defs: definitions,
};
