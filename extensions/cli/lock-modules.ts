import path from 'node:path';
import type { ComparedLock, LockQuestion, LockText, MadeLock, ModuleLocks } from '../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { isThere, shownPath } from './files.ts';
import { usage, type CommandResult, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';
import { interruptedBefore } from './interrupted.ts';
import { findModuleLock, lockQuestion, noEngine, openModuleLock } from './module-lock.ts';
import { checkWritable, writeOutput } from './output-file.ts';
import { count, renderTable } from './render.ts';
import { refuse } from './requirements-of.ts';

/** `cellwright lock NB` where the engine has a format of its own: writes what the cells import into it, or compares. */
export async function lockModules(
  host: Host,
  parsed: ParsedArguments,
  { input, locks }: { readonly input: Input; readonly locks: ModuleLocks },
): Promise<CommandResult> {
  if (hasFlag(parsed, 'with'))
    return usage('--with is for packages of Python.', 'Import the module in a cell: the lock has what cells import.');
  const file = chooseFile(host, parsed, { input, locks });
  if (!file.ok) return file.result;
  const question = lockQuestion(host, parsed, input);
  if (!question.ok) return question.result;
  if (question.value.interpreter === undefined) return refuse(input, [noEngine(host, parsed, input)]).result;
  const work = { input, locks, file: file.value, question: { ...question.value, signal: host.interruption() } };
  return hasFlag(parsed, 'check') ? await check(host, work) : await write(host, work);
}

interface Work {
  readonly input: Input;
  readonly locks: ModuleLocks;
  readonly file: string;
  readonly question: LockQuestion;
}

function chooseFile(
  host: Host,
  parsed: ParsedArguments,
  { input, locks }: { readonly input: Input; readonly locks: ModuleLocks },
): Outcome<string> {
  const named = lastValue(parsed, 'output');
  if (named === undefined) return { ok: true, value: findModuleLock(locks, input) ?? locks.usual(input.folder) };
  const misnamed = locks.misnamed(path.basename(named));
  if (misnamed === undefined) return { ok: true, value: path.resolve(host.cwd, named) };
  return { ok: false, result: usage(`${named} is no name for a lock file.`, `Name it ${misnamed}.`) };
}

async function write(host: Host, { input, locks, file, question }: Work): Promise<CommandResult> {
  const shown = shownPath(host, file);
  const unwritable = checkWritable(file, shown);
  if (unwritable !== undefined) return unwritable;
  const before = isThere(file) ? openModuleLock(host, file) : undefined;
  if (before?.ok === false) return before.result;
  const made = await locks.make(question, before?.value);
  if (question.signal?.aborted === true) return interruptedBefore(input, 'written');
  if (!made.ok) return refuse(input, made.error).result;
  const problem = writeOutput(file, made.value.text, shown);
  return problem ?? describeMade(input, made.value, { shown, file });
}

type Named = Pick<LockText, 'shown' | 'file'>;

function describeMade(input: Input, made: MadeLock, { shown, file }: Named): CommandResult {
  const own = made.modules.filter(({ name }) => made.imported.includes(name));
  const imported = own.map(({ name, version }) => (version === '' ? name : `${name} ${version}`)).join(', ');
  const head = `${shown}: ${count(made.modules.length, 'module')}\n`;
  return {
    status: 'ok',
    diagnostics: [...input.diagnostics, ...made.diagnostics],
    sources: input.sources,
    text: `${head}${imported === '' ? '' : renderTable([['  imported', imported]])}`,
    document: { notebook: input.path, lock: file, packages: packagesOf(made), differences: [] },
  };
}

function packagesOf({ modules, imported }: Pick<ComparedLock, 'modules' | 'imported'>): readonly object[] {
  return modules.map(({ name, version }) => ({
    name,
    version: version === '' ? null : version,
    imported: imported.includes(name),
  }));
}

async function check(host: Host, { input, locks, file, question }: Work): Promise<CommandResult> {
  if (!isThere(file)) {
    const help = `Write it with cellwright lock ${input.path}.`;
    return usage(`There is no ${shownPath(host, file)}.`, help, 'CW702');
  }
  const lock = openModuleLock(host, file);
  if (!lock.ok) return lock.result;
  const compared = await locks.compare(question, lock.value, true);
  if (question.signal?.aborted === true) return interruptedBefore(input, 'written');
  if (!compared.ok) return refuse(input, compared.error).result;
  return describeCheck(input, compared.value, lock.value);
}

function describeCheck(input: Input, compared: ComparedLock, { shown, file }: Named): CommandResult {
  const { differences, modules } = compared;
  const rows = differences.map(({ name, locked, here }) => [
    `  ${name}`,
    locked === null ? 'not in the lock' : `locked ${locked}`,
    here === null ? 'not here' : locked === null ? `imported ${here}`.trim() : `here ${here}`,
  ]);
  const agree = `${shown} holds what the cells import: ${count(modules.length, 'module')}\n`;
  const differ = `${shown} and what is here differ in ${count(differences.length, 'thing')}\n${renderTable(rows)}`;
  return {
    status: differences.length === 0 ? 'ok' : 'different',
    diagnostics: [...input.diagnostics, ...differences.map(({ diagnostic }) => diagnostic)],
    sources: input.sources,
    text: differences.length === 0 ? agree : differ,
    document: {
      notebook: input.path,
      lock: file,
      packages: packagesOf(compared),
      differences: differences.map(({ name, locked, here }) => ({ name, locked, installed: here })),
    },
  };
}
