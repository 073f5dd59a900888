import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNotebook } from '../../compiler/1-read/read.ts';
import { root } from '../environment.ts';

const recorded = readFileSync(path.join(root, 'test', 'compiler', 'percent-scripts.txt'), 'utf8');
const samples = recorded
  .split(/^=== /m)
  .slice(1)
  .map((section) => {
    const [head = '', cells = ''] = section.split('\n--- cells\n');
    const [name = '', ...lines] = head.split('\n');
    const [first = ''] = lines;
    const script = first.startsWith('"') ? (JSON.parse(first) as string) : `${lines.join('\n')}\n`;
    return { name, script, expected: cells.trim().split('\n') };
  });

interface Document {
  readonly cells: readonly { readonly cell_type: string; readonly source: string; readonly metadata: object }[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

function read(script: string): Document {
  const found = readNotebook(script, 'n.py');
  if (!found.ok) throw new Error(found.error[0]?.message);
  return JSON.parse(found.value.document) as Document;
}

describe('a script has the cells that jupytext reads', () => {
  test.each(samples)('$name', ({ script, expected }) => {
    const { cells, metadata } = read(script);
    // How it was written by which version means nothing to the cells.
    const { text_representation: written, ...jupytext } = (metadata['jupytext'] ?? {}) as Record<string, unknown>;
    const isNoted = written === undefined || Object.keys(jupytext).length > 0;
    const kept = { ...metadata, jupytext: isNoted && Object.keys(jupytext).length > 0 ? jupytext : undefined };
    const parse = (line: string): unknown => JSON.parse(line);
    const found = cells.map((cell) => [cell.cell_type, cell.source, cell.metadata]);
    expect([...found, JSON.parse(JSON.stringify(kept))]).toEqual(expected.map(parse));
  });
});

describe('a script that is no notebook in percent format', () => {
  test('a plain script is one cell, and its comments stay comments', () => {
    const { cells } = read('# cp is short for copy\n# %time is a magic\nimport os\n');
    expect(cells.map(({ source }) => source)).toEqual(['# cp is short for copy\n# %time is a magic\nimport os']);
  });

  test.each([
    ['# ---\n# jupyter:\n#   a: [\n# ---\n# %%\n', 'CW107'],
    ['# ---\n# jupyter:\n#   a: &x [*x]\n# ---\n# %%\n', 'CW107'],
    ['# ---\n# jupyter:\n#   jupytext:\n#     text_representation: {format_name: sphinx}\n# ---\n# %%\n', 'CW108'],
    [`# %% ${'{"a": '.repeat(5000)}\na = 1\n`, undefined],
    [`# %% ${'['.repeat(50_000)}\na = 1\n`, undefined],
    [`# ---\n# jupyter:\n#   a: ${'['.repeat(5000)}\n# ---\n# %%\n`, 'CW107'],
    [`${'# '.repeat(50_000)}%time\n# %%\n`, undefined],
    [`# %%\n${' '.repeat(50_000)}?\n${'x'.repeat(50_000)}?\n`, undefined],
  ])('%# is read or refused, and never thrown', (script, code) => {
    const found = readNotebook(script, 'n.py');
    expect(found.ok ? undefined : found.error[0]?.code).toBe(code);
  });
});
