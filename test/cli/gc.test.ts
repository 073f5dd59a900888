import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorkplace, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

/** What is removed of the records, and what never is. */
let place: Workplace;
let state = '';
/** The oldest first. */
const made: string[] = [];

async function json(...words: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await place.call(...words, '--json');
  expect({ words, code, err }).toEqual({ words, code: 0, err: '' });
  expect(mistakesIn([[words[0] ?? '', out]])).toBe('');
  return JSON.parse(out) as Record<string, unknown>;
}

const records = (): readonly string[] => readdirSync(path.join(state, 'runs')).sort();

beforeAll(async () => {
  place = makeWorkplace();
  for (const number of [1, 1, 2, 2]) {
    place.write('n.py', `# %%\na = 1\n# %%\nprint(${number})\n`);
    const told = await json('run', 'n.py', '--keep-warm', '0');
    made.push(String(told['run']));
    state = path.dirname(path.dirname(String(told['log'])));
  }
}, 120_000);
afterAll(() => {
  place.remove();
});

test('nothing goes unasked: neither by a run nor without --yes', async () => {
  expect(records()).toEqual([...made].sort());
  const all = await json('gc', 'n.py');
  expect(all).toMatchObject({ dry: true, runs: 0 });
  const { out } = await place.call('gc', 'n.py', '--keep', '1');
  expect(out).toContain(`  ${made[1] ?? ''}  `);
  expect(out).toMatch(/1 record, \d+ stored values?, 0 unfinished files and 0 environments, .* would be removed\n/);
  expect(out).toContain('Nothing was removed; the same command with --yes does it');
  expect(records()).toEqual([...made].sort());
});

test('what a kept run reused stays, and what was pinned', async () => {
  const [first = '', second = '', third = '', last = ''] = made;
  expect(await json('gc', 'n.py', '--keep', '1')).toMatchObject({
    states: [
      {
        removed: [second],
        kept: expect.arrayContaining([
          { run: last, because: 'newest' },
          { run: first, because: 'needed' },
          { run: third, because: 'needed' },
        ]) as unknown,
      },
    ],
  });
  expect((await json('runs', 'n.py', '--pin', second))['runs']).toMatchObject([
    {},
    {},
    { run: second, pinned: true },
    {},
  ]);
  await json('gc', 'n.py', '--keep', '1', '--yes');
  expect(records()).toEqual([...made].sort());
  expect((await place.call('runs', 'n.py', '--unpin', second)).out).not.toContain('pinned');
  expect(await json('gc', 'n.py', '--keep-days', '1', '--yes')).toMatchObject({ dry: false, runs: 0 });
  expect(await json('gc', 'n.py', '--keep', '1', '--yes')).toMatchObject({ dry: false, runs: 1 });
  expect(records()).toEqual([first, third, last].sort());
  expect(await json('status', 'n.py')).toMatchObject({ reused: 2, run: 0 });
});

test('numbers that are none are refused', async () => {
  for (const words of [['--keep', '-1'], ['--keep', 'all'], ['--keep-days', ''], []]) {
    expect((await place.call('gc', ...(words.length === 0 ? [] : ['n.py']), ...words)).code).toBe(2);
  }
});
