import { availableParallelism } from 'node:os';
import path from 'node:path';
import { run, type RunRecord } from '../../runtime/index.ts';
import type { Host } from './host.ts';
import type { Input } from './input.ts';
import { originOf } from './origin.ts';
import { noProgress, showProgress } from './progress.ts';
import type { Place } from './state-folder.ts';

/** How a notebook is run to be compared. */
export interface Afresh {
  readonly cwd: string;
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly silent: boolean;
}

/** Runs the compiled notebook with nothing from the cache. */
export async function runAfresh(host: Host, input: Input, { cwd, place, signal, silent }: Afresh): Promise<RunRecord> {
  const progress = silent ? noProgress : showProgress(host, input.bundle);
  const record = await run(input.bundle, input.document, {
    ...place,
    cwd,
    signal,
    worker: path.join(host.installation, 'python', 'worker.py'),
    origin: originOf(host, input),
    jobs: availableParallelism(),
    cache: true,
    force: true,
    keepGoing: false,
    startMethod: 'fork',
    lane: false,
    judges: false,
    standBy: 0,
    onEvent: progress.onEvent,
  });
  progress.stop();
  return record;
}
