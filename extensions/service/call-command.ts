import type { CommandAnswer } from './protocol.ts';

/** Runs one of the command line's own commands with `--json`; the command line hands it in. */
export type CallCommand = (
  words: readonly string[],
  where: { readonly folder: string; readonly signal: AbortSignal },
) => Promise<CommandAnswer>;

/** What the service needs of the program that it is a part of. */
export interface Program {
  readonly version: string;
  /** The interpreter of JavaScript and the program's file, which a detached run is started with. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where relative paths begin. */
  readonly folder: string;
  /** Where runs are kept; undefined: where they are by themselves. */
  readonly state: string | undefined;
  readonly call: CallCommand;
}
