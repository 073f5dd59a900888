import { spawnSync } from 'node:child_process';
import type { Result } from '../../compiler/bundle/diagnostic.ts';
import { findMismatch } from '../../compiler/bundle/follow-schema.ts';
import { record, type Schema } from '../../compiler/bundle/schema.ts';
import type { InstalledPackage } from '../event.ts';
import { findInterpreter } from '../process/interpreter.ts';
import { lastAnswer } from '../process/last-answer.ts';
import type { Variables } from '../variables.ts';

/** An installed distribution, or a module of an engine that fetches them by itself. */
export interface Distribution {
  readonly name: string;
  readonly version: string;
  /** The digest of its files, where that is known besides the version. */
  readonly integrity?: string;
  /** Modules at the top level. */
  readonly modules: readonly string[];
  /** Names of the distributions that it requires. */
  readonly needs: readonly string[];
}

/** The interpreter of the cells, as it describes itself. */
export interface EnvironmentDescription {
  readonly python: { readonly implementation: string; readonly version: string };
  readonly platform: { readonly system: string; readonly machine: string; readonly libc: string };
  readonly packages: readonly Distribution[];
  /** Where modules are searched for. */
  readonly path: readonly string[];
  /** Of the standard library. */
  readonly library: string;
  readonly prefixes: readonly string[];
  /** Folders in which the engine keeps what it has fetched: what is there is told by versions and digests of packages. Absent: none. */
  readonly caches?: readonly string[];
  /** What the cells are started with; never written anywhere. */
  readonly variables: Variables;
}

const text: Schema = { type: 'string' };
const texts: Schema = { type: 'array', items: text };
const answerSchema: Schema = record({
  python: record({ implementation: text, version: text }),
  platform: record({ system: text, machine: text, libc: text }),
  packages: { type: 'array', items: record({ name: text, version: text, modules: texts, needs: texts }) },
  path: texts,
  library: text,
  prefixes: texts,
});

/** Which interpreter is asked, and where. */
export interface EnvironmentQuestion {
  /** Path of `describe_environment.py`. */
  readonly script: string;
  readonly cwd: string;
  readonly python?: string | undefined;
  readonly kernel: string;
  /** Absolute path of a lock from which alone modules come. */
  readonly lock?: string | undefined;
  readonly environment: Variables;
  /** What the run is known to have had of packages, for an engine that fetches them by itself. */
  readonly packages: readonly InstalledPackage[];
}

/** Asks Python, which runs the cells, what it is and what is installed in it. */
export function describePython(asked: EnvironmentQuestion): Result<EnvironmentDescription> {
  const { script, cwd, environment } = asked;
  const interpreter = findInterpreter(asked);
  if (interpreter === undefined) return refuse(`No interpreter was found for ${asked.python ?? asked.kernel}.`);
  const variables = { ...environment, ...interpreter.environment };
  const done = spawnSync(interpreter.executable, [script, cwd], {
    cwd,
    env: variables,
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 2 ** 28,
  });
  const { answer, reason } = lastAnswer(done);
  if (answer !== undefined && findMismatch(answer, answerSchema) === undefined) {
    return { ok: true, value: { ...(answer as Omit<EnvironmentDescription, 'variables'>), variables } };
  }
  return refuse(
    `The interpreter does not say what is installed in it: ${reason === '' ? 'it gave no answer' : reason}.`,
  );
}

function refuse(message: string): Result<never> {
  const help = 'Name another interpreter with --python EXE.';
  return { ok: false, error: [{ code: 'CW501', severity: 'error', message, help, related: [] }] };
}
