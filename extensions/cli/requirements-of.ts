import path from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { readScriptMetadata, type ScriptMetadata } from '../../compiler/index.ts';
import { findRequirements, type ImportPlace, type Requirements } from '../../runtime/index.ts';
import type { CommandResult, Host, Outcome } from './host.ts';
import type { Input } from './input.ts';

/** Which interpreter is asked, and for what beside what the cells import. */
export interface RequirementsWish {
  readonly cwd: string;
  readonly python: string | undefined;
  readonly kernel: string | undefined;
  readonly extra: readonly string[];
}

/** A refusal with its diagnostics shown in the notebook's cells. */
export function refuse(
  input: Input,
  diagnostics: readonly Diagnostic[],
): { readonly ok: false; readonly result: CommandResult } {
  const { path: notebook, sources } = input;
  return { ok: false, result: { status: 'usage', diagnostics, text: '', document: { notebook }, sources } };
}

/** The script metadata of a notebook (PEP 723). */
export function metadataOf(input: Input): Outcome<ScriptMetadata | undefined> {
  const { notebook } = input.compilation;
  if (notebook === undefined) return { ok: true, value: undefined };
  const read = readScriptMetadata(notebook);
  return read.ok ? read : refuse(input, read.error);
}

/** What a notebook needs of the interpreter that runs it, and what of that is not there. */
export function requirementsOf(
  host: Host,
  input: Input,
  wish: RequirementsWish,
): Outcome<{ readonly requirements: Requirements; readonly diagnostics: readonly Diagnostic[] }> {
  const metadata = metadataOf(input);
  if (!metadata.ok) return metadata;
  const found = findRequirements({
    script: path.join(host.installation, 'python', 'find_requirements.py'),
    cwd: wish.cwd,
    python: wish.python,
    kernel: wish.kernel ?? input.bundle.notebook.kernelName,
    environment: host.environment,
    cells: input.bundle.tasks.filter((task) => task.executionCount > 0).map(({ id, source }) => ({ id, source })),
    requirements: metadata.value?.dependencies ?? [],
    extra: wish.extra,
  });
  if (!found.ok) return refuse(input, found.error);
  const problems = contradictions(found.value, metadata.value, wish.extra);
  if (problems.length > 0) return refuse(input, problems);
  return { ok: true, value: { requirements: found.value, diagnostics: warnings(input, found.value) } };
}

/** Where what was asked for is not what is there: a lock would say something else than the notebook. */
function contradictions(
  { broken, unreadable }: Requirements,
  metadata: ScriptMetadata | undefined,
  extra: readonly string[],
): readonly Diagnostic[] {
  const wrong = unreadable.map((text) => {
    const help = 'Write it as PEP 508 has it, for example "pandas>=2".';
    return problem('CW701', `${text} in the script metadata is no requirement.`, help);
  });
  const absent = broken
    .filter(({ by }) => by === '')
    .map(({ name, wanted, have }) => {
      const who = metadata === undefined || extra.includes(name) ? 'It was asked for' : 'The script metadata asks for';
      const what = who.startsWith('It') ? `${name} was asked for` : `${who} ${name}${wanted}`;
      const there = have === null ? 'it is not installed' : `${have} is installed`;
      return problem(
        'CW703',
        `${what}, and ${there}.`,
        'Install it in the interpreter of the notebook, and lock then.',
      );
    });
  return [...wrong, ...absent];
}

function problem(code: 'CW701' | 'CW703', message: string, help: string): Diagnostic {
  return { code, severity: 'error', message, help, related: [] };
}

function warnings(input: Input, { missing, dynamic, broken, packages }: Requirements): readonly Diagnostic[] {
  const install = 'Install it and lock again, if the notebook needs it.';
  const absent = missing
    .filter(({ guarded }) => !guarded)
    .map((place) => warnAt(input, place, [`${place.module} is imported, and no installed package has it.`, install]));
  const unknown = dynamic.map((place) => {
    const help = 'Name what it needs in the script metadata, or with --with PACKAGE.';
    return warnAt(input, place, ['A module is imported by a name that is made while the notebook runs.', help]);
  });
  const lacking = broken
    .filter(({ by }) => by !== '')
    .map(({ by, name, wanted, have }) => {
      const state = have === null ? 'it is not installed' : `${have} is installed`;
      return warn(
        `${by} requires ${name}${wanted}, and ${state}.`,
        'The lock holds what is there; mend the environment if the notebook fails.',
      );
    });
  const foreign = packages.filter(({ installer }) => installer === 'conda').map(({ name }) => name);
  return [...absent, ...unknown, ...lacking, ...(foreign.length === 0 ? [] : [warnOfConda(foreign)])];
}

function warnOfConda(names: readonly string[]): Diagnostic {
  const shown = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
  return warn(
    `${shown} came from conda; the lock names files of the same version on the package index, which are other builds.`,
    'Compare the results with cellwright verify --env lock.',
  );
}

function warn(message: string, help: string): Diagnostic {
  return { code: 'CW703', severity: 'warning', message, help, related: [] };
}

function warnAt(input: Input, place: ImportPlace, [message, help]: readonly [string, string]): Diagnostic {
  if (place.file !== undefined) return warn(`${place.file}, line ${place.line}: ${message}`, help);
  const task = input.bundle.tasks.find(({ id }) => id === place.cell);
  if (task === undefined) return warn(message, help);
  const line = place.line - 1;
  const range = { start: { line, column: 0 }, end: { line, column: task.source.split('\n')[line]?.length ?? 0 } };
  return { ...warn(message, help), location: { cell: task.id, index: task.index, range } };
}
