import { appendFileSync, fsyncSync, mkdirSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import type { InstalledPackage, RunEvent } from './event.ts';
import type { TaskOutcome } from './run-state.ts';
import { claim, release } from './store/owner.ts';

/** What a run gave. */
export interface RunRecord {
  readonly id: string;
  readonly status: 'ok' | 'failed' | 'refused';
  readonly tasks: readonly TaskOutcome[];
  readonly diagnostics: readonly Diagnostic[];
  readonly seconds: number;
  readonly lane: boolean;
  /** What is installed, or the modules that the cells had. */
  readonly packages: readonly InstalledPackage[];
  /** The executed notebook as nbformat JSON text. */
  readonly notebook: string;
  /** The folder of the run's log. */
  readonly folder: string;
}

/** The append-only log of one run; a line is an event with the time it was seen. */
export interface RunLog {
  readonly id: string;
  readonly folder: string;
  add(event: RunEvent): void;
  close(): void;
}

/** Opens the log of a new run below `root`. An event is with the system as soon as it is added, so a kill loses none; with `flush` neither does a power cut after its end. */
export function openRunLog(root: string, id: string, flush: boolean): RunLog {
  const folder = join(root, 'runs', id);
  mkdirSync(folder, { recursive: true });
  claim(folder);
  const file = openSync(join(folder, 'events.jsonl'), 'a', 0o600);
  return {
    id,
    folder,
    add: (event) => {
      appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
      if (flush && event.type === 'run-finished') fsyncSync(file);
    },
    close: () => {
      closeSync(file);
      release(folder);
    },
  };
}
