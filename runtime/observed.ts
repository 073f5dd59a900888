import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from '../compiler/bundle/format.ts';
import type { RunEvent, TaskStatus } from './event.ts';
import { readProfile } from './profile.ts';
import { isFileError, openLocalStore } from './store/local.ts';
import { listFolder } from './list-folder.ts';

/** What the last run observed of one task. */
export interface ObservedTask {
  readonly status: TaskStatus | 'stopped';
  readonly seconds: number;
  /** Why it was reused, or which part of its key differed. */
  readonly reason: string;
  /** Why each attempt that did not count was thrown away. */
  readonly dropped: readonly string[];
  /** Names that only the process of an earlier task has, and in which it ran therefore. */
  readonly fusedWith: string | undefined;
}

/** The last run of a notebook, as its log tells it. */
export interface LastRun {
  readonly id: string;
  /** Why all cells ran in one process, when they did. */
  readonly lane: string | undefined;
  /** By the task's id. */
  readonly tasks: ReadonlyMap<string, ObservedTask>;
}

/** Reads the log of the newest run in which a cell ran; undefined when there is none. */
export function readLastRun(state: string): LastRun | undefined {
  const folder = join(state, 'runs');
  for (const id of newestFirst(folder)) {
    const run = foldEvents(id, readEvents(join(folder, id, 'events.jsonl')));
    if (run.tasks.size > 0) return run;
  }
  return undefined;
}

/** Pairs of tasks, by id, of which earlier runs saw that the second reads what the first changed. The state must exist. */
export function learnedWaits(state: string, bundle: Bundle): readonly (readonly [string, string])[] {
  const pairs = new Set(readProfile(openLocalStore(state)).waits.map((pair) => pair.join(' ')));
  const found: [string, string][] = [];
  bundle.tasks.forEach((reader, place) => {
    for (const writer of bundle.tasks.slice(0, place)) {
      if (pairs.has(`${writer.code} ${reader.code}`)) found.push([writer.id, reader.id]);
    }
  });
  return found;
}

/** By the time of their last event: names tell runs of one second apart by chance only. */
function newestFirst(folder: string): readonly string[] {
  const times = listFolder(folder).map((id) => ({ id, time: timeOf(join(folder, id, 'events.jsonl')) }));
  return times.sort((left, right) => right.time - left.time).map(({ id }) => id);
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
function readEvents(file: string): readonly RunEvent[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => parseEvent(line));
  } catch (error) {
    if (isFileError(error)) return [];
    throw error;
  }
}

function parseEvent(line: string): RunEvent[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as RunEvent];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function foldEvents(id: string, events: readonly RunEvent[]): LastRun {
  const tasks = new Map<string, ObservedTask>();
  let lane: string | undefined;
  const nothing: ObservedTask = { status: 'stopped', seconds: 0, reason: '', dropped: [], fusedWith: undefined };
  const known = (task: string): ObservedTask => tasks.get(task) ?? nothing;
  for (const event of events) {
    if (event.type === 'task-started') tasks.set(event.task, known(event.task));
    else if (event.type === 'task-dropped') {
      const before = known(event.task);
      tasks.set(event.task, { ...before, dropped: [...before.dropped, event.reason] });
    } else if (event.type === 'task-fused') tasks.set(event.task, { ...known(event.task), fusedWith: event.with });
    else if (event.type === 'task-finished') {
      const { status, seconds, reason } = event;
      tasks.set(event.task, { ...known(event.task), status, seconds, reason });
    } else if (event.type === 'lane') lane = event.reason;
    else if (event.type === 'restarted') tasks.clear();
  }
  return { id, lane, tasks };
}
