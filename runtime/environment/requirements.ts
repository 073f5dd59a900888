import { spawnSync } from 'node:child_process';
import type { Result } from '../../compiler/bundle/diagnostic.ts';
import { findMismatch, isObject } from '../../compiler/bundle/follow-schema.ts';
import { record, type Schema } from '../../compiler/bundle/schema.ts';
import { findInterpreter } from '../process/interpreter.ts';
import { lastAnswer } from '../process/last-answer.ts';
import type { Variables } from '../variables.ts';

/** Where a distribution came from (PEP 610). */
export type DistributionSource =
  | { readonly kind: 'index' | 'unknown' }
  | { readonly kind: 'directory'; readonly folder: string; readonly editable: boolean }
  | {
      readonly kind: 'vcs';
      readonly type: string;
      readonly url: string;
      readonly commit: string;
      readonly revision: string;
      readonly subdirectory: string;
    }
  | {
      readonly kind: 'archive';
      readonly url?: string;
      readonly file?: string;
      readonly hashes: Readonly<Record<string, string>>;
    };

/** An installed distribution that the notebook needs. */
export interface RequiredDistribution {
  readonly name: string;
  readonly version: string;
  /** A version specifier, or empty. */
  readonly requiresPython: string;
  /** Who installed it, such as `pip` or `conda`. */
  readonly installer: string;
  readonly needs: readonly string[];
  readonly source: DistributionSource;
}

/** Where a module is named that is not there, or not by its name: in a cell, or in a file of the user's. Lines count from 1. */
export interface ImportPlace {
  readonly cell?: string;
  readonly file?: string;
  readonly line: number;
}

/** What a notebook needs of the interpreter that runs it. */
export interface Requirements {
  readonly python: { readonly version: string; readonly implementation: string };
  /** As `sys.platform` and `platform.machine()` say it. */
  readonly platform: { readonly system: string; readonly machine: string };
  readonly packages: readonly RequiredDistribution[];
  /** Names of those that the cells import themselves. */
  readonly imported: readonly string[];
  /** Imports of what is not installed; guarded ones are expected to fail. */
  readonly missing: readonly (ImportPlace & { readonly module: string; readonly guarded: boolean })[];
  /** Imports of modules whose names are made while the notebook runs. */
  readonly dynamic: readonly ImportPlace[];
  /** What is required and not there, or there in another version; `by` is empty for what was asked for. */
  readonly broken: readonly {
    readonly by: string;
    readonly name: string;
    readonly wanted: string;
    readonly have: string | null;
  }[];
  /** What was asked for and is no requirement. */
  readonly unreadable: readonly string[];
  /** The interpreter that was asked. */
  readonly executable: string;
}

const text: Schema = { type: 'string' };
const texts: Schema = { type: 'array', items: text };
const flag: Schema = { type: 'boolean' };
const line: Schema = { type: 'integer' };
const hashes: Schema = record({}, { md5: text, sha256: text, sha384: text, sha512: text });
const source: Schema = {
  oneOf: [
    record({ kind: { const: 'index' } }),
    record({ kind: { const: 'unknown' } }),
    record({ kind: { const: 'directory' }, folder: text, editable: flag }),
    record({ kind: { const: 'vcs' }, type: text, url: text, commit: text, revision: text, subdirectory: text }),
    record({ kind: { const: 'archive' }, hashes }, { url: text, file: text }),
  ],
};
const packages: Schema = {
  type: 'array',
  items: record({ name: text, version: text, requiresPython: text, installer: text, needs: texts, source }),
};
const answerSchema: Schema = record({
  python: record({ version: text, implementation: text }),
  platform: record({ system: text, machine: text }),
  packages,
  imported: texts,
  missing: { type: 'array', items: record({ line, module: text, guarded: flag }, { cell: text, file: text }) },
  dynamic: { type: 'array', items: record({ line }, { cell: text, file: text }) },
  broken: {
    type: 'array',
    items: record({ by: text, name: text, wanted: text, have: { oneOf: [text, { type: 'null' }] } }),
  },
  unreadable: texts,
});

/** Which interpreter is asked, and about what. */
export interface RequirementsQuestion {
  /** Path of `find_requirements.py`. */
  readonly script: string;
  /** Where the cells run. */
  readonly cwd: string;
  readonly python?: string | undefined;
  readonly kernel: string;
  readonly environment: Variables;
  readonly cells: readonly { readonly id: string; readonly source: string }[];
  /** What the notebook says that it needs (PEP 508). */
  readonly requirements: readonly string[];
  /** Names of further distributions that are wanted. */
  readonly extra: readonly string[];
}

/** Asks the interpreter that runs the cells which of its distributions they need. Nothing of the notebook's is executed. */
export function findRequirements(asked: RequirementsQuestion): Result<Requirements> {
  const { script, cwd, environment, cells, requirements, extra } = asked;
  const interpreter = findInterpreter(asked);
  if (interpreter === undefined)
    return refuse(`No interpreter was found for ${asked.python ?? asked.kernel}.`, another);
  const { executable } = interpreter;
  const done = spawnSync(executable, [script, cwd], {
    cwd,
    env: { ...environment, ...interpreter.environment },
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 2 ** 28,
    input: JSON.stringify({ cells, requirements, extra }),
  });
  const { answer, reason } = lastAnswer(done);
  if (isObject(answer) && 'problem' in answer) return lacking(String(answer['problem']), executable);
  if (isObject(answer) && findMismatch(answer, answerSchema) === undefined) {
    return { ok: true, value: { ...(answer as unknown as Omit<Requirements, 'executable'>), executable } };
  }
  if (/No module named '?IPython/.test(reason)) return lacking('ipython', executable);
  const what = reason === '' ? 'it gave no answer' : reason;
  return refuse(`The interpreter does not say what is installed in it: ${what}.`, another);
}

const another = 'Name another interpreter with --python EXE.';

function lacking(name: string, executable: string): Result<never> {
  const why = name === 'packaging' ? 'Neither packaging nor pip is' : 'IPython is not';
  return refuse(`${why} installed in ${executable}.`, `Install ${name} in it, or name another with --python EXE.`);
}

function refuse(message: string, help: string): Result<never> {
  return { ok: false, error: [{ code: 'CW501', severity: 'error', message, help, related: [] }] };
}
