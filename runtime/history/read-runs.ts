import { statSync } from 'node:fs';
import { join } from 'node:path';
import { listFolder } from '../list-folder.ts';
import { isFileError, readOrNothing } from '../store/local.ts';
import { foldRun, type LoggedEvent, type RecordedRun } from './recorded-run.ts';

/** The folder of a run's log and of the notebook that it executed. */
export function runFolder(state: string, id: string): string {
  return join(state, 'runs', id);
}

/** Names of the runs whose logs are kept in a state, the newest first. */
export function listRuns(state: string): readonly string[] {
  // By the time of their last event: names tell runs of one second apart by chance only.
  const times = listFolder(join(state, 'runs')).map((id) => ({ id, time: timeOf(logOf(state, id)) }));
  return times.sort((left, right) => right.time - left.time).map(({ id }) => id);
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
