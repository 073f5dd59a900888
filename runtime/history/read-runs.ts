import { statSync } from 'node:fs';
import { join } from 'node:path';
import { listFolder } from '../list-folder.ts';
import { isFileError, readOrNothing } from '../store/local.ts';
import { ownershipOf } from '../store/owner.ts';
import { foldRun, type LoggedEvent, type RecordedRun } from './recorded-run.ts';

/** The folder of a run's log and of the notebook that it executed. */
export function runFolder(state: string, id: string): string {
  return join(state, 'runs', id);
}

/** Names of the runs whose logs are kept in a state, the newest first. */
export function listRuns(state: string): readonly string[] {
  return listRunsOf([state]).map(({ id }) => id);
}

/** The log of a run, and the state that keeps it. */
export interface KeptRun {
  readonly state: string;
  readonly id: string;
}

/** The runs of several states, the newest first. */
export function listRunsOf(states: readonly string[]): readonly KeptRun[] {
  // By the time of their last event: names tell runs of one second apart by chance only.
  const all = states.flatMap((state) => listFolder(join(state, 'runs')).map((id) => ({ state, id })));
  const times = all.map((run) => ({ run, time: timeOf(logOf(run.state, run.id)) })).filter(({ time }) => time > 0);
  return times.sort((left, right) => right.time - left.time).map(({ run }) => run);
}

/**
 * The runs that a word may mean: an identifier or its beginning, the four letters after its dash, `last` or `last~N`, the one that is
 * N before the last.
 */
export function findRuns(states: readonly string[], word: string): readonly KeptRun[] {
  const runs = listRunsOf(states);
  const back = /^last(?:~(\d+))?$/.exec(word);
  if (back !== null) return runs.slice(Number(back[1] ?? 0)).slice(0, 1);
  const exact = runs.filter(({ id }) => id === word);
  if (exact.length > 0 || word === '') return exact;
  return runs.filter(({ id }) => id.startsWith(word) || id.slice(id.indexOf('-') + 1) === word);
}

/** True while the process of a run is there. */
export function isGoingOn({ state, id }: KeptRun): boolean {
  return ownershipOf(runFolder(state, id)) === 'alive';
}

/** What the log of a run tells; undefined when there is no such log. */
export function readRun(state: string, id: string): RecordedRun | undefined {
  const text = readOrNothing(logOf(state, id));
  return text === undefined ? undefined : foldRun(id, text.split('\n').flatMap(parseEvent));
}

/** All runs whose logs are kept in a state, the newest first. */
export function readRuns(state: string): readonly RecordedRun[] {
  return listRuns(state).flatMap((id) => readRun(state, id) ?? []);
}

function logOf(state: string, id: string): string {
  return join(runFolder(state, id), 'events.jsonl');
}

function timeOf(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch (error) {
    if (isFileError(error)) return 0;
    throw error;
  }
}

/** A run that was killed may have left half a line at the end. */
function parseEvent(line: string): LoggedEvent[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as LoggedEvent];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
