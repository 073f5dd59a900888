import { isGoingOn, isPinned, runFolder, summariseRun, type RecordedRun } from '../../runtime/index.ts';
import type { FoundRun } from './find-run.ts';

/** How a run ended, or that it is going on. */
export function statusWord({ run, ...kept }: FoundRun): RecordedRun['status'] | 'running' {
  return run.status === 'unfinished' && isGoingOn(kept) ? 'running' : run.status;
}

/** What `runs` and `show` say of a run in a JSON document. */
export function describeRecord(found: FoundRun): Readonly<Record<string, unknown>> {
  const { run, state, id } = found;
  const { started, sourceControl, seconds } = run;
  const { from, ...counts } = summariseRun(run);
  return {
    run: id,
    outcome: statusWord(found),
    pinned: isPinned(found),
    notebook: started?.origin.notebook ?? null,
    started: run.from,
    ended: run.seconds === undefined ? null : run.until,
    seconds: seconds ?? null,
    user: started?.runner.user ?? null,
    host: started?.runner.host ?? null,
    ...counts,
    oneProcess: run.lane ?? null,
    reusedFrom: from,
    parameters: started?.origin.parameters ?? [],
    variant: started?.origin.variant ?? null,
    commit: sourceControl?.commit ?? null,
    dirty: sourceControl?.changed === undefined ? null : sourceControl.changed.length > 0,
    folder: runFolder(state, id),
  };
}
