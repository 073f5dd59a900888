import { spawnSync } from 'node:child_process';
import type { Interpreter } from '../process/interpreter.ts';
import { askOnce, type LanguageInfo } from '../process/language.ts';
import type { LocalStore } from '../store/local.ts';
import { isJavaScript } from './interpreter.ts';

const path = 'language-javascript.json';

/** As the kernel says it; undefined when the engine does not tell its version. */
export function javaScriptInfo(
  interpreter: Interpreter,
  environment: string,
  store: LocalStore,
): LanguageInfo | undefined {
  const version = askOnce(store, { path, environment }, () => askVersion(interpreter));
  return version === undefined ? undefined : describe(version, interpreter);
}

/** Of Deno that of its TypeScript; of Node, under which tslab runs, its own. */
function askVersion({ executable }: Interpreter): string | undefined {
  const { status, stdout } = spawnSync(executable, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) return undefined;
  return (/^typescript (\S+)/m.exec(stdout) ?? /^v(\S+)/m.exec(stdout))?.[1];
}

function describe(version: string, interpreter: Interpreter): LanguageInfo {
  const isDeno = isJavaScript(interpreter) && interpreter.kernel === 'deno';
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
