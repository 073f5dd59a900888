import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { showDataFrame } from '../../runtime/report/data-frame.ts';
import { proseToHtml } from '../../runtime/report/prose.ts';
import { inkOn, readableOn } from '../../runtime/report/readable-colour.ts';
import { python } from '../environment.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
});
afterAll(() => {
  place.remove();
});

/** The text of a section, tags left out. */
function sectionOf(html: string, id: string): string {
  const [, inside = ''] = new RegExp(`<section aria-labelledby="${id}">([^]*?)</section>`).exec(html) ?? [];
  return inside
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

const notebook = `# %% tags=["parameters"]
scale = 2
# %%
text = open("in.txt").read()
# %%
#| metric: rmse
#| gate: rmse < 100
rmse = len(text) * scale
# %%
with open("out.txt", "w") as file:
    file.write(text * scale)
# %%
print("size", rmse)
`;

test('a report tells what a run was made on, what it left, and what changed since the run before', async () => {
  const read = (): string => readFileSync(path.join(place.folder, 'n.report.html'), 'utf8');
  writeFileSync(path.join(place.folder, 'in.txt'), 'four');
  place.write('n.py', notebook);
  expect((await place.call('run', 'n.py', '-o', 'n.ipynb', '-q')).code).toBe(0);
  const first = read();
  expect(sectionOf(first, 'parameters')).toBe('Parameters parameter default type scale 2 int');
  expect(sectionOf(first, 'changes')).toBe('');
  expect(first).not.toContain('Since ');

  writeFileSync(path.join(place.folder, 'in.txt'), 'five5');
  place.write('n.py', notebook.replace('"size"', '"length"'));
  expect((await place.call('run', 'n.py', '-o', 'n.ipynb', '-q', '-p', 'scale', '3')).code).toBe(0);
  const html = read();
  expect(html).toMatch(/<strong>ok<\/strong> Every cell ran to its end. The gate holds./);
  expect(sectionOf(html, 'parameters')).toBe('Parameters parameter given default type scale 3 2 int');
  expect(sectionOf(html, 'gates')).toContain('holds rmse &lt; 100 rmse = 15 04_rmse');
  expect(sectionOf(html, 'metrics')).toMatch(/rmse lower is better 15 \+7, worse .*rmse over the last 2 runs, 15 now/);
  expect(sectionOf(html, 'changes')).toContain(
    'parameter scale, code of 06_cell, 1 file of data changed; 06_cell shows something else.',
  );
  expect(sectionOf(html, 'changes')).toMatch(/- size 8 \+ length 15/);
  expect(sectionOf(html, 'data')).toMatch(
    /input in\.txt 5 B sha256:[0-9a-f]{12} read by 03_text output out\.txt 15 B sha256:[0-9a-f]{12} written by 05_file/,
  );
  expect(sectionOf(html, 'lineage')).toMatch(
    /metric rmse 04_rmse \[2\] – \[4\] in\.txt scale file out\.txt 05_file \[2\] – \[3\] , \[5\] in\.txt scale/,
  );
  const environment = sectionOf(html, 'environment');
  expect(environment).toMatch(/python 3\.\d+\.\d+ interpreter .*packages? that the cells reached.* ipython \d/);
  // Installed for the tests, and no cell imports it.
  const [reached = '', others = ''] = environment.split('installed as well, which no result depends on');
  expect([reached.includes('scikit-learn'), others.includes('scikit-learn')]).toEqual([false, true]);
  for (const [, target = ''] of html.matchAll(/href="#([^"]*)"/g)) expect(html).toContain(`id="${target}"`);
});

test('every variant has a report, and one page leads to all of them', async () => {
  place.write('v.py', notebook.replace('< 100', '< 10'));
  const called = await place.call('run', 'v.py', '-o', 'all', '--matrix', 'scale=1,3', '--json');
  expect(called.code).toBe(4);
  const told = JSON.parse(called.out) as { report: string; variants: { report: string }[] };
  expect(told.report).toBe(path.join(place.folder, 'all', 'summary.html'));
  const page = readFileSync(told.report, 'utf8');
  expect(page).toContain('1 stopped at a gate of 2 variants.');
  const links = [...page.matchAll(/href="(\.\/[^"]*)"/g)].map(([, link = '']) =>
    path.join(place.folder, 'all', decodeURIComponent(link)),
  );
  expect(links).toHaveLength(4);
  expect(links.filter((file) => !existsSync(file))).toEqual([]);
  expect(readFileSync(told.variants[1]?.report ?? '', 'utf8')).toContain('stopped at a gate</strong>');
  mkdirSync(path.join(place.folder, 'none'));
  expect((await place.call('run', 'v.py', '-o', 'none', '--matrix', 'scale=1', '--no-report', '-q')).code).toBe(0);
  expect(
    ['summary.html', 'scale=1.report.html'].map((name) => existsSync(path.join(place.folder, 'none', name))),
  ).toEqual([false, false]);
});

test('data frames of pandas are tables of the page, with every text that they had; all else stays caged', () => {
  const code = `
import json, pandas as pd
frame = pd.DataFrame({"a<b": [1, 2.5], "text": ["x & y", "<i>"]}, index=pd.Index(["p", "q"], name="key"))
wide = pd.DataFrame({f"c{i}": range(100) for i in range(40)})
frames = [frame, wide, frame.groupby("key").agg(["max", "min"]), frame.T, frame.set_index("text", append=True)]
escaped = frame.to_html(escape=False)
print(json.dumps([[f._repr_html_(), f.to_html(index=False)] for f in frames] + [[escaped, "<table class='dataframe'></table>"]]))
`;
  const made = JSON.parse(execFileSync(python, ['-c', code], { encoding: 'utf8' })) as [string, string][];
  const texts = (html: string): string =>
    html
      .replace(/<style[^]*?<\/style>/, '')
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim();
  const frames = made.slice(0, -1).flat();
  expect(frames).toHaveLength(10);
  for (const html of frames) {
    const shown = showDataFrame(html) ?? '';
    expect(texts(shown)).toBe(texts(html));
    expect(shown).not.toContain('<style');
    expect(shown).toContain('<th scope="col"');
  }
  const whole = made[0]?.[0] ?? '';
  const hostile = [
    ...(made.at(-1) ?? []),
    whole.replace('<td>', '<td onclick="x()">'),
    whole.replace('<td>', '<td><script>x()</script>'),
    whole.replace('<td>', '<td></td></tr></tbody></table></div></main><td>'),
    whole.replace('class="dataframe"', 'class="dataframe" style="position: fixed"'),
    whole.replace('<table', '<img src=x onerror=x()><table'),
    `${whole}<script>x()</script>`,
    whole.slice(0, -10),
  ];
  expect(hostile.map((html) => showDataFrame(html))).toEqual(hostile.map(() => undefined));
});

test.each([
  ['# One #\ntext', '<h3 class="level1">One</h3><p>text</p>'],
  ['Title\n===\n\nOther\n---', '<h3 class="level1">Title</h3><h3 class="level2">Other</h3>'],
  [
    'a *b* **c** `d*e*` _f_ snake_case_name 2 * 3 * 4',
    '<p>a <em>b</em> <strong>c</strong> <code>d*e*</code> <em>f</em> snake_case_name 2 * 3 * 4</p>',
  ],
  ['- a\n- b\n  - c\n\n1. d\n2. e', '<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol><li>d</li><li>e</li></ol>'],
  ['> a\n> b\n\n---', '<blockquote><p>a\nb</p></blockquote><hr>'],
  ['```python\n# no heading <b>\n```\nend', '<pre class="source"><code># no heading &lt;b&gt;</code></pre><p>end</p>'],
  ['$x_1 * y_1 * z$ and \\*not\\*', '<p><code class="math">$x_1 * y_1 * z$</code> and *not*</p>'],
  ['<script>x()</script> <b>', '<p>&lt;script&gt;x()&lt;/script&gt; &lt;b&gt;</p>'],
  [
    '[a](javascript:x) [b](https://example.org/?a=1&b="c)',
    '<p>a <a href="https://example.org/?a=1&amp;b=&quot;c" rel="noreferrer">b</a></p>',
  ],
  ['![a plot](plot.png)', '<p><span class="note">[a plot]</span></p>'],
])('prose: %j', (source, html) => {
  expect(proseToHtml(source)).toBe(html);
});

test('a table in prose has headers, and its cells are prose', () => {
  const html = proseToHtml('| a | b |\n|:--|--:|\n| *x* | y \\| z |\nend');
  expect(html).toContain('<th scope="col">a</th><th scope="col">b</th>');
  expect(html).toContain('<tr><td><em>x</em></td><td>y | z</td></tr>');
  expect(html).toMatch(/<p>end<\/p>$/);
});

test('prose of any length and depth is written in time', () => {
  const started = performance.now();
  for (const part of ['*a ', '**', '`', '[a](', '> ', '- ', '  - a\n', '_a', '$', '| ', '~~a'])
    proseToHtml(part.repeat(20_000 / part.length));
  expect(performance.now() - started).toBeLessThan(20_000);
});

test('colours of programs are made readable on both papers', () => {
  expect(readableOn('#000000')).toEqual({ light: '#000000', dark: expect.not.stringMatching('#000000') as string });
  expect(readableOn('#ffffff').dark).toBe('#ffffff');
  expect([inkOn('#ffff00'), inkOn('#000080')]).toEqual(['#000000', '#ffffff']);
});
