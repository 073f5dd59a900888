import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageLocks } from '../../runtime/javascript/lock/package-locks.ts';
import type { LockQuestion } from '../../runtime/languages/module-locks.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cellwright-packages-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function install(place: string, version: string, dependencies: Readonly<Record<string, string>> = {}): void {
  const file = join(folder, place, 'package.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ version, dependencies }));
}

const range = { start: { line: 0, column: 0 }, end: { line: 0, column: 1 } };
const question = (...specifiers: readonly string[]): LockQuestion => ({
  interpreter: undefined,
  cwd: folder,
  variables: {},
  imports: specifiers.map((specifier) => ({ specifier, cell: 'c1', index: 0, range })),
});

const lock = JSON.stringify({
  lockfileVersion: 3,
  packages: {
    '': { dependencies: { outer: '1' } },
    'node_modules/outer': { version: '1.0.0', integrity: 'sha512-a', dependencies: { inner: '2' } },
    'node_modules/outer/node_modules/inner': { version: '2.0.0', optionalDependencies: { spare: '1' } },
    'node_modules/inner': { version: '1.0.0' },
    'node_modules/other': { version: '9.0.0' },
  },
});

async function differences(...specifiers: readonly string[]): Promise<readonly string[]> {
  const text = { text: lock, file: join(folder, 'package-lock.json'), shown: 'package-lock.json' };
  const compared = await packageLocks.compare(question(...specifiers), text, true);
  if (!compared.ok) throw new Error(compared.error[0]?.message);
  return compared.value.differences.map(({ name, locked, here }) => [name, locked, here].join(' '));
}

test('the packages that cells import, and what these require where Node finds it, are as the lock has them', async () => {
  install('node_modules/outer', '1.0.0', { inner: '2' });
  install('node_modules/outer/node_modules/inner', '2.0.0');
  expect(await differences('outer/part', 'node:fs', 'fs', './beside.ts')).toEqual([]);
  install('node_modules/outer/node_modules/inner', '2.1.0');
  expect(await differences('outer')).toEqual(['npm:inner 2.0.0 2.1.0']);
  expect(await differences('other')).toEqual(['npm:other 9.0.0 ']);
  install('node_modules/foreign', '3.0.0');
  expect(await differences('foreign')).toEqual(['npm:foreign  3.0.0']);
});

test('what is installed is listed by the versions that are there, for what is frozen', async () => {
  install('node_modules/outer', '1.0.0', { inner: '2' });
  install('node_modules/outer/node_modules/inner', '2.0.0');
  install('node_modules/inner', '1.0.0');
  const found = await packageLocks.resolve(question('outer'));
  expect(found.ok && found.value.map(({ name, version }) => `${name} ${version}`)).toEqual([
    'npm:outer 1.0.0',
    'npm:inner 2.0.0',
  ]);
});

test('npm writes the lock itself', async () => {
  const made = await packageLocks.make(question('outer', '@scope/own/part'), undefined);
  expect(made.ok ? '' : made.error[0]?.help).toContain('npm install --save-exact @scope/own outer');
});
