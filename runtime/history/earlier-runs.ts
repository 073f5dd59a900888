import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { RunStarted } from '../event.ts';
import { isSameLine } from '../measures/accepted.ts';
import { isFileError } from '../store/local.ts';
import type { LoggedRun } from './compare-records.ts';
import type { Origin } from './origin.ts';
import { listRuns, readRun, runFolder } from './read-runs.ts';

interface Begun {
  readonly id: string;
  readonly origin: Origin;
}

/**
 * Finds the runs of one notebook, at one point of a matrix, that were before. Of each log only the beginning is read, once for all runs
 * of a matrix, and only as far back as somebody asks.
 */
export class EarlierRuns {
  readonly #state: string;
  #ids: readonly string[] | undefined;
  readonly #begun: (Begun | undefined)[] = [];

  constructor(state: string) {
    this.#state = state;
  }

  /** Those that are on the line of a run, the newest first; none for a notebook that came through a pipe, which may be any. */
  *before(id: string, origin: Origin): Generator<string> {
    if (origin.notebook === '-') return;
    for (let place = 0; ; place++) {
      this.#ids ??= listRuns(this.#state);
      const other = this.#ids[place];
      if (other === undefined) return;
      if (!(place in this.#begun)) this.#begun[place] = readBeginning(this.#state, other);
      const begun = this.#begun[place];
      if (begun !== undefined && other !== id && isSameLine(begun.origin, origin)) yield other;
    }
  }

  /** The newest that came to an end and that shows what its cells gave. */
  previous(id: string, origin: Origin): LoggedRun | undefined {
    for (const other of this.before(id, origin)) {
      if (!existsSync(join(runFolder(this.#state, other), 'notebook.ipynb'))) continue;
      const run = readRun(this.#state, other);
      if (run?.status === 'ok' || run?.status === 'failed') return { state: this.#state, id: other, run };
    }
    return undefined;
  }
}

/** More than a first line has; with a very large parameter it has more, and then the run is not found. */
const firstBytes = 64 << 10;

function readBeginning(state: string, id: string): Begun | undefined {
  const text = readStart(join(runFolder(state, id), 'events.jsonl'));
  const line = text.slice(0, Math.max(0, text.indexOf('\n')));
  if (line === '') return undefined;
  const event = JSON.parse(line) as { readonly type: string } | RunStarted;
  return event.type === 'run-started' && 'origin' in event ? { id, origin: event.origin } : undefined;
}

function readStart(file: string): string {
  let opened: number | undefined;
  try {
    opened = openSync(file, 'r');
    const bytes = Buffer.alloc(firstBytes);
    return bytes.toString('utf8', 0, readSync(opened, bytes, 0, firstBytes, 0));
  } catch (error) {
    if (!isFileError(error)) throw error;
    return '';
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}
