import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Workplace } from '../cli/installation.ts';
import { cacheOfDeno } from '../../runtime/javascript/deno-cache.ts';
import { deno, denoNotebook, makeDenoPlace, shownIn } from './workplace.ts';

const cache = cacheOfDeno({ HOME: homedir(), ...process.env }, process.cwd());
const hasDuckdb = existsSync(join(cache, 'npm', 'registry.npmjs.org', '@duckdb', 'node-api', '1.5.6-r.1'));
if (deno !== undefined && !hasDuckdb)
  process.stderr.write('No npm:@duckdb/node-api@1.5.6-r.1 in the cache of Deno: the test of %%sql is left out.\n');

let place: Workplace;
beforeAll(() => {
  if (deno === undefined) return;
  place = makeDenoPlace();
  place.variables = { ...place.variables, DENO_DIR: cache };
});
afterAll(() => {
  if (deno !== undefined) place.remove();
});

async function run(name: string, ...cells: readonly string[]): Promise<{ shown: readonly string[]; said: string }> {
  place.write(`${name}.ipynb`, denoNotebook(...cells));
  const { out, err } = await place.call('run', `${name}.ipynb`, `${name}.out.ipynb`, '--no-report', '--state', name);
  return { shown: shownIn(join(place.folder, `${name}.out.ipynb`)), said: `${err}${out}` };
}

describe.skipIf(deno === undefined)('cells of other kinds', () => {
  test('are run, shown as they are written, and reused where nothing differs', async () => {
    const cells = [
      '%%html\n<b>x</b>',
      '%%writefile words.txt\nb\na',
      '%%bash --out said\nsort words.txt > sorted.txt\ncat sorted.txt',
      'said.split("\\n")',
      'Deno.readTextFileSync("sorted.txt").length',
    ];
    const expected = ['<b>x</b>\n', 'Writing words.txt', '', '[ "a", "b", "" ]', '4'];
    const ran = await run('kinds', ...cells);
    expect(ran.shown, ran.said).toEqual(expected);
    const again = await run('kinds', ...cells);
    expect(again.shown[1]).toBe('Overwriting words.txt');
    expect([...again.said.matchAll(/^reused\s+(\d+)_/gm)].map(([, number]) => number)).toEqual(['01', '04']);
    // Now the file was there before, as it is each time from here on.
    expect((await run('kinds', ...cells)).said).toMatch(/^reused\s+02_/m);
    const document = readFileSync(join(place.folder, 'kinds.out.ipynb'), 'utf8');
    expect(document).toContain('%%bash --out said');
    expect(document).not.toContain('Deno.Command');
  });

  test('debug opens such a cell as a text that the kernel of Deno can run', async () => {
    await run('opened', 'const level = 2;', '%%bash --out said\necho word');
    const made = await place.call('debug', 'opened.ipynb', '--state', 'opened', '--task', '2', '-o', 'debug.ipynb');
    expect(made.code, made.err).toBe(0);
    const opened = JSON.parse(readFileSync(join(place.folder, 'debug.ipynb'), 'utf8')) as {
      readonly cells: readonly { readonly source: string }[];
    };
    const [about, inputs, cell] = opened.cells.map(({ source }) => source);
    expect(about).toContain('```\n%%bash --out said\necho word\n```');
    const again = await run('again', inputs ?? '', `${cell ?? ''}\nconsole.log(said);`);
    expect(again.shown[1], again.said).toBe('word');
  });

  test('an error points to the first line of its cell', async () => {
    const { said } = await run('fails', '// What follows fails.\n%%bash\nexit 4');
    expect(said).toContain('CalledProcessError: bash returned non-zero exit status 4.');
    expect(said).toMatch(/at cell 1:2:1$/m);
    expect(said).not.toMatch(/cell 1:[^2]/);
  });

  test.skipIf(!hasDuckdb)(
    'a query sees the variables and files that it names, and runs again when one differs',
    async () => {
      const cells = (limit: number): readonly string[] => [
        'const read = [{ n: 1 }, { n: 2 }, { n: 3 }];',
        `let limit = ${String(limit)};`,
        '%%sql found <<\nSELECT sum(n) AS s, count(*) AS c FROM read WHERE n > $limit',
        'found',
        "%%sql\nCOPY (SELECT * FROM found) TO 'found.csv';\nSELECT s * 2 AS twice FROM 'found.csv'",
      ];
      const first = await run('query', ...cells(1));
      expect(first.shown, first.said).toEqual([
        '',
        '',
        '',
        '[ { s: 5, c: 2 } ]',
        expect.stringContaining('<td>10</td>'),
      ]);
      expect(first.said).not.toContain('shared the process');
      expect((await run('query', ...cells(1))).said).toContain('0 ran, 5 reused');
      const none = await run(
        'query',
        ...cells(9).slice(0, 2),
        '%%sql empty <<\nSELECT n FROM read WHERE n > $limit',
        'empty',
        '%%sql\nSELECT count(*) AS c, sum(n) AS s FROM empty',
        'const nothing: { n: number }[] = [];',
        '%%sql\nFROM nothing',
      );
      expect(none.shown[3], none.said).toBe('[]');
      expect(none.shown[4]).toContain('<tr><td>0</td><td>NULL</td></tr>');
      expect(none.said).toContain('nothing has no rows, so its columns are not known. Begin the query with a table');
      const other = await run('query', ...cells(2));
      expect(other.shown.slice(3)).toEqual(['[ { s: 3, c: 1 } ]', expect.stringContaining('<td>6</td>')]);
    },
  );
});
