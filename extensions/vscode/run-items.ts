/** Entries of the tree of runs, from the document of `cellwright runs`. */
import type { CommandDocument } from '../service/protocol.ts';
import { sayDuration } from '../ui/state-words.ts';

/** One recorded run. */
export interface RunItem {
  readonly run: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  /** Name of an icon of the editor. */
  readonly icon: string;
  readonly isGoingOn: boolean;
}

interface RecordedRun {
  readonly run: string;
  readonly outcome: string;
  readonly started: string | null;
  readonly seconds: number | null;
  readonly ran: number;
  readonly reused: number;
  readonly failed: number;
  readonly commit: string | null;
  readonly user: string | null;
  readonly pinned: boolean;
}

const icons: Readonly<Record<string, string>> = {
  ok: 'pass',
  failed: 'error',
  gate: 'circle-slash',
  running: 'sync~spin',
  refused: 'warning',
  interrupted: 'debug-stop',
  unfinished: 'debug-stop',
};

/** @param shown the run that is shown; it is marked */
export function runItems(document: CommandDocument, shown: string | undefined): readonly RunItem[] {
  const runs = (document['runs'] ?? []) as readonly RecordedRun[];
  return runs.map((recorded) => {
    const { run, outcome, started, seconds, ran, reused, failed, commit, user, pinned } = recorded;
    const parts = [
      `${String(ran)} ran`,
      `${String(reused)} reused`,
      ...(failed > 0 ? [`${String(failed)} failed`] : []),
    ];
    const time = seconds === null ? [] : [sayDuration(seconds)];
    const when = started === null ? run : new Date(started).toLocaleString();
    return {
      run,
      label: `${when}${run === shown ? ' (shown)' : ''}`,
      description: [outcome, ...parts, ...time, ...(pinned ? ['pinned'] : [])].join(', '),
      tooltip: [
        run,
        outcome,
        ...parts,
        ...(user === null ? [] : [`by ${user}`]),
        ...(commit === null ? [] : [`commit ${commit}`]),
      ].join('\n'),
      icon: icons[outcome] ?? 'circle-outline',
      isGoingOn: outcome === 'running',
    };
  });
}
