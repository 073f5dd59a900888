import type { DiagnosticCode } from '../../compiler/bundle/codes.ts';
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
  /** True when standard error is a terminal that shows colours. */
  readonly hasColours: boolean;
  /**
   * From the first call on, a request to stop no longer ends the program: it aborts the signal, children end, and what is done so far
   * is written.
   */
  readonly interruption: () => AbortSignal;
  /** All of standard input. */
  readonly readInput: () => Uint8Array;
  /** Puts a question to whoever is at the terminal, and gives the line that is answered; absent where there is nobody. */
  readonly ask?: (question: string) => string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** How a command ended; each stands for one exit code. */
export type CommandStatus = 'ok' | 'failed' | 'usage' | 'refused' | 'gate' | 'different' | 'crashed' | 'interrupted';

/** A cell as diagnostics show it. */
export interface ShownCell {
  readonly source: string;
  /** The number in `In [n]`; 0 when Jupyter does not execute it. */
  readonly executionCount: number;
}

/** What a command did: `text` for people, `document` for `--json`. */
export interface CommandResult {
  readonly status: CommandStatus;
  readonly diagnostics: readonly Diagnostic[];
  readonly text: string;
  /** What went wrong in the notebook, for people; shown on standard error, also with `--quiet`. */
  readonly errors?: string;
  /** The fields of the command's JSON document beside those that every document has. */
  readonly document: Readonly<Record<string, unknown>>;
  /** True when the document is what was asked for, though not by `--json`. */
  readonly asJson?: boolean;
  /** With this, diagnostics are shown with the cell's source around the place. */
  readonly sources?: ReadonlyMap<string, ShownCell>;
}

/** What was asked for, or the result that says why it cannot be had. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly result: CommandResult };

/** The exit code of a status. */
export function exitCode(status: CommandStatus): number {
  const codes: Readonly<Record<CommandStatus, number>> = {
    ok: 0,
    failed: 1,
    usage: 2,
    refused: 3,
    gate: 4,
    different: 5,
    // EX_SOFTWARE of sysexits.h: a fault of the program's own.
    crashed: 70,
    interrupted: 130,
  };
  return codes[status];
}

/** A command line or an input that cannot be used, as a result. */
export function usage(message: string, help: string, code: DiagnosticCode = 'CW900'): CommandResult {
  return {
    status: 'usage',
    diagnostics: [{ code, severity: 'error', message, help, related: [] }],
    text: '',
    document: {},
  };
}

/** A file that the system does not let us read or write. */
export function fileProblem(message: string, help: string): CommandResult {
  return usage(message, help, 'CW902');
}
