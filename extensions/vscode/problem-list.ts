/** Which diagnostics the Problems panel shows, and where; positions of the compiler and of the editor are counted alike. */
import type { Range, Severity } from '../../compiler/bundle/diagnostic.ts';
import type { CellDiagnostic, CellState, Remedy } from '../ui/panel.ts';

/** The least severe diagnostics that are shown. */
export type ProblemLevel = Severity | 'none';

/** A place in a cell. `index` counts all cells from 0. */
export interface ProblemPlace {
  readonly cell: string;
  readonly index: number;
  readonly range: Range;
}

/** One entry of the Problems panel. */
export interface Problem {
  /** Undefined: it is of the notebook as a whole. */
  readonly place: ProblemPlace | undefined;
  readonly severity: Severity;
  /** Empty when it is the notebook's own error. */
  readonly code: string;
  /** What, and what to do about it. */
  readonly message: string;
  readonly related: readonly { readonly message: string; readonly place: ProblemPlace }[];
  readonly remedies: readonly Remedy[];
}

const rank: Readonly<Record<ProblemLevel, number>> = { none: 0, error: 1, warning: 2, info: 3 };

/** A line to its end, wherever that is. */
function lineRange(line: number): Range {
  return { start: { line, column: 0 }, end: { line, column: 100_000 } };
}

/** A diagnostic of a cell as a whole stands at its first line. */
const firstLine = lineRange(0);

/** What is known of a notebook, and the text that its cells have now. */
export interface ProblemSource {
  readonly states: readonly CellState[];
  /** Diagnostics of no cell. */
  readonly general: readonly CellDiagnostic[];
  /** The text of a cell as it is now. */
  textOf(state: CellState): string | undefined;
  /** The line on which a cell raised, from 0. */
  raisedAt(state: CellState): number | undefined;
}

/** The problems of a notebook, in its own order. What is said of an earlier text of a cell may be wrong by now, and is left out. */
export function problemsOf(source: ProblemSource, level: ProblemLevel): readonly Problem[] {
  const isShown = ({ severity }: { readonly severity: Severity }): boolean => rank[severity] <= rank[level];
  const general = source.general.map((one) => problemAt(one, undefined));
  const own = source.states.flatMap((state) => {
    if (source.textOf(state) !== state.source) return [];
    return [...endOf(state, source), ...state.diagnostics.map((one) => problemAt(one, state))];
  });
  return [...general, ...own].filter(isShown);
}

/** That the cell raised, or that its gate does not hold, is no diagnostic: the notebook says it itself. */
function endOf(state: CellState, source: ProblemSource): readonly Problem[] {
  if (state.state !== 'failed' && state.state !== 'gated') return [];
  const line = source.raisedAt(state);
  const range = line === undefined ? firstLine : lineRange(line);
  const message = state.why === '' ? `The cell ${state.words}.` : state.why;
  const place = { cell: state.cell, index: state.index, range };
  return [{ place, severity: 'error', code: '', message, related: [], remedies: [] }];
}

function problemAt(diagnostic: CellDiagnostic, state: CellState | undefined): Problem {
  const { severity, code, message, help, location, related, remedies } = diagnostic;
  return {
    place:
      state === undefined ? undefined : { cell: state.cell, index: state.index, range: location?.range ?? firstLine },
    severity,
    code,
    message: `${message} ${help}`.trim(),
    related: related.map((one) => ({
      message: one.message,
      place: { cell: one.location.cell, index: one.location.index, range: one.location.range ?? firstLine },
    })),
    remedies,
  };
}
