import { describe, expect, test } from 'vitest';
import { bundleSchema } from '../../compiler/bundle/schema.ts';
import { readDirectives } from '../../compiler/1-read/tags.ts';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { Directives } from '../../compiler/bundle/format.ts';

function read(...lines: readonly string[]): {
  readonly directives: Directives;
  readonly diagnostics: readonly Diagnostic[];
} {
  const source = [...lines, 'x = 1'].join('\n');
  return readDirectives({ id: 'c', index: 0, kind: 'code', source, tags: [], metadata: {} });
}

/** What one line gives, as it is written. */
function value(line: string): Partial<Directives> {
  const { directives, diagnostics } = read(line);
  expect(diagnostics).toEqual([]);
  const { cache, raisesException, skip, gate, ...rest } = directives;
  expect({ cache, raisesException, skip, gate }).toEqual({
    cache: true,
    raisesException: false,
    skip: false,
    gate: false,
  });
  return rest;
}

function problem(line: string): Diagnostic {
  const { diagnostics } = read('# a comment', line);
  expect(diagnostics).toHaveLength(1);
  return diagnostics[0] as Diagnostic;
}

describe('directives about where a cell runs', () => {
  test.each([
    ['#| mem: 500Mi', { mem: 500 * 2 ** 20 }],
    ['#| mem: 2Gi', { mem: 2 ** 31 }],
    ['#| mem: 1.5G', { mem: 1_500_000_000 }],
    ['#| mem: "8Gi"  # for the join', { mem: 2 ** 33 }],
    ['#| mem: 4294967296', { mem: 2 ** 32 }],
    ['#| cpu: 4', { cpu: 4 }],
    ['#| cpu: 500m', { cpu: 0.5 }],
    ['#| cpu: .5', { cpu: 0.5 }],
    ['#| gpu: 1', { gpu: 1 }],
    ['#| retries: 2', { retries: 2 }],
    ['#| image: ghcr.io/team/train:1.4', { image: 'ghcr.io/team/train:1.4' }],
    ['#| env: OMP_NUM_THREADS=4', { env: { OMP_NUM_THREADS: '4' } }],
    ['#| env: GREETING="a = b"', { env: { GREETING: 'a = b' } }],
    ['#| env: TOKENIZERS_PARALLELISM=false', { env: { TOKENIZERS_PARALLELISM: 'false' } }],
    ['#| env: AWS_SECRET_FILE=/run/secrets/aws', { env: { AWS_SECRET_FILE: '/run/secrets/aws' } }],
  ])('%s', (line, expected) => {
    expect(value(line)).toEqual(expected);
  });

  test('several variables of the environment', () => {
    expect(read('#| env: A=1', '#| env: B=2').directives.env).toEqual({ A: '1', B: '2' });
  });

  test.each([
    ['#| mem: 8gb', 'gb is no unit: write 8Gi (units of 1024) or 8G (units of 1000).'],
    ['#| mem: 500m', '500m is less than any cell needs: write 500Mi (units of 1024) or 500M (units of 1000).'],
    ['#| mem: 8', '8 is less than any cell needs: write 8Gi (units of 1024) or 8G (units of 1000).'],
    ['#| mem: lots', 'Give an amount with its unit: `#| mem: 8Gi`, `500Mi` or `1.5G`.'],
    ['#| cpu: 4 cores', 'Give a number of processors: `#| cpu: 4`, `0.5`, or thousandths of one: `500m`.'],
    ['#| cpu: 0', 'Give a number of processors: `#| cpu: 4`, `0.5`, or thousandths of one: `500m`.'],
    ['#| gpu: half', 'Give a number of GPUs, from 0 to 1000.'],
    ['#| retries: -1', 'Give a number of further tries, from 0 to 1000.'],
    ['#| image: a b', 'Give the name of an image: `#| image: ghcr.io/team/train:1.4`.'],
    ['#| env: PATH', 'Give one variable and its value: `#| env: OMP_NUM_THREADS=4`.'],
  ])('%s is an error at its value, which says what to write', (line, help) => {
    const { code, severity, help: said, location } = problem(line);
    expect({ code, severity, said }).toEqual({ code: 'CW121', severity: 'error', said: help });
    const start = line.indexOf(':') + 2;
    const range = { start: { line: 1, column: start }, end: { line: 1, column: line.length } };
    expect(location).toEqual({ cell: 'c', index: 0, range });
  });

  test.each([
    ['#| memory: 8Gi', 'mem'],
    ['#| cpus: 4', 'cpu'],
    ['#| retry: 2', 'retries'],
    ['#| envs: A=1', 'env'],
    ['#| imgae: x', 'image'],
  ])('%s is no directive, and the right one is named', (line, meant) => {
    expect(problem(line)).toMatchObject({ code: 'CW120', severity: 'error', help: `Did you mean ${meant}?` });
  });

  test.each([
    'DB_PASSWORD=hunter2',
    'HF_TOKEN=abc',
    `KEY=${['AKIA', 'IOSFODNN7EXAMPLE'].join('')}`,
    `X=${['ghp', '0123456789abcdefghijABCDEFGHIJ012345'].join('_')}`,
    'URL=postgres://me:secret@db/x',
    'K=Zm9vYmFyMTIzNDU2Nzg5MEFCQ0RFRkdISUpLTE1OT1A',
  ])('a secret is refused and not shown: %s', (written) => {
    const found = problem(`#| env: ${written}`);
    expect(found).toMatchObject({ code: 'CW123', severity: 'error', location: { cell: 'c', index: 0 } });
    expect(JSON.stringify(found)).not.toContain(written.slice(written.indexOf('=') + 1));
  });

  test('the schema of bundles has each of them', () => {
    const { properties = {} } = bundleSchema.$defs?.['directives'] ?? {};
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(['cpu', 'mem', 'gpu', 'retries', 'image', 'env']));
  });
});
