import { spawnSync } from 'node:child_process';
import type { LocalStore } from '../store/local.ts';
import type { Interpreter } from './interpreter.ts';

/** What a kernel says of its language, which Jupyter writes into the metadata of the notebook that it ran. */
export interface LanguageInfo {
  readonly name: string;
  readonly version: string;
  readonly mimetype: string;
  readonly codemirror_mode: string | Readonly<Record<string, string | number | boolean>>;
  readonly pygments_lexer: string;
  readonly nbconvert_exporter: string;
  readonly file_extension: string;
}

const path = 'language.json';

/**
 * As ipykernel in that interpreter says it; undefined when the interpreter does not tell its version.
 * @param environment digest of the interpreter: its version is asked for once, so that a run that reuses everything starts no Python
 */
export function languageOf(interpreter: Interpreter, environment: string, store: LocalStore): LanguageInfo | undefined {
  const version = askOnce(store, { path, environment }, () => askVersion(interpreter));
  return version === undefined ? undefined : describe(version);
}

/** The version of an interpreter: it is asked for once for each environment, and kept under a path of the store. */
export function askOnce(
  store: LocalStore,
  { path, environment }: { readonly path: string; readonly environment: string },
  ask: () => string | undefined,
): string | undefined {
  const known = store.readDocument(path);
  if (isKnown(known) && known.environment === environment) return known.version;
  const version = ask();
  if (version !== undefined) store.writeDocument(path, { environment, version });
  return version;
}

function isKnown(value: unknown): value is { readonly environment: string; readonly version: string } {
  return typeof value === 'object' && value !== null && 'version' in value && typeof value.version === 'string';
}

function askVersion({ executable }: Interpreter): string | undefined {
  const words = ['-I', '-S', '-c', 'import sys; print(sys.version.split()[0])'];
  const { status, stdout } = spawnSync(executable, words, { encoding: 'utf8', timeout: 20_000 });
  const said = status === 0 ? stdout.trim() : '';
  return /^\d+\.\d+/.test(said) ? said : undefined;
}

function describe(version: string): LanguageInfo {
  const major = Number.parseInt(version, 10);
  return {
    name: 'python',
    version,
    mimetype: 'text/x-python',
    codemirror_mode: { name: 'ipython', version: major },
    pygments_lexer: `ipython${major}`,
    nbconvert_exporter: 'python',
    file_extension: '.py',
  };
}
