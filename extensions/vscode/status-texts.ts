/** What stands below a cell: what it reads, what it writes, and whether it would run. */
import { stateNames } from '../../compiler/bundle/format.ts';
import type { CellState, CellStateName, Need } from '../ui/panel.ts';
import { sayDuration } from '../ui/state-words.ts';

/** One item of a cell's status bar. */
export interface StatusText {
  /** With the name of an icon of the editor in front: `$(check) done`. */
  readonly text: string;
  readonly tooltip: string;
  /** As a screen reader says it, without the icon. */
  readonly label: string;
}

/** The editor's own icons; the words beside them say the same, so that nothing rests on a picture. */
export const iconOf: Readonly<Record<CellStateName, string>> = {
  unknown: 'circle-outline',
  'will-run': 'circle-large-outline',
  cached: 'history',
  running: 'sync~spin',
  done: 'pass',
  failed: 'error',
  gated: 'circle-slash',
  fused: 'combine',
  'not-run': 'circle-outline',
  unused: 'dash',
  stale: 'edit',
  refused: 'warning',
};

/** So many names are written out; the tooltip has all of them. */
const most = 4;

function shorten(names: readonly string[]): string {
  if (names.length === 0) return '–';
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} +${String(names.length - most)}` : shown;
}

/** Hidden state of a process: nobody wrote these names in the notebook, so that they are not listed among its variables. */
const hiddenState: ReadonlySet<string> = new Set(stateNames);

/** What earlier cells give to this one, imports left out, in the order of the notebook. */
export function namesRead(state: CellState): readonly string[] {
  return namesOf(state.reads);
}

/** What later cells take of this one; what no cell takes is made all the same, so that comes too. */
export function namesWritten(state: CellState): readonly string[] {
  return [...new Set([...state.makes, ...namesOf(state.writes)])].filter((name) => !hiddenState.has(name));
}

function namesOf(needs: readonly Need[]): readonly string[] {
  return [...new Set(needs.filter(isShown).flatMap(({ carries }) => carries))];
}

/** Data that is known to flow: the order of hidden state is a matter of the whole picture. */
function isShown({ kind, isImport, assumed }: Need): boolean {
  return kind === 'data' && !isImport && !assumed;
}

function reasonsOf(title: string, needs: readonly Need[]): string {
  const lines = needs.flatMap((need) =>
    isShown(need) ? need.reasons.map((reason) => `${need.label}: ${reason}`) : [],
  );
  return lines.length === 0 ? '' : `\n\n${title}\n${[...new Set(lines)].join('\n')}`;
}

/** The items of a cell, from left to right; none for a cell that is not executed and of which nothing is to be said. */
export function statusTexts(state: CellState): readonly StatusText[] {
  if (state.number === 0 && state.diagnostics.length === 0) return [];
  const time = state.seconds === undefined || state.state === 'running' ? '' : ` ${sayDuration(state.seconds)}`;
  const why = state.why === '' ? '' : `\n\n${state.why}`;
  const read = namesRead(state);
  const written = namesWritten(state);
  return [
    {
      text: `$(${iconOf[state.state]}) ${state.words}${time}`,
      tooltip: `${state.label}: ${state.words}${why}`,
      label: `Cellwright: ${state.label}, ${state.words}`,
    },
    {
      text: `reads ${shorten(read)}`,
      tooltip: `Reads ${read.length === 0 ? 'nothing of other cells' : read.join(', ')}${reasonsOf('Because', state.reads)}`,
      label: `Reads ${read.length === 0 ? 'nothing of other cells' : read.join(', ')}`,
    },
    {
      text: `writes ${shorten(written)}`,
      tooltip: `Writes ${written.length === 0 ? 'nothing that other cells could use' : written.join(', ')}${reasonsOf('Used by', state.writes)}`,
      label: `Writes ${written.length === 0 ? 'nothing that other cells could use' : written.join(', ')}`,
    },
  ];
}
