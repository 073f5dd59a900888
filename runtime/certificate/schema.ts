import { record, type Schema } from '../../compiler/bundle/schema.ts';

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const texts: Schema = { type: 'array', items: text };
const count: Schema = { type: 'integer', minimum: 0 };
const digest: Schema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
const reference = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const listOf = (items: Schema): Schema => ({ type: 'array', items });

const definitions: Readonly<Record<string, Schema>> = {
  value: {
    oneOf: [
      { type: 'null' },
      flag,
      text,
      listOf(reference('value')),
      record({ int: { type: 'string', pattern: '^-?[0-9]+$' } }),
      record({ float: { type: 'string', pattern: '^(-?[0-9.]+(e[-+]?[0-9]+)?|-?inf|nan)$' } }),
      record({ dict: listOf(record({ key: text, value: reference('value') })) }),
    ],
  },
  cell: record(
    {
      id: text,
      name: text,
      number: count,
      source: digest,
      code: digest,
      verdict: { enum: ['equal', 'unstable', 'raises', 'not run'] },
      cause: text,
      ends: texts,
      needs: texts,
      packages: texts,
      files: texts,
      variables: texts,
    },
    { outputs: listOf(reference('output')) },
  ),
  output: record({
    kind: { enum: ['stdout', 'stderr', 'error', 'result', 'display'] },
    parts: listOf(
      record(
        { name: text, masked: texts },
        { digest, lines: listOf({ type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' }) },
      ),
    ),
  }),
  file: record({ path: text }, { size: count, sha256: digest, names: digest }),
  environment: record({
    python: record({ implementation: text, version: text }),
    platform: record({ system: text, machine: text, libc: text }),
    packages: listOf(record({ name: text, version: text, imported: flag }, { integrity: text })),
    variables: listOf(record({ name: text, digest: { type: 'string', pattern: '^scrypt:[0-9a-f]{64}$' } })),
  }),
  facts: record({
    notebook: record({ name: text, code: digest, folder: text }),
    parameters: listOf(record({ name: text, value: reference('value') })),
    cells: listOf(reference('cell')),
    files: listOf(reference('file')),
    environment: reference('environment'),
  }),
};

/** The published schema of a certificate. */
export const certificateSchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:cellwright:certificate:1',
  title: 'Cellwright certificate, format version 1',
  description:
    'What a notebook gave and what it gave it on. `digest` is the SHA-256 of `facts` as JSON with sorted keys and without blanks.',
  ...record({
    formatVersion: { const: 1 },
    digest,
    facts: reference('facts'),
    made: record({ at: text, by: text }),
  }),
  $defs: definitions,
};
