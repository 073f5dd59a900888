/**
 * The whole check, in the order in which a failure is cheapest to see. Works on a fresh clone: it installs what is
 * missing. The last line counts the steps, the vitest tests and the Python tests together.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import { node, python, root, run } from './command.mjs';

const out = path.join(root, 'out');
const vitestReport = path.join(out, 'vitest.json');
const total = { passed: 0, failed: 0, skipped: 0 };
const broken = [];

/** Runs one step; `count` turns its output into test numbers, else the step itself is one check. */
async function step(name, action, count) {
  process.stdout.write(`\n== ${name}\n`);
  const startedAt = performance.now();
  const { code, output } = await action();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const counted = count?.(output);
  if (counted === undefined) {
    total[code === 0 ? 'passed' : 'failed'] += 1;
  } else {
    total.passed += counted.passed;
    total.skipped += counted.skipped;
    // A runner that failed without a failed test (a crash, a test file that does not load) still counts as one.
    total.failed += code !== 0 ? Math.max(counted.failed, 1) : counted.failed;
  }
  if (code !== 0) broken.push(name);
  process.stdout.write(`== ${name}: ${code === 0 ? 'ok' : `failed (${code})`}, ${seconds} s\n`);
  return code === 0;
}

function finish() {
  if (broken.length > 0) process.stdout.write(`\nfailed: ${broken.join(', ')}\n`);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
  process.exit(total.failed === 0 ? 0 : 1);
}

function countUnittest(output) {
  const ran = Number(/^Ran (\d+) tests?/m.exec(output)?.[1] ?? 0);
  const of = (word) => Number(new RegExp(`[( ]${word}=(\\d+)`).exec(output)?.[1] ?? 0);
  const failed = of('failures') + of('errors') + of('unexpected successes');
  const skipped = of('skipped');
  return { passed: Math.max(ran - failed - skipped, 0), failed, skipped };
}

function countVitest() {
  if (!existsSync(vitestReport)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(vitestReport, 'utf8'));
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** `npm ci` has done its work when the lock inside node_modules is there. */
function isInstalled() {
  return existsSync(path.join(root, 'node_modules', '.package-lock.json'));
}

mkdirSync(out, { recursive: true });
rmSync(vitestReport, { force: true });

// Without these nothing else can run.
if (!isInstalled() && !(await step('npm ci', () => run('npm', ['ci'])))) finish();
if (!(await step('setup', () => node('build/setup.mjs')))) finish();

await step('build', () => node('build/build.mjs'));
await step('docs', () => node('build/docs.mjs', ['--check']));
await step('tsc -b', () => node('node_modules/typescript/bin/tsc', ['-b']));
await step('eslint', () => node('node_modules/eslint/bin/eslint.js', ['.']));
await step('prettier', () => node('node_modules/prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']));
await step('ruff check', () => run(python, ['-m', 'ruff', 'check', '.']));
await step('ruff format', () => run(python, ['-m', 'ruff', 'format', '--check', '.']));
await step('mypy', () => run(python, ['-m', 'mypy']));

const pythonTests = path.join(root, 'test', 'python');
if (existsSync(pythonTests) && readdirSync(pythonTests).some((name) => /^test_.*\.py$/.test(name))) {
  const env = { PYTHONPATH: path.join(root, 'runtime', 'python'), PYTHONDONTWRITEBYTECODE: '1' };
  await step(
    'python tests',
    () => run(python, ['-m', 'unittest', 'discover', '-s', 'test/python', '-t', 'test/python'], { env }),
    countUnittest,
  );
}

await step(
  'vitest',
  () =>
    node('node_modules/vitest/vitest.mjs', [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${vitestReport}`,
    ]),
  countVitest,
);
finish();
