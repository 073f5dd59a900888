/**
 * What the view and the service say to each other: JSON-RPC 2.0, one message a line. Cells are named by their nbformat ids, files by
 * paths that are absolute or relative to `folder`.
 */
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { RunEvent } from '../../runtime/index.ts';

/** Grows when a message goes or changes its meaning; the two sides must have the same. */
export const protocolVersion = 1;

/** What `command` gives: the published document of the command, see docs/json.md. */
export interface CommandAnswer {
  readonly exitCode: number;
  readonly document: CommandDocument;
}

/** What every JSON document of the command line has, and whatever its command adds. */
export interface CommandDocument {
  readonly status: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly [field: string]: unknown;
}

/** An event of a run, with the time it was seen, in ISO 8601 and UTC. */
export type TimedEvent = RunEvent & { readonly at: string };

/** An output as nbformat writes it. */
export type CellOutput = Readonly<Record<string, unknown>>;

/** A run that goes on. */
export interface ActiveRun {
  readonly run: string;
  /** When it began, in ISO 8601 and UTC. */
  readonly since: string;
}

/** How a run came to its end. `killed`: its process is gone and said nothing. */
export type RunEnd = 'ok' | 'failed' | 'refused' | 'interrupted' | 'killed';

/** The requests by name: what each takes and what it gives. */
export interface Requests {
  /** Comes first. Another version is refused with {@link errorCodes.otherVersion}. */
  readonly initialize: {
    readonly params: { readonly protocol: number };
    readonly result: {
      readonly protocol: number;
      readonly cellwright: string;
      /** The words that begin a command line of this program: an interpreter of JavaScript, and the program's file. */
      readonly program: readonly string[];
      /** The notebook that the service itself was asked to show, as `cellwright open` is. */
      readonly notebook?: string;
    };
  };
  /** One of the command line's own commands, with `--json`. */
  readonly command: {
    readonly params: { readonly arguments: readonly string[]; readonly folder: string };
    readonly result: CommandAnswer;
  };
  /**
   * Starts a run that goes on when the connection and the service end. A run that cannot start, for a parameter that does not exist for
   * instance, is refused with {@link errorCodes.notStarted} and the command's document as its data.
   */
  readonly start: {
    readonly params: { readonly notebook: string; readonly arguments: readonly string[]; readonly folder?: string };
    readonly result: { readonly run: string };
  };
  /**
   * Everything that the record of a run says from event `from` on (0: from its beginning), and then what it says as it goes on, as
   * {@link Notifications}, until `run-ended`.
   */
  readonly follow: {
    readonly params: { readonly notebook: string; readonly run: string; readonly from?: number };
    readonly result: { readonly run: string };
  };
  readonly unfollow: { readonly params: { readonly run: string }; readonly result: null };
  /** As Ctrl-C does: cells that run are killed, what has finished is kept. */
  readonly stop: {
    readonly params: { readonly notebook: string; readonly run: string };
    /** False when it had come to its end before. */
    readonly result: { readonly stopped: boolean };
  };
  readonly active: {
    readonly params: { readonly notebook: string };
    readonly result: { readonly runs: readonly ActiveRun[] };
  };
  /** The notebook as it is on disk, for a view that is not inside an editor. */
  readonly 'read-notebook': {
    readonly params: { readonly notebook: string };
    readonly result: { readonly text: string; readonly name: string };
  };
  /** From now on `notebook-saved` is said after every save; undone when the connection ends. */
  readonly 'watch-notebook': { readonly params: { readonly notebook: string }; readonly result: null };
  /** The report of a run, or the newest; where it is, and its text. */
  readonly 'read-report': {
    readonly params: { readonly notebook: string; readonly run?: string };
    readonly result: { readonly path: string; readonly html: string };
  };
}

/** What the service says without being asked. */
export interface Notifications {
  /** `sequence` counts the events of a run from 0. */
  readonly 'run-event': { readonly run: string; readonly sequence: number; readonly event: TimedEvent };
  /** What a cell shows now that it has retired; said again when a later cell updates one of its displays. */
  readonly 'run-outputs': { readonly run: string; readonly cell: string; readonly outputs: readonly CellOutput[] };
  /** Nothing more will be said of the run. */
  readonly 'run-ended': { readonly run: string; readonly end: RunEnd };
  readonly 'notebook-saved': { readonly notebook: string; readonly text: string };
}

/** Error codes of answers, beside those of JSON-RPC itself (-32700 to -32603). */
export const errorCodes = {
  parse: -32700,
  invalidRequest: -32600,
  noSuchMethod: -32601,
  invalidParams: -32602,
  /** A fault of the service's own. */
  internal: -32603,
  /** The two sides speak other versions of this protocol. */
  otherVersion: 1,
  /** `initialize` has not come before. */
  notInitialized: 2,
  /** A command or an option that the service does not pass on. */
  notAllowed: 3,
  /** The run did not start; `data` is the document of the command. */
  notStarted: 4,
  /** There is no such notebook, run or report. */
  notFound: 5,
} as const;

export type ErrorCode = (typeof errorCodes)[keyof typeof errorCodes];

/** Why a request is refused: what, and what to do next. */
export interface ResponseError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data?: unknown;
}

export type Method = keyof Requests;
export type ParamsOf<M extends Method> = Requests[M]['params'];
export type ResultOf<M extends Method> = Requests[M]['result'];

export type Notification = {
  readonly [N in keyof Notifications]: { readonly method: N; readonly params: Notifications[N] };
}[keyof Notifications];

/** A line from the view. */
export interface RequestMessage {
  readonly jsonrpc: '2.0';
  readonly id: number | string;
  readonly method: string;
  readonly params?: unknown;
}

/** A line from the service. */
export type ServiceMessage =
  | { readonly jsonrpc: '2.0'; readonly id: number | string | null; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: number | string | null; readonly error: ResponseError }
  | ({ readonly jsonrpc: '2.0' } & Notification);
