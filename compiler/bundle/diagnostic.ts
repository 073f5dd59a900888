import type { DiagnosticCode } from './codes.ts';

/** Where something is said about: positions are zero-based, columns count UTF-16 units, `end` is exclusive. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** A place in one cell's source. `index` is the cell's place in the notebook, Markdown cells counted, from 0. */
export interface Location {
  readonly cell: string;
  readonly index: number;
  readonly range?: Range;
}

export type Severity = 'error' | 'warning' | 'info';

/** One thing the user should know. Errors cannot be switched off; every code is in the catalogue. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  /** One sentence that says what. */
  readonly message: string;
  /** One sentence that says what to do next. */
  readonly help: string;
  readonly location?: Location;
  readonly related: readonly { readonly message: string; readonly location: Location }[];
}

/** An expected failure is a value; a thrown exception is a bug of ours. */
export type Result<T, E = readonly Diagnostic[]> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };
