import path from 'node:path';
import type { Diagnostic } from '../../../compiler/bundle/diagnostic.ts';
import { readLock, writeLock, type Lock } from '../../../compiler/index.ts';
import { askHashes, type Requirements } from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { assembleLock, isFromIndex } from '../assemble-lock.ts';
import { isThere, shownPath } from '../files.ts';
import { requireUv } from '../find-uv.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { openInput, type Input } from '../input.ts';
import { interruptedBefore } from '../interrupted.ts';
import { compareLock, type LockDifference } from '../lock-differences.ts';
import { chooseLockFile, openLock } from '../lock-file.ts';
import { lockModules } from '../lock-modules.ts';
import { moduleLocksOf } from '../module-lock.ts';
import { checkWritable, writeOutput } from '../output-file.ts';
import { count, renderTable } from '../render.ts';
import { refuse, requirementsOf, type RequirementsWish } from '../requirements-of.ts';
import { findFolder } from '../run-targets.ts';

/** `cellwright lock NB`: writes what the notebook needs as a `pylock.toml`, or into the lock of its engine, or compares one with what is installed. Executes nothing of the notebook's. */
export async function lockCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const opened = await openInput(host, parsed);
  if (!opened.ok) return opened.result;
  const input = opened.value;
  const locks = moduleLocksOf(parsed, input);
  if (locks !== undefined) return await lockModules(host, parsed, { input, locks });
  const cwd = findFolder(host, parsed, input);
  if (!cwd.ok) return cwd.result;
  const file = chooseLockFile(host, lastValue(parsed, 'output'), input);
  if (!file.ok) return file.result;
  const python = lastValue(parsed, 'python');
  const wish = {
    cwd: cwd.value,
    python: python?.includes('/') === true ? path.resolve(host.cwd, python) : python,
    kernel: lastValue(parsed, 'kernel'),
    extra: parsed.uses.filter(({ flag }) => flag === 'with').flatMap(({ values }) => values),
  };
  const done = hasFlag(parsed, 'check')
    ? checkLock(host, input, { file: file.value, wish })
    : await makeLock(host, input, { file: file.value, wish });
  return done.ok ? done.value : done.result;
}

interface Work {
  readonly file: string;
  readonly wish: RequirementsWish;
}

async function makeLock(host: Host, input: Input, { file, wish }: Work): Promise<Outcome<CommandResult>> {
  const shown = shownPath(host, file);
  const unwritable = checkWritable(file, shown) ?? belongsToAnother(host, input, file);
  if (unwritable !== undefined) return { ok: false, result: unwritable };
  const found = requirementsOf(host, input, wish);
  if (!found.ok) return found;
  const { requirements, diagnostics } = found.value;
  const uv = requireUv(host, requirements.executable);
  if (!uv.ok) return uv;
  const signal = host.interruption();
  const pins = requirements.packages.filter(isFromIndex);
  const folder = path.dirname(file);
  const { executable } = requirements;
  const asked = await askHashes(uv.value, { executable, pins, cwd: input.folder, signal });
  if (isAborted(signal)) return { ok: false, result: interruptedBefore(input, 'written') };
  if (!asked.ok) return refuse(input, asked.error);
  const index = readLock(asked.value, 'the answer of uv');
  if (!index.ok) return refuse(input, index.error);
  const notebook = nameOf(input);
  const made = assembleLock({ requirements, index: index.value, notebook, folder, asked: wish.extra });
  if (!made.ok) return refuse(input, made.error);
  const problem = writeOutput(file, writeLock(made.value), shown);
  if (problem !== undefined) return { ok: false, result: problem };
  return { ok: true, value: describeMade(input, { shown, file, lock: made.value, requirements, diagnostics }) };
}

/** It may be aborted at any time. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function nameOf(input: Input): string {
  return input.isStream ? 'standard input' : path.basename(input.path);
}

/** What somebody else wrote is not written over. */
function belongsToAnother(host: Host, input: Input, file: string): CommandResult | undefined {
  if (!isThere(file)) return undefined;
  const shown = shownPath(host, file);
  const opened = openLock(host, file);
  const owner = opened.ok ? opened.value.lock.own?.notebook : undefined;
  if (owner === nameOf(input)) return undefined;
  const help = `Name another file, such as -o ${shownPath(host, path.join(path.dirname(file), 'pylock.NAME.toml'))}, or remove it.`;
  const whose = owner === undefined ? 'was not written by cellwright lock' : `is the lock of ${owner}`;
  return usage(`${shown} ${whose}, and is left as it is.`, help, 'CW707');
}

interface Made {
  readonly shown: string;
  readonly file: string;
  readonly lock: Lock;
  readonly requirements: Requirements;
  readonly diagnostics: readonly Diagnostic[];
}

function describeMade(input: Input, { shown, file, lock, requirements, diagnostics }: Made): CommandResult {
  const { python, platform, imported } = requirements;
  const versions = new Map(requirements.packages.map(({ name, version }) => [name, version]));
  const own = imported.map((name) => `${name} ${versions.get(name) ?? ''}`);
  const places = `Python ${python.version} on ${platform.system} ${platform.machine}`;
  const head = `${shown}: ${count(lock.packages.length, 'package')} for ${places}\n`;
  return {
    status: 'ok',
    diagnostics: [...input.diagnostics, ...diagnostics],
    sources: input.sources,
    text: `${head}${own.length === 0 ? '' : renderTable([['  imported', own.join(', ')]])}`,
    document: {
      notebook: input.path,
      lock: file,
      python: python.version,
      packages: lock.packages.map(({ name, version }) => ({
        name,
        version: version ?? null,
        imported: imported.includes(name),
      })),
      differences: [],
    },
  };
}

function checkLock(host: Host, input: Input, { file, wish }: Work): Outcome<CommandResult> {
  if (!isThere(file)) {
    const help = `Write it with cellwright lock ${input.path}.`;
    return { ok: false, result: usage(`There is no ${shownPath(host, file)}.`, help, 'CW702') };
  }
  const opened = openLock(host, file);
  if (!opened.ok) return opened;
  const { lock, shown } = opened.value;
  const extra = [...new Set([...(lock.own?.asked ?? []), ...wish.extra])];
  const found = requirementsOf(host, input, { ...wish, extra });
  if (!found.ok) return found;
  const { requirements, diagnostics } = found.value;
  const differences = compareLock(lock, requirements, path.dirname(file));
  return { ok: true, value: describeCheck(input, { shown, file, lock, requirements, diagnostics }, differences) };
}

function describeCheck(input: Input, made: Made, differences: readonly LockDifference[]): CommandResult {
  const { shown, file, lock, requirements, diagnostics } = made;
  const rows = differences.map(({ name, locked, installed }) => [
    `  ${name}`,
    locked === null ? 'not in the lock' : `locked ${locked}`,
    installed === null ? 'not needed here' : `here ${installed}`,
  ]);
  const agree = `${shown} and the environment agree: ${count(lock.packages.length, 'package')}\n`;
  const differ = `${shown} and the environment differ in ${count(differences.length, 'thing')}\n${renderTable(rows)}`;
  return {
    status: differences.length === 0 ? 'ok' : 'different',
    diagnostics: [...input.diagnostics, ...diagnostics],
    sources: input.sources,
    text: differences.length === 0 ? agree : differ,
    document: {
      notebook: input.path,
      lock: file,
      python: requirements.python.version,
      packages: requirements.packages.map(({ name, version }) => ({
        name,
        version,
        imported: requirements.imported.includes(name),
      })),
      differences,
    },
  };
}
