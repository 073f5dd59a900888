import { spawnSync } from 'node:child_process';
import type { Engine } from '../event.ts';
import type { Interpreter } from '../process/interpreter.ts';
import { askOnce, type LanguageInfo } from '../process/language.ts';
import type { LocalStore } from '../store/local.ts';
import { isJavaScript } from './interpreter.ts';

const path = 'engine-javascript.json';

/** As the kernel says it; undefined when the engine does not tell its version. */
export function javaScriptInfo(
  interpreter: Interpreter,
  environment: string,
  store: LocalStore,
): LanguageInfo | undefined {
  const [engine, language = engine] = versionsOf(interpreter, environment, store);
  return language === undefined ? undefined : describe(language, interpreter);
}

/** Deno, or Node, under which tslab runs. */
export function javaScriptEngine(interpreter: Interpreter, environment: string, store: LocalStore): Engine | undefined {
  const [version] = versionsOf(interpreter, environment, store);
  return version === undefined ? undefined : { name: nameOfEngine(interpreter), version };
}

/** The engine as it tells of itself now; undefined when it does not tell its version. */
export function askEngine(interpreter: Interpreter): Engine | undefined {
  const [version] = askVersions(interpreter)?.split(' ') ?? [];
  return version === undefined ? undefined : { name: nameOfEngine(interpreter), version };
}

function nameOfEngine(interpreter: Interpreter): string {
  return isJavaScript(interpreter) && interpreter.kernel === 'deno' ? 'deno' : 'node';
}

/** The engine's version and that of its language, where it has one of its own. */
function versionsOf(interpreter: Interpreter, environment: string, store: LocalStore): readonly string[] {
  return askOnce(store, { path, environment }, () => askVersions(interpreter))?.split(' ') ?? [];
}

/** The version of the engine, and after a blank that of its language; undefined when it does not tell. */
export function askVersions({ executable }: Interpreter): string | undefined {
  const { status, stdout } = spawnSync(executable, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) return undefined;
  const engine = (/^deno (\S+)/m.exec(stdout) ?? /^v(\S+)/m.exec(stdout))?.[1];
  const language = /^typescript (\S+)/m.exec(stdout)?.[1];
  return engine === undefined || language === undefined ? engine : `${engine} ${language}`;
}

function describe(version: string, interpreter: Interpreter): LanguageInfo {
  const isDeno = nameOfEngine(interpreter) === 'deno';
  return {
    name: 'typescript',
    version,
    mimetype: isDeno ? 'text/x.typescript' : 'text/typescript',
    codemirror_mode: isDeno ? 'typescript' : { name: 'javascript', mode: 'typescript', typescript: true },
    pygments_lexer: 'typescript',
    nbconvert_exporter: 'script',
    file_extension: '.ts',
  };
}
