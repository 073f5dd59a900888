import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withDirectives } from '../../extensions/ui/directive-edit.ts';
import { makeWorkplace, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
});
afterAll(() => {
  place.remove();
});

interface Suggested {
  readonly written: readonly string[];
  readonly tasks: readonly {
    readonly name: string;
    readonly runs: number;
    readonly suggested: { readonly mem: number; readonly cpu: number; readonly timeout: number } | null;
  }[];
}

const cells = [
  { id: 'one', source: ['#| mem: 8Gi\n', "xs = b'x' * (400 << 20)\n", 'n = len(xs)'] },
  { id: 'two', source: ['%%time\n', 'm = n'] },
  { id: 'three', source: ['# The sum\n', '#| label: sum\n', 'print(m)'] },
];

function writeNotebook(name: string, indent: number): string {
  const list = cells.map((cell) => ({ ...cell, cell_type: 'code', execution_count: null, metadata: {}, outputs: [] }));
  const notebook = { metadata: { own: 'ü' }, nbformat: 4, nbformat_minor: 5, cells: list };
  const text = `${JSON.stringify(notebook, null, indent)}\n`;
  writeFileSync(path.join(place.folder, name), text);
  return text;
}

test('what runs have used becomes directives, which are written where they belong, and nothing has to run again', async () => {
  const before = writeNotebook('nb.ipynb', 2);
  const none = await place.call('suggest', 'nb.ipynb');
  expect(none).toMatchObject({
    code: 2,
    err: expect.stringContaining('Run it first: cellwright run nb.ipynb') as string,
  });
  expect((await place.call('run', 'nb.ipynb', '-q', '--no-report', '--keep-warm', '0')).code).toBe(0);

  const told = await place.call('suggest', 'nb.ipynb', '--json');
  expect(mistakesIn([['suggest', told.out]])).toBe('');
  const { tasks, written } = JSON.parse(told.out) as Suggested;
  expect(written).toEqual([]);
  expect(tasks.map(({ runs }) => runs)).toEqual([1, 1, 1]);
  const mem = tasks[0]?.suggested?.mem ?? 0;
  expect(mem).toBeGreaterThanOrEqual(600 * 2 ** 20);
  expect(mem).toBeLessThanOrEqual(1536 * 2 ** 20);
  expect(tasks[2]?.suggested).toEqual({ mem: 256 * 2 ** 20, cpu: 1, timeout: 60 });
  expect((await place.call('suggest', 'nb.ipynb')).out).toContain('#| mem: 256Mi\n#| cpu: 1\n#| timeout: 60\n');

  const wrote = await place.call('suggest', 'nb.ipynb', '--write');
  expect(wrote.out).toContain('nb.ipynb: directives of 2 cells written; under a cell magic a line is text');
  const after = readFileSync(path.join(place.folder, 'nb.ipynb'), 'utf8');
  const sources = (JSON.parse(after) as { cells: { source: string[] }[] }).cells.map(({ source }) => source.join(''));
  expect(sources[0]).toMatch(/^#\| mem: \d+Mi\n#\| cpu: 1\n#\| timeout: 60\nxs = b/);
  expect(sources[1]).toBe('%%time\nm = n');
  expect(sources[2]).toBe('# The sum\n#| label: sum\n#| mem: 256Mi\n#| cpu: 1\n#| timeout: 60\nprint(m)');
  // Everything else of the file is as it was, to the byte.
  const without = (text: string): string[] => text.split('\n').filter((line) => !line.includes('#|'));
  expect(without(after)).toEqual(without(before));
  expect((await place.call('status', 'nb.ipynb')).out).toContain('3 would be reused, 0 would run');
  const again = await place.call('suggest', 'nb.ipynb', '--write', '--json');
  expect((JSON.parse(again.out) as Suggested).written).toEqual([]);
});

test('a directive that is there gets another value, others come after it, and a cell magic is left alone', () => {
  const values = new Map([
    ['mem', '1Gi'],
    ['cpu', '2'],
  ]);
  expect(withDirectives('x = 1', values)).toBe('#| mem: 1Gi\n#| cpu: 2\nx = 1');
  expect(withDirectives('# a\n#| cpu:   8\n\nx = 1\n#| mem: 3Gi', values)).toBe(
    '# a\n#| cpu:   2\n#| mem: 1Gi\n\nx = 1\n#| mem: 3Gi',
  );
  expect(withDirectives('%%bash\nls', values)).toBeUndefined();
});
