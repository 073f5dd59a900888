import { listed, type ListedModule } from '../../runtime/index.ts';
import type { ParsedArguments } from './args.ts';
import type { Host, Outcome } from './host.ts';
import type { Input } from './input.ts';
import { lockQuestion, moduleLocksOf } from './module-lock.ts';
import { refuse } from './requirements-of.ts';

/**
 * The modules that the cells would import now, in which versions; undefined where the interpreter or the lock tells by itself what there is.
 * Nothing of the notebook is run.
 */
export async function importedModules(
  host: Host,
  parsed: ParsedArguments,
  { input, lock }: { readonly input: Input; readonly lock: string | undefined },
): Promise<Outcome<readonly ListedModule[] | undefined>> {
  const locks = moduleLocksOf(parsed, input);
  if (locks === undefined || lock !== undefined) return { ok: true, value: undefined };
  const question = lockQuestion(host, parsed, input);
  if (!question.ok) return question;
  const found = await locks.resolve({ ...question.value, signal: host.interruption() });
  return found.ok ? { ok: true, value: listed(found.value) } : refuse(input, found.error);
}
