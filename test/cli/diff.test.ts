import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareLines, unifiedLines } from '../../runtime/history/line-difference.ts';
import { comparePictures } from '../../runtime/history/picture-difference.ts';
import { makeWorkplace, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

/** Two runs of one notebook compared: what they were made on, and what came of it. */
let place: Workplace;

beforeAll(async () => {
  place = makeWorkplace();
  const notebook = (sum: string): string => `# %% tags=["parameters"]
k = 2
# %%
import pandas as pd
import matplotlib.pyplot as plt
# %%
df = pd.read_csv('in.csv')
df
# %%
print('the same', object())
# %%
plt.plot(df.a, df.b * k)
plt.show()
# %%
print(${sum})
`;
  place.write('in.csv', 'a,b\n1,2\n3,4\n5,6\n');
  place.write('n.py', notebook('df.b.sum()'));
  await place.call('run', 'n.py', '-q', '--keep-warm', '0');
  place.write('in.csv', 'a,b\n1,2\n3,5\n5,6\n');
  place.write('n.py', notebook('df.b.mean()'));
  await place.call('run', 'n.py', '-q', '--keep-warm', '0', '-p', 'k', '3');
}, 120_000);
afterAll(() => {
  place.remove();
});

test('causes come first, then every cell that shows something else, and because of what', async () => {
  const called = await place.call('diff', 'n.py', '--json', '--html', 'd.html');
  expect(called.code).toBe(0);
  expect(mistakesIn([['diff', called.out]])).toBe('');
  expect(JSON.parse(called.out)).toMatchObject({
    same: false,
    causes: [
      { kind: 'parameter', name: 'k', before: null, now: '3' },
      {
        kind: 'code',
        name: '07_cell',
        lines: ['- print(df.b.sum())', '+ print(df.b.mean())'],
      },
      { kind: 'data', name: path.join(place.folder, 'in.csv') },
    ],
    effects: [
      { name: '04_df', outputs: [{ kind: 'table', what: '1 of 12 cells of the table differ' }] },
      {
        name: '06_cell',
        because: ['df', 'k'],
        outputs: [{ kind: 'picture', what: expect.stringMatching(/^[\d.]+ % of/) as string }],
      },
      { name: '07_cell', because: ['its code', 'df'], outputs: [{ kind: 'text' }] },
    ],
    equal: 3,
  });
  const html = readFileSync(path.join(place.folder, 'd.html'), 'utf8');
  expect(html.match(/<img src="data:image\/png/g)).toHaveLength(2);
  expect(html).not.toMatch(/<script|https?:\/\//);
  const { out } = await place.call('diff', 'last~1', 'last');
  expect(out).toMatch(/^data +in\.csv +sha256:[0-9a-f]{12} → sha256:[0-9a-f]{12}$/m);
  expect(out).toContain('3 differ, 3 cells show the same');
});

test('a run is the same as itself, and the first has none before it', async () => {
  expect((await place.call('diff', 'last', 'last')).out).toContain('6 cells show the same, none differs');
  expect((await place.call('diff', 'last~1')).err).toMatch(/There is no run before \d{8}T/);
  expect((await place.call('diff')).code).toBe(2);
});

test('lines are told as diff -u tells them', () => {
  expect(unifiedLines(compareLines('a\nb\nc', 'a\nx\nc\nd'))).toEqual(['  a', '- b', '+ x', '  c', '+ d']);
  const many = Array.from({ length: 20 }, (_, line) => String(line));
  expect(unifiedLines(compareLines(many.join('\n'), [...many, 'x'].join('\n')))).toEqual([
    '  17',
    '  18',
    '  19',
    '+ x',
  ]);
  expect(unifiedLines(compareLines('a', 'a'))).toEqual([]);
});

/** A PNG of grey points, without check sums: nobody looks at them. */
function png(width: number, points: readonly number[]): string {
  const height = points.length / width;
  const head = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, 0, 0, 0, 0]);
  const rows = Array.from({ length: height }, (_, row) => [0, ...points.slice(row * width, (row + 1) * width)]);
  const chunk = (kind: string, content: Buffer): Buffer => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(content.length);
    return Buffer.concat([size, Buffer.from(kind), content, Buffer.alloc(4)]);
  };
  const start = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const body = deflateSync(Buffer.from(rows.flat()));
  return Buffer.concat([start, chunk('IHDR', head), chunk('IDAT', body), chunk('IEND', Buffer.alloc(0))]).toString(
    'base64',
  );
}

test('pictures are compared by their points', () => {
  const one = png(2, [0, 1, 2, 3]);
  expect(comparePictures(one, png(2, [0, 1, 2, 4]))).toEqual({ kind: 'points', share: 0.25 });
  expect(comparePictures(one, png(1, [0, 1]))).toEqual({ kind: 'size', before: '2 × 2', now: '1 × 2' });
  expect(comparePictures(one, 'bm8=')).toEqual({ kind: 'unknown' });
});
