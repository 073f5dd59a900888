import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';

/** What a command may touch of the process it runs in; tests hand in their own. */
export interface Host {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder of the built program: the parser's WebAssembly files and `python/worker.py` are in it. */
  readonly installation: string;
  /** True when standard error is a terminal that can rewrite its lines. */
  readonly isTerminal: boolean;
  /** Width of that terminal. */
  readonly columns: number;
  /** True when standard output is a terminal that shows colours. */
  readonly hasColours: boolean;
  /** Aborted when the user asks to stop: children end, and what is done so far is written. */
  readonly signal: AbortSignal;
  /** All of standard input. */
  readonly readInput: () => Uint8Array;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** How a command ended; each stands for one exit code. */
export type CommandStatus = 'ok' | 'failed' | 'usage' | 'refused' | 'gate' | 'different' | 'interrupted';

/** What a command did: `text` for people, `document` for `--json`. */
export interface CommandResult {
  readonly status: CommandStatus;
  readonly diagnostics: readonly Diagnostic[];
  readonly text: string;
  /** The fields of the command's JSON document beside those that every document has. */
  readonly document: Readonly<Record<string, unknown>>;
  /** With this, diagnostics are shown with the cell's source around the place. */
  readonly sources?: ReadonlyMap<string, string>;
}

/** The exit code of a status. */
export function exitCode(status: CommandStatus): number {
  const codes: Readonly<Record<CommandStatus, number>> = {
    ok: 0,
    failed: 1,
    usage: 2,
    refused: 3,
    gate: 4,
    different: 5,
    interrupted: 130,
  };
  return codes[status];
}

/** A command line or an input that cannot be used, as a result. */
export function usage(message: string, help: string): CommandResult {
  return {
    status: 'usage',
    diagnostics: [{ code: 'CW900', severity: 'error', message, help, related: [] }],
    text: '',
    document: {},
  };
}
