import { createHash } from 'node:crypto';
import { foldersUp } from '../folders-up.ts';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { isJavaScript } from './interpreter.ts';
import { markOf } from '../process/path-mark.ts';
import { PackageAnswers } from '../process/reached-packages.ts';
import type { PackageQuestion } from '../process/search-path.ts';
import { writeStart, type Start } from '../start-state.ts';
import { readOrNothing, type LocalStore } from '../store/local.ts';

/** Files that say what an import means, in the folder of the notebook or one above. */
export const decidingFiles: readonly string[] = [
  'deno.json',
  'deno.jsonc',
  'deno.lock',
  'package.json',
  'package-lock.json',
  'import_map.json',
  '.npmrc',
];

/** What every cell of JavaScript starts from: the engine, and what decides which packages its imports find. */
export function describeJavaScript(store: LocalStore, { interpreter, cwd, variables }: PackageQuestion): Start {
  const hash = createHash('sha256').update(realpathSync(interpreter.executable)).update(markOf(interpreter.executable));
  for (const folder of foldersUp(cwd)) {
    for (const name of decidingFiles) {
      const text = readOrNothing(join(folder, name));
      if (text !== undefined) hash.update(`\n${join(folder, name)} ${text}`);
    }
  }
  const lock = isJavaScript(interpreter) ? interpreter.lock : undefined;
  if (lock !== undefined) hash.update(`\nlocked by ${lock} ${readOrNothing(lock) ?? ''}`);
  const own = Object.entries(variables).filter(([name]) =>
    /^(?:DENO_|NODE_|NO_COLOR$|FORCE_COLOR$|NPM_CONFIG_)/.test(name),
  );
  hash.update(JSON.stringify(own.sort()));
  const base = `sha256:${hash.digest('hex')}`;
  const packages = new PackageAnswers(store, { whole: base, folders: [] });
  const environment = writeStart(base, { cwd, variables });
  return { environment, whole: environment, packages };
}
