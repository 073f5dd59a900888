import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeEach(() => {
  place = makeWorkplace();
});
afterEach(() => {
  place.remove();
});

test.each([
  ['source', '"source":"print(1)"', '"source":"print(2)"'],
  ['digest of the code', /"code":"sha256:.{8}/, '"code":"sha256:00000000'],
  ['directives', '"raisesException":false', '"raisesException":true'],
  ['number in In [n]', '"executionCount":1', '"executionCount":2'],
])('a bundle whose task has another %s than its cell is refused', async (_, old, changed) => {
  place.write('n.py', '# %%\nprint(1)\n');
  await place.call('compile', 'n.py');
  expect((await place.call('run', 'n.cellwright', '-q', '--no-report', '-o', 'out.ipynb')).code).toBe(0);
  const file = path.join(place.folder, 'n.cellwright', 'bundle.json');
  const text = readFileSync(file, 'utf8');
  const edited = text.replace(old, changed);
  expect(edited).not.toBe(text);
  writeFileSync(file, edited);
  const { code, err } = await place.call('run', 'n.cellwright');
  expect({ code, err }).toEqual({
    code: 2,
    err: 'error CW303: The task 01_cell in bundle.json is not what its notebook says.\n  Compile the notebook again.\n',
  });
});
