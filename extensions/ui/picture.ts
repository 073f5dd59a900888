import type { CellState } from './panel.ts';
import type { Row, Shown } from './visible-rows.ts';
import { sayList, stateWords } from './state-words.ts';
import type { CellStateName } from './panel.ts';

/** What somebody does in a picture. */
export interface PictureListener {
  /** The pointer or the keyboard is on a row; undefined: on none. */
  onPoint(row: string | undefined): void;
  /** A row was chosen, so that what is known of it is shown. */
  onChoose(row: string): void;
  /** A row was opened: its cell is shown in the notebook, or the heading is folded or unfolded. */
  onOpen(row: string): void;
  onFold(section: string, folded: boolean): void;
  onSearch(): void;
}

/** A way to show a pipeline. */
export interface Picture {
  readonly element: HTMLElement;
  /** Draws everything anew. */
  draw(shown: Shown, states: StatesOf): void;
  /** Draws the states anew; what is shown is the same. */
  refresh(states: StatesOf): void;
  /** Marks a row and what it takes from and gives to others; undefined: none. */
  mark(row: string | undefined): void;
  /** Makes a row the chosen one, and brings it into view. */
  choose(row: string | undefined, how: { readonly focus: boolean }): void;
  /** Lets rows step back that were not looked for; undefined: none. */
  find(rows: ReadonlySet<string> | undefined): void;
}

/** What is known of a cell, and how many there are. */
export interface StatesOf {
  readonly of: (cell: string) => CellState | undefined;
  /** How many cells are executed. */
  readonly total: number;
  /** Milliseconds since 1970 at which a running cell began. */
  readonly since: (cell: string) => number | undefined;
}

/** How many cells of a heading are in each state, in the order of the states. */
export function countStates(cells: readonly string[], { of }: StatesOf): readonly (readonly [CellStateName, number])[] {
  const counts = new Map<CellStateName, number>();
  for (const cell of cells) {
    const state = of(cell)?.state ?? 'unknown';
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const names = Object.keys(stateWords) as CellStateName[];
  return names.flatMap((name) => (counts.has(name) ? [[name, counts.get(name) ?? 0] as const] : []));
}

/** The state that a folded heading shows: the one of its cells that matters most. */
export function stateOfSection(cells: readonly string[], states: StatesOf): CellStateName {
  const order: readonly CellStateName[] = [
    'failed',
    'refused',
    'gated',
    'running',
    'stale',
    'will-run',
    'not-run',
    'fused',
    'done',
    'cached',
  ];
  const found = new Set(cells.map((cell) => states.of(cell)?.state));
  return order.find((name) => found.has(name)) ?? [...found][0] ?? 'unknown';
}

/** What a screen reader says of a row. */
export function nameOfRow(row: Row, states: StatesOf): string {
  if (row.kind === 'section') {
    const { title, all } = row.section;
    const counts = countStates(all, states).map(([name, count]) => `${count} ${stateWords[name].words}`);
    return `Section ${title}, ${all.length === 1 ? '1 cell' : `${all.length} cells`}: ${sayList(counts)}`;
  }
  const state = states.of(row.id);
  if (state === undefined) return row.task.label;
  const place = state.number === 0 ? 'Cell that is not executed' : `Task ${state.number} of ${states.total}`;
  const reads = state.reads
    .filter((need) => need.kind === 'data' && !need.assumed && !need.isImport)
    .map((need) => `${sayList(need.carries)} from ${states.of(need.cell)?.number ?? need.label}`);
  const problems = state.diagnostics.filter(({ severity }) => severity !== 'info').length;
  const parts = [
    place,
    state.label,
    state.words,
    ...(reads.length === 0 ? [] : [`reads ${sayList(reads)}`]),
    ...(problems === 0 ? [] : [problems === 1 ? '1 message' : `${problems} messages`]),
  ];
  return parts.join(', ');
}

/** The rows that a row takes something from, and those that it gives something to. */
export function neighboursOf(
  shown: Shown,
  row: string,
): { readonly takes: ReadonlySet<string>; readonly gives: ReadonlySet<string> } {
  const takes = new Set(shown.arrows.flatMap(({ from, to }) => (to === row ? [from] : [])));
  const gives = new Set(shown.arrows.flatMap(({ from, to }) => (from === row ? [to] : [])));
  return { takes, gives };
}
