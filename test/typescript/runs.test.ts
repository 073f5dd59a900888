import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, cpSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Workplace } from '../cli/installation.ts';
import { root } from '../environment.ts';
import { deno, denoNotebook, makeDenoPlace, shownIn } from './workplace.ts';

let place: Workplace;
beforeAll(() => {
  if (deno !== undefined) place = makeDenoPlace();
});
afterAll(() => {
  if (deno !== undefined) place.remove();
});

interface Ran {
  readonly shown: readonly string[];
  readonly said: string;
  readonly code: number;
}

async function run(name: string, ...words: readonly string[]): Promise<Ran> {
  const { code, out, err } = await place.call('run', `${name}.ipynb`, `${name}.out.ipynb`, '--no-report', ...words);
  return { shown: shownIn(join(place.folder, `${name}.out.ipynb`)), said: `${err}${out}`, code };
}

describe.skipIf(deno === undefined)('a notebook of Deno', () => {
  const values = [
    'const rows = [{ n: 1 }, { n: 2 }];\nconst scale: number = 10;',
    'function total(): number { return rows.reduce((sum, row) => sum + row.n * scale, 0) }',
    'class Point { constructor(public x: number, public y: number) {} norm() { return Math.hypot(this.x, this.y) } }',
    'const first = rows[0]!; const p = new Point(3, 4);',
    'first.n = 100;\nconsole.log("changed");',
    'total()',
    '[p.norm(), p instanceof Point, rows.includes(first)]',
    'const numbers = new Float64Array(2000).fill(1.5); const view = numbers.subarray(10, 12);',
    'view[0] = 7; numbers[10]',
    'new Map([["sum", numbers.reduce((a, b) => a + b, 0)]])',
  ];
  const expected = ['', '', '', '', 'changed', '1020', '[ 5, true, true ]', '', '7', 'Map(1) { "sum" => 3005.5 }'];

  test('gives what one process gives, a process for each cell, and again from the cache', async () => {
    place.write('values.ipynb', denoNotebook(...values));
    const ran = await run('values');
    expect(ran.shown, ran.said).toEqual(expected);
    expect(ran.said).not.toContain('one process');
    const again = await run('values');
    expect(again.said).toContain('0 ran, 10 reused');
    expect(again.shown).toEqual(expected);
    const together = await run('values', '--one-process', '--state', 'lane');
    expect(together.shown).toEqual(expected);
  });

  test('runs again what an edit reaches, and nothing else', async () => {
    place.write('values.ipynb', denoNotebook(values[0]?.replace('10', '20') ?? '', ...values.slice(1)));
    const ran = await run('values');
    expect(ran.shown[5]).toBe('2040');
    const reused = [...ran.said.matchAll(/^reused\s+(\d+)_/gm)].map(([, number]) => Number(number));
    expect(reused).toEqual(expect.arrayContaining([3, 8, 9, 10]));
    expect(reused).not.toContain(6);
  });

  test('keeps what cannot leave its process there, and says what', async () => {
    place.write(
      'held.ipynb',
      denoNotebook(
        'function* count() { let n = 0; for (;;) yield ++n }\nconst numbers = count();',
        'numbers.next().value',
        'const later: string[] = []; setTimeout(() => later.push("rang"), 30); undefined',
        'await new Promise((go) => setTimeout(go, 60)); [numbers.next().value, later]',
      ),
    );
    const { shown, said } = await run('held');
    expect(shown, said).toEqual(['', '1', '', '[ 2, [ "rang" ] ]']);
    expect(said).toContain('a Generator');
  });

  test('declares a name again as the kernel does', async () => {
    place.write('again.ipynb', denoNotebook('const a = 1;', 'const a = 2; a', '//: raises-exception\nlet a = 3;', 'a'));
    const { shown, said } = await run('again');
    expect(shown).toEqual(['', '2', "SyntaxError: Identifier 'a' has already been declared", '2']);
    expect(said).toContain('declares a with let');
  });

  test('sees files and variables, and writes in the order of the cells', async () => {
    place.write('in.txt', 'one');
    place.write(
      'files.ipynb',
      denoNotebook(
        'const text = await Deno.readTextFile("in.txt");',
        'await Deno.writeTextFile("out.txt", text + "!");',
        'import { readFileSync } from "node:fs";\nreadFileSync("out.txt", "utf8")',
        'Deno.env.get("CITY")',
      ),
    );
    place.variables = { ...place.variables, CITY: 'nyc' };
    expect((await run('files')).shown[2]).toBe('"one!"');
    expect((await run('files')).said).toContain('0 ran, 4 reused');
    place.write('in.txt', 'two');
    place.variables = { ...place.variables, CITY: 'paris' };
    const ran = await run('files');
    expect(ran.shown.slice(2)).toEqual(['"two!"', '"paris"']);
    expect(readFileSync(join(place.folder, 'out.txt'), 'utf8')).toBe('two!');
  });

  test('knows a package that keeps nothing, and sees when a cell changes what it exports', async () => {
    place.write(
      'node_modules/he/package.json',
      JSON.stringify({ name: 'he', version: '1.0.0', type: 'module', exports: './he.js' }),
    );
    place.write('node_modules/he/he.js', 'export class Text { size() { return 1 } }\nexport default { Text };');
    place.write('package.json', JSON.stringify({ dependencies: { he: '1.0.0' } }));
    const cells = ['import { Text } from "he";', 'const text = new Text();', 'text.size()'];
    place.write('whole.ipynb', denoNotebook(...cells));
    expect((await run('whole')).shown[2]).toBe('1');
    place.write(
      'patched.ipynb',
      denoNotebook(...cells, 'Text.prototype.size = () => 2; Text.more = 3;', '[text.size(), Text.more]'),
    );
    const { shown, said } = await run('patched');
    expect(shown[4], said).toBe('[ 2, 3 ]');
    expect(said).toContain('he Text, which was changed');
  });

  test('reuses results also where an editor has left files open, which a cell could write to', () => {
    place.write('left.ipynb', denoNotebook('const a = 1;', 'a + 1'));
    const log = openSync(join(place.folder, 'editor.log'), 'a');
    const call = (): string => {
      const words = [join(root, 'dist', 'cellwright.mjs'), 'run', 'left.ipynb', 'left.out.ipynb', '--no-report'];
      const env = { ...process.env, ...place.variables, XDG_CACHE_HOME: join(place.folder, 'own-cache') };
      const options = { cwd: place.folder, env, encoding: 'utf8' } as const;
      // Node closes what it inherits, up to the first number from 16 on that is free.
      const between = Array.from({ length: 37 }, () => 'ignore' as const);
      return spawnSync(process.execPath, words, { ...options, stdio: ['ignore', 'pipe', 'pipe', ...between, log] })
        .stdout;
    };
    expect(call()).toContain('2 ran, 0 reused');
    expect(call()).toContain('0 ran, 2 reused');
    closeSync(log);
  });

  test('shows an error where it is in the cell', async () => {
    place.write(
      'error.ipynb',
      denoNotebook('interface None {}\nfunction deep(): never {\n  throw new RangeError("no");\n}', 'deep()'),
    );
    const { shown, said, code } = await run('error');
    expect(code).toBe(1);
    expect(shown[1]).toBe('RangeError: no');
    const text = readFileSync(join(place.folder, 'error.out.ipynb'), 'utf8');
    expect(text, said).toContain('at deep (cell 1:3:9)');
    expect(text).not.toContain('worker.mjs');
  });

  test('records metrics', async () => {
    place.write(
      'metric.ipynb',
      denoNotebook('//| metric: scores.rmse\nconst scores = { rmse: 0.5, rows: 3 };', 'scores.rows'),
    );
    const { said, code } = await run('metric');
    expect(code, said).toBe(0);
    const { out } = await place.call('metrics', 'metric.ipynb');
    expect(out).toMatch(/scores\.rmse\s.*0\.5/);
  });

  test('refuses what is only there for Python', async () => {
    place.write('values.ipynb', denoNotebook(...values));
    const { code, err } = await place.call('test', 'values.ipynb', '--capture', '2');
    expect(code).toBe(3);
    expect(err).toContain('test is for notebooks in Python so far');
  });
});

describe.skipIf(deno === undefined)('the sample', () => {
  test('runs with another station', async () => {
    cpSync(join(root, 'samples', 'typescript', 'data'), join(place.folder, 'data'), { recursive: true });
    copyFileSync(join(root, 'samples', 'typescript', 'notebook.ipynb'), join(place.folder, 'sample.ipynb'));
    const { shown, said } = await run('sample', '-p', 'station', 'university');
    expect(shown[3], said).toContain('52 weeks at the university');
    expect(shown.at(-1)).toMatch(/^At the \*\*university\*\*, a degree more brings \*\*\d+\.\d\*\* rides/);
    expect(existsSync(join(place.folder, 'sample.out.ipynb'))).toBe(true);
    const { out } = await place.call('run', 'sample.ipynb', '-o', 'shown.ipynb', '-p', 'station', 'university');
    const report = readFileSync(join(place.folder, 'shown.report.html'), 'utf8');
    expect(report, out).toMatch(/<td>string<\/td>[^]*<td>number<\/td>/);
  });
});
