import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Workplace } from '../cli/installation.ts';
import { deno, denoNotebook, makeDenoPlace, shownIn } from './workplace.ts';

let place: Workplace;
beforeAll(() => {
  if (deno !== undefined) place = makeDenoPlace();
});
afterAll(() => {
  if (deno !== undefined) place.remove();
});

describe.skipIf(deno === undefined)('a notebook of Deno, exported as modules', () => {
  const cells = [
    '//: parameters\nconst limit: number = 2;',
    'import { helper } from "./helper.ts";\nimport { basename as nameOf } from "node:path";\ninterface Row { n: number }\ntype Rows = Row[];\nenum Kind { A = "a" }',
    'let count = 0;\nconst rows: Rows = [{ n: 1 }];\nfunction bump(by = 1) { count += by; return count }\nclass Point { constructor(public x: number) {} norm() { return this.x * limit } }',
    'await new Promise((done) => setTimeout(done, 20));\nconsole.log("slow", bump());',
    'console.log("fast", bump(2), count, helper(3), Kind.A, new Point(3).norm());\nconst length = rows.push({ n: 10 });\nconst spread = [...rows];',
    '%%bash --out said\necho from bash',
    'import { basename as nameOf } from "node:path";\nconst temp: Row = { n: 7 };\nconsole.log(said.trim(), [...spread, temp].length, nameOf("a/b"));',
    'const temp = 2;\nfor (const count of [temp]) console.log("inner", count);',
    'console.log(temp, count);',
  ];
  const writeFiles = (): void => {
    place.write('helper.ts', 'import { one } from "./one.ts";\nexport const helper = (n: number) => n + one;');
    place.write('one.ts', 'export const one = 1;');
  };
  const runModules = (file: string): SpawnSyncReturns<string> =>
    spawnSync(String(deno), ['run', '--quiet', '--allow-all', file], { cwd: place.folder, encoding: 'utf8' });

  test('prints in Deno alone what a run prints, and gives its variables by name', async () => {
    writeFiles();
    place.write('whole.ipynb', denoNotebook(...cells));
    const ran = await place.call('run', 'whole.ipynb', 'whole.out.ipynb', '--no-report');
    expect(ran.code, ran.err).toBe(0);
    const made = await place.call('export', 'whole.ipynb', '--modules', join('out', 'whole'));
    expect(made.code, made.err).toBe(0);
    expect(made.out).toContain('[5] cells/05_length.ts(Kind, Point, bump, count, helper, rows) -> length, spread');
    place.write('use.ts', 'import { spread, temp } from "./out/whole/main.ts";\nconsole.log(spread.length, temp);');
    const done = runModules('use.ts');
    const shown = shownIn(join(place.folder, 'whole.out.ipynb')).filter((text) => text !== '');
    expect(done.stdout.trim().split('\n'), done.stderr).toEqual([...shown, '2 2']);
    const again = await place.call('export', 'whole.ipynb', '--modules', join('out', 'whole'));
    expect(again.code, again.err).toBe(0);
  });

  test('prints what cells display', async () => {
    place.write('shows.ipynb', denoNotebook('await Deno.jupyter.display(Deno.jupyter.md`**a** ${1 + 1}`);', '1'));
    expect((await place.call('export', 'shows.ipynb', '--modules', 'shows')).code).toBe(0);
    expect(runModules(join('shows', 'main.ts')).stdout).toBe('**a** 2\n');
  });

  test("is refused where modules would do something else, and where a folder is somebody else's", async () => {
    const refused = async (...sources: readonly string[]): Promise<string> => {
      place.write('refused.ipynb', denoNotebook(...sources));
      const { code, err } = await place.call('export', 'refused.ipynb', '--modules', 'refused');
      expect(code).toBe(3);
      expect(existsSync(join(place.folder, 'refused'))).toBe(false);
      return err;
    };
    expect(await refused('let level = 1;', '[level] = [2];')).toContain(
      'it assigns to level, which an earlier cell declares',
    );
    expect(await refused('let level = 1;', 'const set = () => { level = 2 };')).toContain('it assigns to level');
    expect(await refused('const f = () => df.length;\nlet df = [1];', 'let df = [1, 2];\nf()')).toContain(
      'a function of cell [1] that uses df would keep the one before',
    );
    expect(await refused('var old = 1;', 'globalThis.old')).toContain('it looks for old on the global object');
    expect(await refused('setTimeout(() => console.log(1), 10);')).toContain('goes on after it');
    place.write('other/main.ts', '1');
    writeFileSync(join(place.folder, 'plain.ipynb'), denoNotebook('1'));
    const foreign = await place.call('export', 'plain.ipynb', '--modules', 'other');
    expect([foreign.code, foreign.err]).toEqual([
      2,
      expect.stringContaining('other holds a main.ts that export did not'),
    ]);
  });
});
