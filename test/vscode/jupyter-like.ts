/** An extension that is called as the one for Jupyter and offers the part of it that is asked, since that one cannot be had here. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../environment.ts';

/** Packs it. @param interpreter what it says is selected in every notebook */
export function packJupyterLike(base: string, interpreter: string): string {
  const folder = path.join(base, 'jupyter-like');
  mkdirSync(folder);
  const manifest = {
    ...{ name: 'jupyter', publisher: 'ms-toolsai', version: '2099.1.0', engines: { vscode: '^1.96.0' } },
    ...{ main: './main.js', activationEvents: ['*'], license: 'MIT', description: 'Only for tests.' },
  };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(folder, 'README.md'), 'Only for tests.\n');
  const answer = `{ id: "selected", path: ${JSON.stringify(interpreter)} }`;
  writeFileSync(
    path.join(folder, 'main.js'),
    `exports.activate = () => ({ getPythonEnvironment: () => (${answer}) });\n`,
  );
  const vsce = path.join(root, 'extensions', 'vscode', 'node_modules', '@vscode', 'vsce', 'vsce');
  const packed = path.join(base, 'jupyter-like.vsix');
  const words = [vsce, 'package', '--no-dependencies', '--allow-missing-repository', '--skip-license', '-o', packed];
  const done = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${done.stdout}${done.stderr}`);
  return packed;
}
