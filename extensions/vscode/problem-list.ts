/** Which diagnostics the Problems panel shows, and where; positions of the compiler and of the editor are counted alike. */
import type { Range, Severity } from '../../compiler/bundle/diagnostic.ts';
import type { CellDiagnostic, CellState } from '../ui/panel.ts';

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
  readonly code: string;
  /** What, and what to do about it. */
  readonly message: string;
  readonly related: readonly { readonly message: string; readonly place: ProblemPlace }[];
  readonly diagnostic: CellDiagnostic;
}

const rank: Readonly<Record<ProblemLevel, number>> = { none: 0, error: 1, warning: 2, info: 3 };

/** A diagnostic of a cell as a whole stands at its first line. */
const firstLine: Range = { start: { line: 0, column: 0 }, end: { line: 0, column: Number.MAX_SAFE_INTEGER } };

/**
 * The problems of a notebook, in its own order.
 * @param textOf the text of a cell as it is now: what is said of an earlier text may be wrong by now, and is left out
 */
export function problemsOf(
  cells: { readonly states: readonly CellState[]; readonly general: readonly CellDiagnostic[] },
  level: ProblemLevel,
  textOf: (index: number) => string | undefined,
): readonly Problem[] {
  const isShown = ({ severity }: CellDiagnostic): boolean => rank[severity] <= rank[level];
  const general = cells.general.filter(isShown).map((one) => problemAt(one, undefined));
  const own = cells.states.flatMap((state) =>
    textOf(state.index) === state.source ? state.diagnostics.filter(isShown).map((one) => problemAt(one, state)) : [],
  );
  return [...general, ...own];
}

function problemAt(diagnostic: CellDiagnostic, state: CellState | undefined): Problem {
  const { severity, code, message, help, location, related } = diagnostic;
  return {
    place: state === undefined ? undefined : { cell: state.cell, index: state.index, range: location?.range ?? firstLine },
    severity,
    code,
    message: `${message} ${help}`.trim(),
    related: related.map((one) => ({
      message: one.message,
      place: { cell: one.location.cell, index: one.location.index, range: one.location.range ?? firstLine },
    })),
    diagnostic,
  };
}
