import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { isGoingOn, runFolder, ShownReader } from '../../runtime/index.ts';
import type { CellOutput, Notification, RunEnd, TimedEvent } from './protocol.ts';

/** Milliseconds between two looks at the log of a run that goes on. */
const look = 100;
/** A cell that shows more bytes than these is told by a note: the executed notebook has it. */
const mostBytes = 4_000_000;

/** What is followed, and who is told. */
export interface Following {
  readonly state: string;
  readonly run: string;
  /** The first event that is told, counted from 0. */
  readonly from: number;
  readonly tell: (notification: Notification) => void;
  readonly signal: AbortSignal;
}

/** True when there is something to follow under this name: a run, or the runs of a matrix. */
export function isThereToFollow(state: string, run: string): boolean {
  return hasLog(state, run) || variantsOf(state, run).length > 0;
}

function hasLog(state: string, run: string): boolean {
  return existsSync(path.join(runFolder(state, run), 'events.jsonl'));
}

/** The runs of a matrix, which have its name and a number, in their order. */
function variantsOf(state: string, matrix: string): readonly string[] {
  const folder = path.join(state, 'runs');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => name.startsWith(`${matrix}-`) && hasLog(state, name)).sort();
}

/** Tells what the log of a run says, and goes on until the run is over or the signal is aborted; of a matrix, the logs of all its runs. */
export async function followRun(following: Following): Promise<void> {
  if (hasLog(following.state, following.run)) await followOne(following);
  else await followMatrix(following);
}

async function followMatrix(following: Following): Promise<void> {
  const { state, run, tell, signal } = following;
  const followed = new Map<string, Promise<void>>();
  const ends: RunEnd[] = [];
  const listen: Following['tell'] = (notification) => {
    if (notification.method === 'run-ended') ends.push(notification.params.end);
    tell(notification);
  };
  while (!signal.aborted) {
    const goesOn = isGoingOn({ state, id: run });
    for (const name of variantsOf(state, run))
      if (!followed.has(name)) followed.set(name, followOne({ ...following, run: name, tell: listen }));
    if (!goesOn) break;
    await pause(look, signal);
  }
  await Promise.all(followed.values());
  if (signal.aborted) return;
  const order: readonly RunEnd[] = ['killed', 'interrupted', 'refused', 'failed'];
  tell({ method: 'run-ended', params: { run, end: order.find((end) => ends.includes(end)) ?? 'ok' } });
}

async function followOne(following: Following): Promise<void> {
  const follower = new Follower(following);
  while (!following.signal.aborted) {
    // Asked before the log is read: what the run said before it ended is in what is read then.
    const goesOn = isGoingOn({ state: following.state, id: following.run });
    follower.readOn();
    if (!goesOn) {
      follower.end();
      return;
    }
    await pause(look, following.signal);
  }
}

class Follower {
  readonly #following: Following;
  readonly #folder: string;
  readonly #shown: ShownReader;
  readonly #cellAt = new Map<number, string>();
  readonly #told = new Set<string>();
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  #sequence = 0;
  #end: RunEnd | undefined;
  #wasRefused = false;

  constructor(following: Following) {
    this.#following = following;
    this.#folder = runFolder(following.state, following.run);
    this.#shown = new ShownReader(this.#folder);
  }

  /** Tells everything that came since it was asked last. */
  readOn(): void {
    for (const line of this.#newLines()) {
      const event = parse(line);
      if (event !== undefined) this.#take(event);
    }
  }

  /** The run is over: what its cells show is in the executed notebook, if it came so far. */
  end(): void {
    this.#readExecuted();
    const { run } = this.#following;
    const end = this.#end ?? (this.#wasRefused ? 'refused' : 'killed');
    this.#following.tell({ method: 'run-ended', params: { run, end } });
  }

  #take(event: TimedEvent): void {
    const { run, from, tell } = this.#following;
    const sequence = this.#sequence++;
    if (event.type === 'lane' || event.type === 'restarted') {
      this.#shown.forget();
      this.#told.clear();
    }
    if (event.type === 'run-finished') this.#end = event.status;
    if (event.type === 'diagnostic' && event.diagnostic.severity === 'error') this.#wasRefused = true;
    if (sequence >= from) tell({ method: 'run-event', params: { run, sequence, event } });
    if (event.type !== 'task-finished') return;
    this.#cellAt.set(event.index, event.task);
    for (const [index, outputs] of this.#shown.read(event.index)) {
      const cell = this.#cellAt.get(index);
      if (cell !== undefined) this.#tellOutputs(cell, outputs);
    }
  }

  #tellOutputs(cell: string, outputs: readonly CellOutput[]): void {
    const small = withoutLarge(outputs);
    // What was told is not told again at the end.
    const key = `${cell} ${JSON.stringify(small)}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    const { run, tell } = this.#following;
    tell({ method: 'run-outputs', params: { run, cell, outputs: small } });
  }

  #readExecuted(): void {
    const file = path.join(this.#folder, 'notebook.ipynb');
    if (!existsSync(file)) return;
    const { cells } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cells: readonly ExecutedCell[] };
    const finished = new Set(this.#cellAt.values());
    for (const { cell_type: kind, id, outputs = [] } of cells) {
      if (kind === 'code' && finished.has(id) && outputs.length > 0) this.#tellOutputs(id, outputs);
    }
  }

  #newLines(): readonly string[] {
    const file = path.join(this.#folder, 'events.jsonl');
    if (!existsSync(file)) return [];
    const opened = openSync(file, 'r');
    try {
      const { size } = fstatSync(opened);
      if (size <= this.#offset) return [];
      const fresh = Buffer.alloc(size - this.#offset);
      const count = readSync(opened, fresh, 0, fresh.length, this.#offset);
      this.#offset += count;
      const all = Buffer.concat([this.#rest, fresh.subarray(0, count)]);
      const last = all.lastIndexOf(10);
      this.#rest = all.subarray(last + 1);
      return all.subarray(0, Math.max(0, last)).toString('utf8').split('\n');
    } finally {
      closeSync(opened);
    }
  }
}

interface ExecutedCell {
  readonly cell_type: string;
  readonly id: string;
  readonly outputs?: readonly CellOutput[];
}

/** A run that was killed may have left half a line. */
function parse(line: string): TimedEvent | undefined {
  try {
    return line === '' ? undefined : (JSON.parse(line) as TimedEvent);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function withoutLarge(outputs: readonly CellOutput[]): readonly CellOutput[] {
  let left = mostBytes;
  return outputs.map((output) => {
    left -= JSON.stringify(output).length;
    if (left >= 0) return output;
    return { output_type: 'stream', name: 'stdout', text: 'More is in the executed notebook and in the report.\n' };
  });
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end, { once: true });
  });
}
