import { record, type Schema } from '../../compiler/bundle/schema.ts';
import type { Digest } from '../../compiler/bundle/format.ts';
import { certificateSchema } from '../certificate/schema.ts';
import type { RecordedEnvironment, RecordedFile, RecordedParameter } from '../certificate/format.ts';

/** The version of a frozen state; a reader refuses any other. */
export const frozenVersion = 1;

/** A cell that runs, and its code. */
export interface FrozenCell {
  readonly name: string;
  /** As in `In [n]`. */
  readonly number: number;
  /** Digest of the text without comments and layout. */
  readonly code: Digest;
}

/** On what a run was made, as `freeze` writes it: `run --frozen` runs on nothing else. */
export interface Frozen {
  readonly formatVersion: typeof frozenVersion;
  /** Base name of the notebook. */
  readonly notebook: string;
  readonly parameters: readonly RecordedParameter[];
  /** Without the cell that the parameters are written into. */
  readonly cells: readonly FrozenCell[];
  /** What the cells read and did not write: paths from the notebook's folder, or absolute where they are far from it. */
  readonly files: readonly (Pick<RecordedFile, 'path' | 'size'> & { readonly sha256: Digest })[];
  /** Null when it was not to be frozen. */
  readonly environment: Pick<RecordedEnvironment, 'python' | 'platform' | 'packages'> | null;
  readonly made: {
    /** ISO 8601, in UTC. */
    readonly at: string;
    readonly by: string;
    /** The run that it was made from. */
    readonly run: string;
  };
}

const text: Schema = { type: 'string' };
const digest: Schema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
const count: Schema = { type: 'integer', minimum: 0 };
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const value: Schema = { $ref: '#/$defs/value' };

const environment = record({
  python: record({ implementation: text, version: text }),
  platform: record({ system: text, machine: text, libc: text }),
  packages: listOf(record({ name: text, version: text, imported: { type: 'boolean' } })),
});

/** The published schema of a frozen state. */
export const frozenSchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:cellwright:frozen:1',
  title: 'Cellwright frozen state, format version 1',
  description:
    'The code, parameters, data and environment that a run was made on. `run --frozen` runs on nothing else.',
  ...record({
    formatVersion: { const: frozenVersion },
    notebook: text,
    parameters: listOf(record({ name: text, value })),
    cells: listOf(record({ name: text, number: count, code: digest })),
    files: listOf(record({ path: text, sha256: digest }, { size: count })),
    environment: { oneOf: [environment, { type: 'null' }] },
    made: record({ at: text, by: text, run: text }),
  }),
  $defs: { value: certificateSchema.$defs?.['value'] ?? {} },
};
