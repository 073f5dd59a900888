/** Makes `.venv` hold exactly what `requirements.lock` says; does nothing when it already does. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { python, root, run } from './command.mjs';

const venv = path.join(root, '.venv');
const stamp = path.join(venv, 'cellwright-setup');
const oldest = [3, 11];

function fail(message) {
  process.stderr.write(`setup: ${message}\n`);
  process.exit(1);
}

const base = process.env['CELLWRIGHT_PYTHON'] ?? 'python3';
const version = await run(base, ['-c', 'import sys; print(*sys.version_info[:3])'], { quiet: true });
if (version.code !== 0) {
  fail(
    `${base} does not run: ${version.output.trim()}. Install Python 3.11 or newer, or name one in CELLWRIGHT_PYTHON.`,
  );
}
const [major = 0, minor = 0] = version.output.trim().split(' ').map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  fail(`${base} is Python ${major}.${minor}; the locked packages need 3.11 or newer. Name one in CELLWRIGHT_PYTHON.`);
}

const lock = path.join(root, 'requirements.lock');
const wanted = createHash('sha256').update(version.output).update(readFileSync(lock)).digest('hex');

if (existsSync(stamp) && existsSync(python) && readFileSync(stamp, 'utf8').trim() === wanted) {
  process.stdout.write('setup: .venv is up to date\n');
} else {
  process.stdout.write('setup: making .venv from requirements.lock\n');
  rmSync(venv, { recursive: true, force: true });
  const steps = [
    [base, ['-m', 'venv', venv]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', lock]],
    [python, ['-m', 'pip', 'check', '--disable-pip-version-check']],
  ];
  for (const [program, args] of steps) {
    const { code, output } = await run(program, args);
    if (code !== 0) fail(`${args.slice(0, 3).join(' ')} ended with ${code}${output ? '' : ' and said nothing'}`);
  }
  // Last, so that an interrupted set-up is made again.
  writeFileSync(stamp, `${wanted}\n`);
}
