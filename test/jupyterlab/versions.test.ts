/** What is built by other tools names the same version, and needs no Jupyter to be compared. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { version } from '../../extensions/cli/version.ts';
import { root } from '../environment.ts';

const textOf = (...place: readonly string[]): string =>
  readFileSync(path.join(root, 'extensions', 'jupyterlab', ...place), 'utf8');

test('the wheel, its package and the extension in the page have the version of the command line', () => {
  expect(textOf('pyproject.toml')).toContain(`\nversion = "${version}"\n`);
  expect(textOf('python', 'cellwright', 'version.py')).toContain(`__version__ = "${version}"`);
  expect((JSON.parse(textOf('package.json')) as { version: string }).version).toBe(version);
});

test('each command stands in a menu, a toolbar or a context menu, and has a name', () => {
  const schema = textOf('schema', 'plugin.json');
  const commands = [...textOf('src', 'commands.ts').matchAll(/id: '(cellwright:[\w-]+)'/g)].map(([, id]) => id);
  expect(commands.length).toBeGreaterThan(7);
  for (const id of commands) expect(schema).toContain(`"command": "${id ?? ''}"`);
});
