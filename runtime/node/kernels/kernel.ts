import type { MimeBundle, OutputMessage } from '../../process/protocol.ts';

export type Emit = (output: OutputMessage) => void;

/** What differs between the kernels whose ways cells are run in. */
export interface Kernel {
  /** Puts in place what cells find: the console, what displays. Before anything is looked at. */
  install(emit: Emit): void;
  /** How the value of a cell's last expression is shown; undefined when it is not. */
  show(value: unknown): Promise<{ readonly data: MimeBundle; readonly metadata: MimeBundle } | undefined>;
  /** What stands before the text of each cell on its first line. */
  readonly prefix: string;
  /** Why cells that come later would not find the console as this one leaves it; undefined when they would. */
  consoleState(): string | undefined;
  /** All environment variables. */
  environment(): Record<string, string>;
  /** The permissions that files made by the process do not get. @param next what they are from now on */
  fileMask(next?: number): number;
  setVariable(name: string, value: string | undefined): void;
  /** For what the process itself is going to look at, which is no cell's doing. */
  /** Asks whoever watches the process, as loading native code would, though that is here already. */
  askForNativeCode(): void;
  aside<T>(action: () => T): T;
  asideAsync<T>(action: () => Promise<T>): Promise<T>;
}
