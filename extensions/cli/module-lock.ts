import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import {
  languageOfNotebook,
  namedImports,
  type LockQuestion,
  type LockText,
  type ModuleLocks,
  type NamedImport,
} from '../../runtime/index.ts';
import { lastValue, type ParsedArguments } from './args.ts';
import { decodeText, isThere, readNamedFile, shownPath } from './files.ts';
import { usage, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';
import { interruptedBefore } from './interrupted.ts';
import type { PreparedPlace, Preparation } from './locked-environment.ts';
import { refuse } from './requirements-of.ts';
import { findFolder } from './run-targets.ts';
import type { Place } from './state-folder.ts';

/** How the modules of a notebook are locked; undefined where `pylock.toml` describes an environment. */
export function moduleLocksOf(parsed: ParsedArguments, { bundle }: Input): ModuleLocks | undefined {
  return languageOfNotebook(bundle.notebook.language).modulesOf(kernelOf(parsed, bundle));
}

/** Everything that is asked about a lock: who runs the cells, where, and what they import. */
export function lockQuestion(host: Host, parsed: ParsedArguments, input: Input): Outcome<LockQuestion> {
  const cwd = findFolder(host, parsed, input);
  if (!cwd.ok) return cwd;
  const { environment } = host;
  const asked = { python: undefined, kernel: kernelOf(parsed, input.bundle), environment, cwd: cwd.value };
  const interpreter = languageOfNotebook(input.bundle.notebook.language).findInterpreter(asked);
  const variables = { ...environment, ...interpreter?.environment };
  return { ok: true, value: { interpreter, cwd: cwd.value, variables, imports: importsOf(input), signal: undefined } };
}

/** What to say where nothing runs the cells. */
export function noEngine(host: Host, parsed: ParsedArguments, { bundle }: Input): Diagnostic {
  const asked = { kernel: kernelOf(parsed, bundle), environment: host.environment, cwd: host.cwd };
  return languageOfNotebook(bundle.notebook.language).noInterpreter(asked);
}

/** The name of the kernel that runs the cells: the one that was asked for, else the notebook's own. */
export function kernelOf(parsed: ParsedArguments, { notebook }: Input['bundle']): string {
  return lastValue(parsed, 'kernel') ?? notebook.kernelName;
}

function importsOf({ bundle }: Input): readonly NamedImport[] {
  return namedImports(bundle.tasks.filter(({ executionCount }) => executionCount > 0));
}

/** The lock that is there for a notebook; undefined when there is none. */
export function findModuleLock(locks: ModuleLocks, input: Input): string | undefined {
  return locks.places(input).find((file) => isThere(file));
}

/** Reads a lock. */
export function openModuleLock(host: Host, file: string): Outcome<LockText> {
  const shown = shownPath(host, file);
  const bytes = readNamedFile(host, file, shown);
  if (!bytes.ok) return bytes;
  return { ok: true, value: { text: decodeText(bytes.value) ?? '', file, shown } };
}

interface Prepared extends Preparation {
  readonly input: Input;
  readonly place: Place;
  readonly locks: ModuleLocks;
}

/** With `--env`, the place with the lock of modules, which holds what the cells import; what is not kept here is fetched. */
export async function prepareModules(
  host: Host,
  parsed: ParsedArguments,
  { input, place, locks, builds, silent }: Prepared,
): Promise<Outcome<PreparedPlace>> {
  const asked = lastValue(parsed, 'env') ?? 'lock';
  const file = asked === 'lock' ? findModuleLock(locks, input) : path.resolve(host.cwd, asked);
  if (file === undefined) {
    const help = `Write one with cellwright lock ${input.path}.`;
    return { ok: false, result: usage(`There is no lock beside ${input.path}.`, help, 'CW702') };
  }
  const lock = openModuleLock(host, file);
  if (!lock.ok) return lock;
  const question = lockQuestion(host, parsed, input);
  if (!question.ok) return question;
  const signal = builds ? host.interruption() : undefined;
  if (builds && !silent) host.err(`looking for the modules of ${lock.value.shown}\n`);
  const compared = await locks.compare({ ...question.value, signal }, lock.value, builds);
  if (signal?.aborted === true) return { ok: false, result: interruptedBefore(input, 'run') };
  if (!compared.ok) return refuse(input, compared.error);
  const problems = compared.value.differences.map(({ diagnostic }) => diagnostic);
  if (problems.length > 0) return { ok: false, result: { ...refuse(input, problems).result, status: 'refused' } };
  const digest = `sha256:${createHash('sha256').update(lock.value.text).digest('hex')}`;
  const value = { place: { ...place, lock: file }, diagnostics: [], lock: { name: lock.value.shown, digest } };
  return { ok: true, value };
}
