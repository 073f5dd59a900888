import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { Bundle } from '../../compiler/bundle/format.ts';
import { importsOf, type LockQuestion } from '../languages/module-locks.ts';
import { denoLocks } from './lock/deno-locks.ts';

/**
 * Fetches what the lock of a bundle has and is not kept on this machine, and compares what is kept with it; the problems, when there are any.
 * @param lock the lock beside `bundle.json`
 */
export async function fetchStepModules(
  question: Omit<LockQuestion, 'imports'>,
  lock: string,
): Promise<readonly Diagnostic[]> {
  const bundle = JSON.parse(readFileSync(join(dirname(lock), 'bundle.json'), 'utf8')) as Bundle;
  const imports = importsOf(bundle);
  if (imports.length === 0) return [];
  const text = { text: readFileSync(lock, 'utf8'), file: lock, shown: 'deno.lock' };
  const compared = await denoLocks.compare({ ...question, imports }, text, true);
  return compared.ok ? compared.value.differences.map(({ diagnostic }) => diagnostic) : compared.error;
}
