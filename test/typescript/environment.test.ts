import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Called, Workplace } from '../cli/installation.ts';
import { python, root } from '../environment.ts';
import type { TestRegistry } from './registry.ts';
import { openRegistryPlace } from './registry-place.ts';
import { deno, denoNotebook, shownIn } from './workplace.ts';

let place: Workplace;
let registry: TestRegistry;
let close = async (): Promise<void> => {};
beforeAll(async () => {
  if (deno === undefined) return;
  ({ place, registry, close } = await openRegistryPlace());
});
afterAll(async () => await close());

const lockFile = (): string => join(place.folder, 'deno.lock');
const run = async (name: string, ...words: readonly string[]): Promise<Called> =>
  await place.call('run', `${name}.ipynb`, `${name}.out.ipynb`, '--no-report', ...words);

/** Every file below a folder that has one of these texts in it. */
function filesWith(folder: string, ...texts: readonly string[]): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  return files.filter((name) => {
    const bytes = readFileSync(join(folder, name));
    return texts.some((text) => bytes.includes(text));
  });
}

describe.skipIf(deno === undefined)('the modules of a notebook of Deno', () => {
  const cells = (): readonly string[] => [
    'import { twice } from "npm:cw-twice@1";',
    `import { triple } from "jsr:@cw/math@1";\nconst { four } = await import("${registry.address}plain.ts");`,
    '[twice(2), triple(2), four]',
  ];

  test('are locked by version and digest, and by no address of a mirror', async () => {
    place.write('modules.ipynb', denoNotebook(...cells()));
    const made = await place.call('lock', 'modules.ipynb', '--json');
    expect(made.code, made.err).toBe(0);
    expect(JSON.parse(made.out)).toMatchObject({
      packages: expect.arrayContaining([
        { name: 'npm:cw-twice', version: '1.0.0', imported: true },
        { name: 'jsr:@cw/math', version: '1.2.0', imported: true },
        { name: `${registry.address}four.ts`, version: null, imported: false },
      ]) as unknown,
    });
    const lock = JSON.parse(readFileSync(lockFile(), 'utf8')) as Record<string, object>;
    expect(lock['specifiers']).toEqual({ 'npm:cw-twice@1': '1.0.0', 'jsr:@cw/math@1': '1.2.0' });
    expect(JSON.stringify([lock['npm'], lock['jsr']])).not.toContain('127.0.0.1');
    expect((await place.call('lock', 'modules.ipynb', '--check')).out).toContain('holds what the cells import');
  });

  test('come from the lock alone when nobody else answers, and count in the cache with what they import', async () => {
    await registry.close();
    const before = registry.asked();
    const ran = await run('modules', '--env', 'lock');
    expect(ran.code, ran.err).toBe(0);
    expect(shownIn(join(place.folder, 'modules.out.ipynb'))[2]).toBe('[ 4, 6, 4 ]');
    expect((await run('modules', '--env', 'lock')).out).toContain('0 ran, 3 reused');
    expect(registry.asked()).toBe(before);
    const remote = join(place.folder, '..', 'deno', 'remote');
    const [kept = ''] = filesWith(remote, 'export const four = 4');
    const text = readFileSync(join(remote, kept), 'utf8');
    expect((await run('modules')).code).toBe(0);
    writeFileSync(join(remote, kept), text.replace('four = 4', 'four = 5'));
    expect((await run('modules')).err).toMatch(/ran +02_triple/);
    expect(shownIn(join(place.folder, 'modules.out.ipynb'))[2]).toBe('[ 4, 6, 5 ]');
    writeFileSync(join(remote, kept), text);
  });

  test('are refused where their digest is another one, or where the lock does not hold them', async () => {
    const lock = readFileSync(lockFile(), 'utf8');
    writeFileSync(lockFile(), lock.replace('"integrity": "sha512-', '"integrity": "sha512-A'));
    const changed = await run('modules', '--env', 'lock');
    expect([changed.code, changed.err]).toEqual([3, expect.stringContaining('CW706: npm:cw-twice 1.0.0 is not what')]);
    expect((await place.call('lock', 'modules.ipynb', '--check')).code).toBe(5);
    writeFileSync(lockFile(), lock.replace(/"([0-9a-f]{64})"(?=\s*\}\s*\}\s*$)/, `"${'0'.repeat(64)}"`));
    const remote = await run('modules', '--env', 'lock');
    expect([remote.code, remote.err]).toEqual([2, expect.stringContaining('Integrity check failed')]);
    writeFileSync(lockFile(), lock);
    place.write('other.ipynb', denoNotebook('import { twice } from "npm:cw-twice@0.9.0";'));
    const absent = await run('other', '--env', 'lock');
    expect([absent.code, absent.err]).toEqual([3, expect.stringContaining('CW708: npm:cw-twice@0.9.0')]);
    place.write('other.ipynb', denoNotebook('const name = "npm:cw-" + "twice@1.0.0"; await import(name)'));
    expect((await run('other', '--env', 'lock')).err).toContain('lockfile is out of date');
  });

  test('are frozen with the engine, and run --frozen runs on nothing else', async () => {
    expect((await run('modules')).code).toBe(0);
    const frozen = await place.call('freeze', 'modules.ipynb');
    expect(frozen.code, frozen.err).toBe(0);
    const file = join(place.folder, 'modules.frozen.json');
    const text = readFileSync(file, 'utf8');
    expect(JSON.parse(text)).toMatchObject({ environment: { python: { implementation: 'deno' } } });
    expect((await run('modules', '--frozen')).code).toBe(0);
    writeFileSync(file, text.replace('"version": "1.2.0"', '"version": "1.1.0"'));
    const thawed = await run('modules', '--frozen');
    expect([thawed.code, thawed.err]).toEqual([3, expect.stringContaining('jsr:@cw/math is 1.2.0 here, 1.1.0 in')]);
  });
});

describe.skipIf(deno === undefined)('a secret of a notebook of Deno', () => {
  const secret = 's3cr3t/to"ken+42';

  test('reaches the cells and no file', async () => {
    place.variables = { ...place.variables, TOKEN: secret };
    place.write(
      'secret.ipynb',
      denoNotebook(
        '//: parameters\nconst token: string = "none";',
        'console.log(token); const header = { Authorization: `Bearer ${token}` }; const bytes = new TextEncoder().encode(token);',
        '[header.Authorization.length, bytes.length, new Map([[token, 1]]).size]',
        'Deno.env.set("COPY", "k=" + token);',
        'Deno.env.get("COPY")',
        'const again = token;',
        '//: raises-exception\nthrow new Error(`${again} ${encodeURIComponent(token)} ${Deno.env.get("TOKEN")}`)',
      ),
    );
    const ran = await run('secret', '-p', 'token', 'env:TOKEN');
    expect(ran.code, ran.err).toBe(0);
    const shown = shownIn(join(place.folder, 'secret.out.ipynb'));
    expect(shown.slice(2)).toEqual(['••••', '[ 23, 16, 1 ]', '', "'k=••••'", '', 'Error: •••• •••• ••••']);
    expect((await run('secret', '-p', 'token', 'env:TOKEN')).err).toContain('it reads the secret TOKEN');
    const inside = Buffer.from(secret).toString('base64').slice(0, 16);
    expect(filesWith(join(place.folder, '..'), 's3cr3t', inside)).toEqual([]);
  });
});

describe.skipIf(deno === undefined)('debug of a notebook of Deno', () => {
  test("gives a notebook that runs the cell in Deno's own kernel as it ran", async () => {
    place.write(
      'debugged.ipynb',
      denoNotebook(
        'const rows = [{ n: 1 }, { n: 2 }];\nconst first = rows[0]!;\nlet level = 5;',
        'class Point { constructor(public x: number) {} norm() { return this.x * level } }\nfunction total(): number { return rows.reduce((sum, { n }) => sum + n, 0) }',
        'level += 1; first.n = 100; const point = new Point(3); Deno.env.set("MODE", "fast");',
        '[total(), point.norm(), point instanceof Point, rows.includes(first), Deno.env.get("MODE")]',
      ),
    );
    expect((await run('debugged')).code).toBe(0);
    const made = await place.call('debug', 'debugged.ipynb', '--task', '4', '-o', 'opened.ipynb');
    expect(made.code, made.err).toBe(0);
    place.write('kernels/deno/kernel.json', JSON.stringify(kernelOf(deno ?? '')));
    const words = [join(root, 'build', 'real_kernel.py'), 'opened.ipynb', 'opened.out.ipynb', place.folder, '60'];
    const env = { ...process.env, ...place.variables, JUPYTER_PATH: place.folder };
    const done = spawnSync(python, words, { cwd: place.folder, env, encoding: 'utf8' });
    expect(done.status, done.stderr).toBe(0);
    const [again] = shownIn(join(place.folder, 'opened.out.ipynb')).slice(-1);
    expect(again).toBe(shownIn(join(place.folder, 'debugged.out.ipynb'))[3]);
    expect(again).toContain('102');
  });

  const kernelOf = (program: string): object => ({
    argv: [program, 'jupyter', '--kernel', '--conn', '{connection_file}'],
    display_name: 'Deno',
    language: 'typescript',
  });
});
