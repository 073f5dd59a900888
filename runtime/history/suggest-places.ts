import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import type { RecordedRun, RecordedTask } from './recorded-run.ts';

/** What a cell should be given, from what recorded runs of this very code have used. */
export interface PlaceSuggestion {
  readonly task: Task;
  /** How many runs it rests on; 0: nothing is suggested. */
  readonly runs: number;
  /** In how many of them other values were in its process: its memory is less than what was seen. */
  readonly shared: number;
  /** The most that was seen: bytes, processors used on average, seconds. */
  readonly seen: { readonly mem: number; readonly cpu: number; readonly seconds: number };
  /** Bytes, whole processors, and seconds. */
  readonly suggested: { readonly mem: number; readonly cpu: number; readonly timeout: number };
}

/** Half as much again: data grows, and an allocator keeps more than it needs at one moment. */
const memoryRoom = 1.5;
/** Other machines are slower, and networks are sometimes. */
const timeRoom = 3;
/** Bytes below which no limit makes sense: an interpreter and who watches it need that much. */
const leastMemory = 256 * 2 ** 20;
/** Seconds below which no limit makes sense: starting alone may take as long elsewhere. */
const leastTimeout = 60;
/** A cell that is over sooner does not show how many processors it would keep busy. */
const leastSeconds = 0.5;
/** So much of a further processor must have been busy on average before it is asked for. */
const leastShare = 0.25;

/** Suggestions for every cell that is executed, in order. */
export function suggestPlaces(bundle: Bundle, runs: readonly RecordedRun[]): readonly PlaceSuggestion[] {
  const byCode = new Map<string, (readonly [RecordedRun, RecordedTask])[]>();
  for (const run of runs) {
    for (const task of run.tasks.values()) {
      if (task.status !== 'ran' || task.observed === undefined) continue;
      const known = byCode.get(task.code);
      if (known === undefined) byCode.set(task.code, [[run, task]]);
      else known.push([run, task]);
    }
  }
  return bundle.tasks
    .filter(({ executionCount }) => executionCount > 0)
    .map((task) => suggestFor(task, byCode.get(task.code) ?? []));
}

function suggestFor(task: Task, seen: readonly (readonly [RecordedRun, RecordedTask])[]): PlaceSuggestion {
  const alone = seen.filter(([run, one]) => run.lane === undefined && one.fused.length === 0);
  // Of a process that several cells share the memory is that of all of them: no more than a bound, taken where there is nothing better.
  const measured = alone.length > 0 ? alone : seen;
  const most = (value: (task: RecordedTask) => number, from = seen): number =>
    from.reduce((found, [, one]) => Math.max(found, value(one)), 0);
  const mem = most(({ observed }) => observed?.peakMemory ?? 0, measured);
  const seconds = most(({ observed }) => observed?.seconds ?? 0);
  const cpu = most(({ observed }) =>
    observed === undefined || observed.seconds < leastSeconds ? 0 : observed.cpuSeconds / observed.seconds,
  );
  return {
    task,
    runs: new Set(seen.map(([run]) => run.id)).size,
    shared: seen.length - alone.length,
    seen: { mem, cpu, seconds },
    suggested: {
      mem: roundMemory(Math.max(leastMemory, mem * memoryRoom)),
      cpu: Math.max(1, Math.ceil(cpu - leastShare)),
      timeout: roundSeconds(Math.max(leastTimeout, seconds * timeRoom)),
    },
  };
}

const mebi = 2 ** 20;

/** Up to a number that people would write: steps of 64 MiB, from 1 GiB on of 256, from 8 GiB on of 1024. */
function roundMemory(bytes: number): number {
  const step = bytes <= 1024 * mebi ? 64 * mebi : bytes <= 8192 * mebi ? 256 * mebi : 1024 * mebi;
  return Math.max(1, Math.ceil(bytes / step)) * step;
}

/** Up to whole minutes, from an hour on to whole ten. */
function roundSeconds(seconds: number): number {
  const step = seconds <= 3600 ? 60 : 600;
  return Math.ceil(seconds / step) * step;
}

/** Memory as a directive has it: `512Mi`, `2Gi`. */
export function memoryAsDirective(bytes: number): string {
  const amount = bytes / mebi;
  return amount % 1024 === 0 ? `${String(amount / 1024)}Gi` : `${String(amount)}Mi`;
}
