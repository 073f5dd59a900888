import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { foldersUp } from '../folders-up.ts';
import type { Interpreter } from '../process/interpreter.ts';
import { readOrNothing } from '../store/local.ts';
import { decidingFiles } from './environment.ts';
import { askVersions } from './language-info.ts';

/**
 * A word that is another one with another engine, or where what decides what an import means has another text: for engines that use results of
 * steps again.
 * @param lock the lock from which alone modules come
 */
export function tagOfStepEngine(interpreter: Interpreter, cwd: string, lock: string | undefined): string {
  const hash = createHash('sha256').update(askVersions(interpreter) ?? interpreter.executable);
  for (const folder of foldersUp(cwd))
    for (const name of decidingFiles) {
      const text = readOrNothing(join(folder, name));
      if (text !== undefined) hash.update(`\n${name} ${text}`);
    }
  hash.update(`\n${lock === undefined ? '' : (readOrNothing(lock) ?? '')}`);
  return hash.digest('hex').slice(0, 12);
}
