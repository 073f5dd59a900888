import type { ReachedPackages } from './process/protocol.ts';
import type { RunContext, RunOutcome } from './run-state.ts';

type Around = Pick<RunContext, 'packages' | 'onEvent'>;

/** The same, of tasks with a process each: cells of one process reached together what they did, and that was told where they ended. */
export function tellReachedByTasks(around: Around, { lane, tasks }: Pick<RunOutcome, 'lane' | 'tasks'>): void {
  if (lane) return;
  tellReached(
    around,
    tasks.flatMap(({ result, reached }) => reached ?? result?.packages ?? []),
  );
}

/** Tells which installed packages had a part in a run; nothing where all that are installed count, or where it is not known. */
export function tellReached({ packages, onEvent }: Around, reached: readonly (ReachedPackages | string)[]): void {
  const found = new Set<string>();
  for (const one of new Set(reached)) {
    const names = packages.distributionsIn(one);
    if (names === undefined) return;
    for (const name of names) found.add(name);
  }
  onEvent({ type: 'reached', packages: [...found].sort() });
}
