import type { CommandResult } from './host.ts';
import type { Input } from './input.ts';

/** What a command says that was stopped before it did anything. @param what in words, such as `run` */
export function interruptedBefore(input: Pick<Input, 'path'>, what: 'compared' | 'run' | 'written'): CommandResult {
  const text = `Interrupted. Nothing was ${what}.\n`;
  return { status: 'interrupted', diagnostics: [], text, document: { notebook: input.path } };
}
