/** A bundle that was compiled elsewhere: nothing of it runs before somebody has agreed to what it would run. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { python } from '../environment.ts';
import { makeWorkplace, type Called, type Workplace } from './installation.ts';

let place: Workplace;
beforeEach(() => {
  place = makeWorkplace();
});
afterEach(() => {
  place.remove();
});

const notebook = `# %%
import urllib.request
open("ran.txt", "w").write("1")
# %%
!echo from a program
# %%
def fetch():
    return urllib.request.urlopen("https://user:word@data.example.org/table.csv")
print("\\x1b[2J", fetch.__name__)
`;

/** As on a machine that has never seen it. */
async function bundleFromElsewhere(): Promise<void> {
  place.write('sent.py', notebook);
  const compiled = await place.call('compile', 'sent.py');
  expect(compiled.code, compiled.err).toBe(0);
  rmSync(path.join(place.folder, '..', 'cache'), { recursive: true, force: true });
}

function hasRun(): boolean {
  return existsSync(path.join(place.folder, 'ran.txt'));
}

async function run(...words: string[]): Promise<Called> {
  return await place.call('run', 'sent.cellwright', '--python', python, '-o', 'out.ipynb', ...words);
}

test('where nobody is at the terminal it says what it would run, and runs nothing without --yes', async () => {
  await bundleFromElsewhere();
  const refused = await run();
  expect([refused.code, hasRun()]).toEqual([2, false]);
  for (const words of [
    'sent.cellwright was not compiled on this machine',
    `interpreter  ${python}`,
    'cells        3 cells: 01_',
    '!echo from a program',
    'hosts        data.example.org',
    'writes       ran.txt',
    'CW304',
    '--yes',
  ])
    expect(refused.err).toContain(words);
  expect(refused.err).not.toContain('word@');
  const verified = await place.call('verify', 'sent.cellwright', '--python', python);
  expect([verified.code, hasRun()]).toEqual([2, false]);
  const agreed = await run('--yes');
  expect([agreed.code, hasRun()], agreed.err).toEqual([0, true]);
  // What was agreed to once is not asked again.
  const again = await run();
  expect([again.code, again.err.includes('was not compiled')], again.err).toEqual([0, false]);
}, 120_000);

test('whoever is at the terminal is asked; an edited notebook is another bundle', async () => {
  await bundleFromElsewhere();
  place.answer = 'n';
  const declined = await run();
  expect([declined.code, hasRun()]).toEqual([2, false]);
  expect(declined.err).toContain('Run it? [y/N]');
  place.answer = 'y';
  const agreed = await run();
  expect([agreed.code, hasRun()], agreed.err).toEqual([0, true]);
  place.answer = undefined;
  const file = path.join(place.folder, 'sent.cellwright', 'bundle.json');
  writeFileSync(file, readFileSync(file, 'utf8').trimEnd());
  expect((await run()).code).toBe(2);
  // What was compiled here is asked for nowhere.
  await place.call('compile', 'sent.py');
  expect((await run()).code).toBe(0);
}, 120_000);
