import type { ReachedPackages } from './process/protocol.ts';
import type { RunContext } from './run-state.ts';

/** Tells which installed packages had a part in a run; nothing where all that are installed count, or where it is not known. */
export function tellReached(
  { packages, onEvent }: Pick<RunContext, 'packages' | 'onEvent'>,
  reached: readonly (ReachedPackages | string)[],
): void {
  const found = new Set<string>();
  for (const one of new Set(reached)) {
    const names = packages.distributionsIn(one);
    if (names === undefined) return;
    for (const name of names) found.add(name);
  }
  onEvent({ type: 'reached', packages: [...found].sort() });
}
