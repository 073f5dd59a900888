import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../../compiler/bundle/diagnostic.ts';
import {
  captureFixtures,
  readLastRun,
  runFolder,
  runTests,
  secretNames,
  type Captured,
  type CaptureRequest,
  type PackageAnswer,
} from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { listFixtures, readFixture, renewed, testModule } from '../cell-fixtures.ts';
import { checkResults } from '../check-results.ts';
import { readNamedFile, shownPath } from '../files.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { findTask, openInput, type Input } from '../input.ts';
import { writeOutput } from '../output-file.ts';
import { findPlace, type Place } from '../state-folder.ts';
import { makePackage, writePackage } from './export.ts';

/** Bytes of a fixture that are kept without being asked. */
const most = 5_000_000;
const helper = 'notebook_fixtures.py';

interface Subject {
  readonly input: Input;
  readonly place: Place;
  /** The folder of the tests. */
  readonly folder: string;
  /** The notebook's name as Python may write it. */
  readonly stem: string;
}

/** `cellwright test NB [--capture CELL]`: runs the checks of a notebook's cells, or makes new ones of what its last run has left. */
export async function testCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const opened = await openInput(host, parsed);
  if (!opened.ok) return opened.result;
  const input = opened.value;
  if (input.isStream) return usage('What comes through a pipe has no place for tests.', 'Name a file.');
  const place = findPlace(host, parsed, input);
  if (!place.ok) return place.result;
  const folder = path.resolve(host.cwd, lastValue(parsed, 'tests') ?? path.join(input.folder, 'tests'));
  const subject = { input, place: place.value, folder, stem: input.stem.replace(/\W+/g, '_').replace(/^(?=\d)/, '_') };
  const captures = parsed.uses.flatMap((use) => (use.flag === 'capture' ? use.values : []));
  if (captures.length === 0 && listFixtures(path.join(folder, 'fixtures', subject.stem)).length === 0) {
    return usage(
      `${input.path} has no checks yet.`,
      'Make one of what its last run has left: cellwright test NB --capture CELL.',
    );
  }
  const made = writeFunctions(host, subject);
  if (!made.ok) return made.result;
  const captured =
    captures.length === 0
      ? undefined
      : capture(host, subject, { made: made.value, captures, force: hasFlag(parsed, 'force') });
  if (captured?.ok === false) return captured.result;
  const stale = captured === undefined ? renewAll(host, subject, made.value) : [];
  const problem = writeTests(host, subject);
  if (problem !== undefined) return problem;
  return captured === undefined ? check(host, subject, stale) : describe(host, subject, captured.value);
}

function writeFunctions(host: Host, subject: Subject): Outcome<PackageAnswer> {
  const { input, place, folder, stem } = subject;
  const name = `${stem}_cells`;
  const made = makePackage(host, { input, place, name });
  if (!made.ok) return made;
  const target = path.join(folder, name);
  const problem = writePackage(target, shownPath(host, target), made.value.files);
  if (problem !== undefined) return { ok: false, result: problem };
  const file = path.join(folder, helper);
  const text = readFileSync(path.join(host.installation, 'python', helper), 'utf8');
  const unwritten = writeOutput(file, text, shownPath(host, file));
  return unwritten === undefined ? made : { ok: false, result: unwritten };
}

interface Wanted {
  readonly made: PackageAnswer;
  readonly captures: readonly string[];
  readonly force: boolean;
}

function capture(host: Host, subject: Subject, { made, captures, force }: Wanted): Outcome<readonly Captured[]> {
  const { input, place, folder, stem } = subject;
  const last = readLastRun(place.state);
  if (last === undefined) {
    return { ok: false, result: usage(`${input.path} was not run yet.`, `Run it first: cellwright run ${input.path}`) };
  }
  const cells: CaptureRequest['cells'][number][] = [];
  for (const word of captures) {
    const task = findTask(input.bundle, word);
    if (!task.ok) return task;
    const found = made.functions.find(([cell]) => cell === task.value.id);
    if (found === undefined) {
      return {
        ok: false,
        result: usage(`${task.value.name} has no function: it only imports or defines.`, 'Name another cell.'),
      };
    }
    if (last.tasks.get(task.value.id)?.code !== task.value.code) {
      const help = `Run the notebook as it is now: cellwright run ${input.path}`;
      return { ok: false, result: usage(`${task.value.name} is another cell than in the last run.`, help) };
    }
    const [id, name, inputs, outputs] = found;
    const fixture = (task.value.directives.label ?? task.value.name).replace(/\W+/g, '_');
    cells.push({ id, fixture, function: name, inputs, outputs });
  }
  const answer = captureFixtures(
    {
      state: place.state,
      run: last.id,
      folder,
      fixtures: path.join('fixtures', stem),
      package: `${stem}_cells`,
      notebook: path.resolve(host.cwd, input.path),
      secrets: secretsOf(host, place.state, last.id),
      most: force ? Number.MAX_SAFE_INTEGER : most,
      cells,
    },
    { ...interpreterOf(host, subject), script: path.join(host.installation, 'python', 'capture_fixtures.py') },
  );
  if (answer.ok) return answer;
  return { ok: false, result: { status: 'usage', diagnostics: [answer.error], text: '', document: {} } };
}

/** Environment variables that the run took secrets from. */
function secretsOf(host: Host, state: string, run: string): readonly string[] {
  const document = readNamedFile(host, path.join(runFolder(state, run), 'notebook.ipynb'));
  return document.ok ? secretNames(new TextDecoder().decode(document.value)) : [];
}

function interpreterOf(
  host: Host,
  { input, place }: Subject,
): {
  readonly cwd: string;
  readonly python: string | undefined;
  readonly kernel: string;
  readonly environment: Host['environment'];
} {
  const { python, kernel } = place;
  const environment = { ...host.environment, PYTHONDONTWRITEBYTECODE: '1' };
  return { cwd: input.folder, python, kernel: kernel ?? input.bundle.notebook.kernelName, environment };
}

/** Fixtures of cells whose function takes something else now. */
function renewAll(host: Host, { input, folder, stem }: Subject, made: PackageAnswer): Diagnostic[] {
  const fixtures = path.join(folder, 'fixtures', stem);
  return listFixtures(fixtures).flatMap((name): Diagnostic[] => {
    const found = renewed(readFixture(fixtures, name), input, made);
    if ('problem' in found) return [notRenewed(name, found.problem)];
    const file = path.join(fixtures, name, 'fixture.json');
    const problem = writeOutput(file, found.text, shownPath(host, file));
    return problem === undefined ? [] : [...problem.diagnostics];
  });
}

function notRenewed(name: string, why: string): Diagnostic {
  const help = `Capture it again after a run, or remove its folder below tests/fixtures.`;
  return { code: 'CW721', severity: 'error', message: `The check ${name} does not fit: ${why}.`, help, related: [] };
}

/** Why a check does not fit its cell any more, if it does not. */
function staleOf(stale: readonly Diagnostic[], check: string): string | undefined {
  return stale.find(({ message }) => message.startsWith(`The check ${check} `))?.message;
}

function writeTests(host: Host, { input, folder, stem }: Subject): CommandResult | undefined {
  const file = path.join(folder, `test_${stem}.py`);
  const text = testModule({
    notebook: path.relative(folder, path.resolve(host.cwd, input.path)),
    shown: path.basename(input.path),
    fixtures: `fixtures/${stem}`,
    package: `${stem}_cells`,
    names: listFixtures(path.join(folder, 'fixtures', stem)),
  });
  return writeOutput(file, text, shownPath(host, file));
}

function check(host: Host, subject: Subject, stale: readonly Diagnostic[]): CommandResult {
  const { input, folder, stem } = subject;
  const checks = listFixtures(path.join(folder, 'fixtures', stem));
  if (stale.length === checks.length) {
    const results = checks.map((check) => ({ check, passed: false, message: staleOf(stale, check) ?? '' }));
    const document = { notebook: input.path, runner: null, passed: false, checks, results, captured: [] };
    return { status: 'failed', diagnostics: stale, text: '', document };
  }
  const done = runTests({ folder, module: `test_${stem}` }, interpreterOf(host, subject));
  if (done === undefined) return usage('No interpreter was found.', 'Name one with --python EXE.', 'CW500');
  const failed = !done.passed || stale.length > 0;
  return {
    status: failed ? 'failed' : 'ok',
    diagnostics: stale,
    text: done.passed ? `${done.text.trimEnd()}\n` : '',
    ...(done.passed ? {} : { errors: `${done.text.trimEnd()}\n` }),
    document: {
      notebook: input.path,
      runner: done.runner,
      passed: !failed,
      checks,
      results: checkResults(done, checks).map((result) => {
        const message = staleOf(stale, result.check);
        return message === undefined ? result : { ...result, passed: false, message };
      }),
      captured: [],
    },
  };
}

function describe(host: Host, { input, folder, stem }: Subject, captured: readonly Captured[]): CommandResult {
  const names = new Map(input.bundle.tasks.map(({ id, name }) => [id, name]));
  const diagnostics: Diagnostic[] = [];
  const lines: string[] = [];
  for (const one of captured) {
    const name = names.get(one.id) ?? one.id;
    if ('problem' in one) {
      const help = 'Choose another cell, or mend what the message says and run the notebook again.';
      const message = `${name} cannot become a check: ${one.problem}.`;
      diagnostics.push({ code: 'CW720', severity: 'error', message, help, related: [] });
      continue;
    }
    const notes = [`${(one.bytes / 1000).toFixed(1)} kB`];
    if (one.left.length > 0) notes.push(`not compared: ${one.left.join(', ')}`);
    if (!one.text) notes.push('what it prints differs each time and is not compared');
    if (one.pickled.length > 0)
      notes.push(`kept as pickles, which run code when they are loaded: ${one.pickled.join(', ')}`);
    lines.push(`captured ${name}, ${notes.join('; ')}`);
  }
  const file = path.join(folder, `test_${stem}.py`);
  const failed = captured.some((one) => 'problem' in one);
  return {
    status: failed ? 'refused' : 'ok',
    diagnostics,
    text: `${[...lines, `tests  ${shownPath(host, file)}`].join('\n')}\n`,
    document: {
      notebook: input.path,
      runner: null,
      passed: null,
      checks: listFixtures(path.join(folder, 'fixtures', stem)),
      results: [],
      captured: captured.map((one) => ({ id: one.id, problem: 'problem' in one ? one.problem : null })),
    },
  };
}
