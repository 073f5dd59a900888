import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ansiToHtml } from '../../runtime/report/ansi.ts';
import { showOutput } from '../../runtime/report/show-output.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
});
afterAll(() => {
  place.remove();
});

test('colours become spans, and everything else is escaped', () => {
  expect(ansiToHtml('\u001B[1;31mno <b>\u001B[0m & \u001B[38;5;28mgreen\u001B[39m\u001B]0;title\u0007')).toBe(
    '<span class="b f1">no &lt;b&gt;</span> &amp; <span class="c" style="--l:#008000;--d:#269926">green</span>',
  );
});

test('HTML of a cell is caged', () => {
  const shown = showOutput({
    output_type: 'display_data',
    data: { 'text/html': '<script>alert(1)</script>"', 'text/plain': 'x' },
  });
  expect(shown).toMatch(/^<iframe sandbox="" /);
  expect(shown).not.toContain('<script');
  expect(shown).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;');
});

test('images are data, and nothing in them can leave the attribute', () => {
  const png = showOutput({
    output_type: 'display_data',
    data: { 'image/png': 'aGk="onerror=x\n', 'text/plain': '<Figure "1">' },
  });
  expect(png).toBe('<img src="data:image/png;base64,aGk=onerror=x" alt="&lt;Figure &quot;1&quot;&gt;">');
  expect(showOutput({ output_type: 'display_data', data: { 'image/svg+xml': '<svg onload="x()"/>' } })).not.toContain(
    'onload',
  );
});

test('a report is one file that runs nothing and asks the network for nothing', async () => {
  const text = '# %% [markdown]\n# # Title </script><img src=x>\n# %%\nprint("</pre><script>alert(2)</script>")\n';
  place.write('r.py', `${text}# %%\nraise ValueError("<i>\\x1b[31mred")\n`);
  expect((await place.call('run', 'r.py', '-o', 'r.out.ipynb', '--report', 'deep/r.html', '-q')).code).toBe(1);
  const html = readFileSync(path.join(place.folder, 'deep', 'r.html'), 'utf8');
  expect(html).not.toMatch(/<script|<img src=x|<i>/);
  expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\/|src="(?!data:)|<link/);
  expect(html).toContain('<strong>failed</strong> The cell raised in');
  expect(html).toContain('class="cw-graph"');
});
