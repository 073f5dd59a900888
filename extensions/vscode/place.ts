/** What the extension may do where it runs: with processes, or in a browser without any. */
import type * as vscode from 'vscode';
import type { CompileThread } from '../ui/compile-client.ts';
import type { ServiceConnection, CompilerFiles } from '../ui/panel.ts';

/** What is told of the service beside its answers: lines for the log. */
export interface ServiceLog {
  info(line: string): void;
  error(line: string): void;
}

/** A connection that can be ended. */
export interface HostService extends ServiceConnection {
  dispose(): void;
}

/** A call of the command line in a terminal. */
export interface TerminalCall {
  readonly words: readonly string[];
  readonly folder: string;
  /** The notebook, as problems name it. */
  readonly notebook: string;
}

/** What can be done where processes can be started. */
export interface Processes {
  startService(folder: string, log: ServiceLog): HostService;
  openTerminal(call: TerminalCall): vscode.Pseudoterminal;
  /** The interpreter of the kernel that is selected in a notebook. */
  selectedInterpreter(notebook: vscode.Uri): string | undefined;
  /** The interpreter that is chosen for the folder of a notebook. */
  interpreterOfFolder(notebook: vscode.Uri): Promise<string | undefined>;
  onInterpreterChange(listener: () => void): vscode.Disposable;
}

/** Where the extension runs. */
export interface Place {
  /** A thread of `compile-worker.ts`. */
  readonly createThread: () => CompileThread;
  readonly compilerFiles: CompilerFiles;
  /** Undefined in the web editor. */
  readonly processes: Processes | undefined;
}
