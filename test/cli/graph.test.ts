import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
  place.write(
    'shapes.py',
    '# %%\nleft = [1]\n# %%\nright = "<&\\">"\n# %%\nboth = left + [right]\n# %%\nprint(left)\n# %%\nboth\n',
  );
});
afterAll(() => {
  place.remove();
});

test('the rail has one line per task and one column per result on its way', async () => {
  expect((await place.call('graph', 'shapes.py')).out).toMatchInlineSnapshot(`
    "[1]  ●    01_left   left = [1]
    [2]  │●   02_right  right = "<&\\">"
    [3]  ○○●  03_both   both = left + [right]  ← left, right
    [4]  ○●│  04_cell   print(left)            ← left
    [5]  ● ○  05_cell   both                   ← both
    "
  `);
});

test('dot and mermaid', async () => {
  expect((await place.call('graph', 'shapes.py', '--format', 'dot')).out).toMatchInlineSnapshot(`
    "digraph notebook {
      rankdir=TB;
      node [shape=box, fontname="sans-serif"];
      "abdb718d0908" [label="[1] 01_left\\nleft = [1]"];
      "bdf3596993cc" [label="[2] 02_right\\nright = \\"<&\\\\\\">\\""];
      "277a870d1b54" [label="[3] 03_both\\nboth = left + [right]"];
      "f886e7d5cd7d" [label="[4] 04_cell\\nprint(left)"];
      "0bf161c7c0f3" [label="[5] 05_cell\\nboth"];
      "abdb718d0908" -> "277a870d1b54" [label="left", style=solid];
      "bdf3596993cc" -> "277a870d1b54" [label="right", style=solid];
      "abdb718d0908" -> "f886e7d5cd7d" [label="left", style=solid];
      "277a870d1b54" -> "0bf161c7c0f3" [label="both", style=solid];
    }
    "
  `);
  expect((await place.call('graph', 'shapes.py', '--format', 'mermaid')).out).toMatchInlineSnapshot(`
    "flowchart TD
      t0["1: 01_left"]
      t1["2: 02_right"]
      t2["3: 03_both"]
      t3["4: 04_cell"]
      t4["5: 05_cell"]
      t0 -->|"left"| t2
      t1 -->|"right"| t2
      t0 -->|"left"| t3
      t2 -->|"both"| t4
    "
  `);
});

test('the picture stands alone, has a title and a description, and follows the theme', async () => {
  const { out } = await place.call('graph', 'shapes.py', '--format', 'svg');
  expect(out).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" class="cw-graph" role="img"/);
  expect(out).toContain('<title id="cw-graph-title">Graph of shapes.py</title>');
  expect(out).toContain('5 tasks and 4 arrows');
  expect(out).toContain('prefers-color-scheme: dark');
  expect(out).toContain('right = &quot;&lt;&amp;\\&quot;&gt;&quot;');
  expect(out.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/);
  expect((await place.call('graph', 'shapes.py', '--format', 'svg')).out).toBe(out);
});

test('explain says why one cell waits for another', async () => {
  expect((await place.call('explain', 'shapes.py', '3')).out).toMatchInlineSnapshot(`
    "[3] 03_both
      reads
        left   line 1
        right  line 1
      binds
        both  line 1    both = left + [right]
      needs
        [1] 01_left   left   line 1 → line 1  left = [1] → read
        [2] 02_right  right  line 1 → line 1  right = "<&\\">" → read
      is needed by
        [5] 05_cell  both  line 1 → line 1  both = left + [right] → read
    "
  `);
});
