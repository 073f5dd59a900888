import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Workplace } from '../cli/installation.ts';
import { python } from '../environment.ts';
import type { TestRegistry } from './registry.ts';
import { openRegistryPlace } from './registry-place.ts';
import { deno, denoNotebook } from './workplace.ts';

let place: Workplace;
let registry: TestRegistry;
let close = async (): Promise<void> => {};
beforeAll(async () => {
  if (deno === undefined) return;
  ({ place, registry, close } = await openRegistryPlace());
});
afterAll(async () => await close());

const cells = [
  'import { twice } from "npm:cw-twice@1";\nimport { triple } from "jsr:@cw/math@1";',
  'const rows = JSON.parse(await Deno.readTextFile("rows.json")) as number[];',
  '%%bash --out said\necho said',
  '[rows.map((n) => twice(n) + triple(n)), said, Math.random() > 2, Deno.env.get("LEVEL")]',
  '//: raises-exception\n%%bash\nexit 4',
];

describe.skipIf(deno === undefined)('a certificate of a notebook of Deno', () => {
  const program = String(deno);
  const write = (...sources: readonly string[]): void => place.write('certified.ipynb', denoNotebook(...sources));
  const check = async (...words: readonly string[]): Promise<string> => {
    const { out, err } = await place.call('verify', '--check', 'certificate.json', '--quiet', '--json', ...words);
    const { first, facts } = JSON.parse(out) as { first: object | null; facts: object };
    return JSON.stringify(first ?? facts, null, 1) + err;
  };

  test('names the engine and the modules with versions and digests, and the real kernel keeps to the lock too', async () => {
    write(...cells);
    place.write('rows.json', '[1, 2]');
    expect((await place.call('lock', 'certified.ipynb')).code).toBe(0);
    // From here on Deno would take another version.
    registry.publish();
    place.write('newer.ts', 'import "npm:cw-twice@1.1.0";');
    const env = { ...process.env, ...place.variables };
    // The registry is in this process, which therefore must not wait.
    const fetched = spawn(program, ['cache', '--quiet', '--reload', 'newer.ts'], { cwd: place.folder, env });
    expect((await once(fetched, 'exit'))[0]).toBe(0);
    const words = ['certified.ipynb', '--python', python, '--env', 'lock', '--certificate', 'certificate.json'];
    const made = await place.call('verify', ...words);
    expect(made.code, made.err + made.out).toBe(0);
    expect(made.out).toContain('5 of 5 cells equal');
    const { facts } = JSON.parse(readFileSync(join(place.folder, 'certificate.json'), 'utf8')) as { facts: object };
    expect(facts).toMatchObject({
      cells: [
        { packages: ['jsr:@cw/math', 'npm:cw-twice'], files: [] },
        { packages: [], files: ['rows.json'] },
        { packages: [] },
        { packages: [], variables: [] },
        { verdict: 'raises' },
      ],
      files: [{ path: 'rows.json' }],
      environment: {
        python: { implementation: 'deno', version: expect.stringMatching(/^\d/) as unknown },
        packages: [
          { name: 'jsr:@cw/math', version: '1.2.0', imported: true },
          {
            name: 'npm:cw-twice',
            version: '1.0.0',
            imported: true,
            integrity: expect.stringMatching(/^sha512-/) as unknown,
          },
        ],
      },
    });
    expect(JSON.stringify(facts)).not.toContain(place.folder);
  });

  test('is checked: the first cell that differs, and why', async () => {
    expect(await check('--env', 'lock')).toBe('[]');
    const unlocked = await check();
    expect(unlocked).toContain('"task": "04_cell"');
    expect(unlocked).toContain('npm:cw-twice is 1.1.0 here, 1.0.0 in the certificate; [1] 01_twice');
    writeFileSync(join(place.folder, 'rows.json'), '[1, 3]');
    expect(await check('--env', 'lock')).toContain('rows.json has another content; [2] 02_rows, on which it depends');
    writeFileSync(join(place.folder, 'rows.json'), '[1, 2]');
    write(...cells.slice(0, 2), '%%bash --out said\necho sang', ...cells.slice(3));
    expect(await check('--env', 'lock')).toContain('the code of [3] 03_said is another one, on which it depends');
  });

  test('a run without a lock records which modules its cells have had', async () => {
    write(...cells.slice(0, 1), 'const name = "npm:cw-" + "twice@1.0.0"; (await import(name)).twice(2)');
    const ran = await place.call('run', 'certified.ipynb', '--no-report');
    expect(ran.code, ran.err).toBe(0);
    const again = await place.call('run', 'certified.ipynb', '--no-report');
    expect(again.out, again.err).toContain('0 ran, 2 reused');
    const { out } = await place.call('show', 'last', 'certified.ipynb', '--json');
    const { packages } = (
      JSON.parse(out) as { environment: { packages: readonly { name: string; version: string }[] } }
    ).environment;
    expect(packages.map(({ name, version }) => `${name} ${version}`)).toEqual([
      'jsr:@cw/math 1.2.0',
      'npm:cw-twice 1.0.0',
      'npm:cw-twice 1.1.0',
    ]);
    expect((await place.call('show', 'last', 'certified.ipynb')).out).toMatch(/packages +3 imported, not locked/);
  });
});
