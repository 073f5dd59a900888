import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
  place.write(
    'n.py',
    `# %% tags=["parameters"]
city = "nyc"  # where
trees = [
    1,
]
# %%
import random
random.seed(1)
# %%
left = [city]
# %%
right = [trees]
# %%
left.stray()
# %%
print(left, right, random.random())
# %%
# %%writefile made.py
# made = 1
# %%
# %run made.py
`,
  );
  place.write('held.py', '# %%\nmade = (i for i in range(3))\n# %%\nprint(next(made))\n# %%\nprint("alone")\n');
});
afterAll(() => {
  place.remove();
});

test('compile says what there is to know, and nothing that is guessed', async () => {
  const { out } = await place.call('compile', 'n.py');
  expect(out).toContain('n.py: 8 tasks, ');
  expect(out).toMatch(/ {2}width {7}\d tasks at once, \d one after another\n/);
  expect(out).toContain('  parameters  city = "nyc", trees = [ …\n');
  expect(out).toMatch(/ {2}carried {5}random \[2\] \[6\]\n/);
  expect(out).toContain('  data        made.py\n');
  expect(out).toMatch(/ {2}assumed {5}\[5\] may change left for \[6\]/);
  expect(out).toContain('  in turn     [7] %%writefile, [8] %run binds what made.py binds\n');
});

test('explain has the line of every place, what a cell waits its turn for, and the file between two cells', async () => {
  const { out } = await place.call('explain', 'n.py', '8');
  expect(out).toMatch(
    /starts only when every earlier cell is done, because of\n {4}unknown {2}line 1 {4}%run binds what/,
  );
  expect(out).toMatch(/\[7\] 07_\w+ +made\.py +line 1 → line 1 +%%writefile made\.py → %run made\.py\n/);
  expect(out).toContain('every variable is at hand for it');
});

test('after a run, explain and status say what it observed', async () => {
  expect((await place.call('explain', 'held.py', '2')).out).not.toContain('in the last run');
  await place.call('run', 'held.py', '-q');
  const told = 'shared the process of an earlier cell, which alone has made of 01_made (a generator)';
  expect((await place.call('explain', 'held.py', '2')).out).toContain(told);
  const { out } = await place.call('status', 'held.py');
  expect(out).toMatch(/last run \S+: 3 ran\n/);
  expect(out).toContain(`  [2] 02_cell ${told}\n`);
  await place.call('run', 'held.py', '-q', '--one-process');
  expect((await place.call('status', 'held.py')).out).toContain('  all cells ran in one process: asked for\n');
});
