import type { ParsedArguments } from '../args.ts';
import { usage, type CommandResult, type Host } from '../host.ts';

/** `cellwright verify NB`. */
export async function verifyCommand(_host: Host, _parsed: ParsedArguments): Promise<CommandResult> {
  return Promise.resolve(usage('verify is still to come.', 'Compare the executed notebooks by hand.'));
}
