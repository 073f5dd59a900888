import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGoingOn, listRunsOf, readRun, runFolder, type KeptRun } from './read-runs.ts';
import { summariseRun } from './summary.ts';

/** Which records are to stay. With neither, all do; with both, what one of them keeps stays. */
export interface Retention {
  /** So many of the newest, of which those of a matrix are one. */
  readonly newest: number | undefined;
  /** Those that ended less than so many days ago. */
  readonly days: number | undefined;
}

/** Why the record of a run stays. */
export type KeptBecause = 'newest' | 'young' | 'pinned' | 'going on' | 'needed';

const mark = 'pinned';

/** True for a run that somebody wants to keep whatever is removed. */
export function isPinned({ state, id }: KeptRun): boolean {
  return existsSync(join(runFolder(state, id), mark));
}

/** Keeps a run from being removed, or lets it go. The log itself is not touched. */
export function pinRun(run: KeptRun, isToStay: boolean): void {
  const file = join(runFolder(run.state, run.id), mark);
  if (isToStay) writeFileSync(file, '', { mode: 0o600 });
  else rmSync(file, { force: true });
}

/** The runs of a state whose records stay, and why; a run whose results a kept one used again is needed by it. */
export function retainedRuns(state: string, { newest, days }: Retention, now: Date): ReadonlyMap<string, KeptBecause> {
  const keepsAll = newest === undefined && days === undefined;
  const oldest = days === undefined ? Infinity : now.getTime() - days * 86_400_000;
  const kept = new Map<string, KeptBecause>();
  const runs = listRunsOf([state]).map((one) => ({ ...one, run: readRun(one.state, one.id) }));
  const groups = new Set<string>();
  for (const { id, run } of runs) {
    groups.add(run?.started?.origin.variant?.matrix ?? id);
    const isYoung = run !== undefined && Date.parse(run.until) >= oldest;
    if (isPinned({ state, id })) kept.set(id, 'pinned');
    else if (isGoingOn({ state, id })) kept.set(id, 'going on');
    else if (keepsAll || groups.size <= (newest ?? 0)) kept.set(id, 'newest');
    else if (isYoung) kept.set(id, 'young');
  }
  for (const { id, run } of runs) {
    if (run === undefined || !kept.has(id) || kept.get(id) === 'needed') continue;
    for (const from of summariseRun(run).from) if (!kept.has(from)) kept.set(from, 'needed');
  }
  return kept;
}
