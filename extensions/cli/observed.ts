import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import { describeShared, type RecordedRun, type RecordedTask } from '../../runtime/index.ts';
import { formatSeconds } from './progress.ts';

const words: Readonly<Record<RecordedTask['status'], string>> = {
  ran: 'ran',
  cached: 'reused',
  failed: 'failed',
  'not-run': 'not run',
  stopped: 'stopped',
};

/** What the last run observed of a task, for JSON documents; null when it was not in it. */
export function describeObserved(observed: RecordedTask | undefined): Readonly<Record<string, unknown>> {
  if (observed === undefined) return { observed: null };
  const { status, seconds, reason, dropped, failedTries, fusedWith, fused } = observed;
  return {
    observed: { status: words[status], seconds, reason, dropped, failedTries, fusedWith: fusedWith ?? null, fused },
  };
}

/** What the last run observed of a task, in lines. */
export function observedLines({
  status,
  seconds,
  reason,
  dropped,
  failedTries,
  fusedWith,
  fused,
}: RecordedTask): string[] {
  const time = status === 'ran' || status === 'failed' ? ` in ${formatSeconds(seconds)}` : '';
  const lines = [`${words[status]}${time}${reason === '' ? '' : ` (${reason})`}`];
  if (fused.length > 0) {
    lines.push(`shared the process of an earlier cell, which alone has ${describeShared(fused).join('; ')}`);
  } else if (fusedWith !== undefined) {
    lines.push(`shared the process of an earlier cell, which alone has ${fusedWith}`);
  }
  for (const why of failedTries) lines.push(`failed and was tried again: ${why}`);
  for (const why of dropped) lines.push(`was started early and run again: ${why}`);
  return lines;
}

/** The last run in a few lines: how its tasks ended, and what did not go as predicted. */
export function describeLast(last: RecordedRun, bundle: Bundle): string {
  const counts = Object.entries(words).flatMap(([status, word]) => {
    const number = [...last.tasks.values()].filter((task) => task.status === status).length;
    return number === 0 ? [] : [`${number} ${word}`];
  });
  const lines = [`last run ${last.id}: ${counts.join(', ')}`];
  if (last.lane !== undefined) lines.push(`  all cells ran in one process: ${last.lane}`);
  const label = (task: Task): string => `  [${task.executionCount}] ${task.name}`;
  for (const task of bundle.tasks) {
    const observed = last.tasks.get(task.id);
    if (observed === undefined) continue;
    for (const line of observedLines(observed).slice(1)) lines.push(`${label(task)} ${line}`);
  }
  return `${lines.join('\n')}\n`;
}

/** How far down the ladder the last run went with the notebook: how many processes its cells had. */
export interface Ladder {
  readonly step: 'own' | 'shared' | 'one';
  /** Cells with a process of their own. */
  readonly own: number;
  /** Cells in the process of an earlier one. */
  readonly shared: number;
  readonly why: readonly string[];
}

/** The step of one cell: a process of its own, that of an earlier cell, or the one of all cells; undefined when it did not run. */
export function stepOf(last: RecordedRun, observed: RecordedTask | undefined): Ladder['step'] | undefined {
  if (observed === undefined || observed.status === 'not-run' || observed.status === 'stopped') return undefined;
  if (last.lane !== undefined) return 'one';
  return observed.fused.length > 0 || observed.fusedWith !== undefined ? 'shared' : 'own';
}

/** The step of the notebook: that of its lowest cell. */
export function ladderOf(last: RecordedRun): Ladder {
  const tasks = [...last.tasks.values()];
  const number = (step: Ladder['step']): number => tasks.filter((task) => stepOf(last, task) === step).length;
  const [own, shared] = [number('own'), number('shared')];
  if (last.lane !== undefined) return { step: 'one', own, shared, why: [last.lane] };
  const why = [...new Set(tasks.flatMap(({ fused }) => describeShared(fused)))];
  return { step: shared > 0 ? 'shared' : 'own', own, shared, why };
}

/** The step of the notebook in a line or a few. */
export function describeLadder(last: RecordedRun): string {
  const { step, own, shared, why } = ladderOf(last);
  const head = `last run ${last.id}: `;
  if (step === 'one') return `${head}all cells in one process, because ${why.join('')}\n`;
  if (step === 'own') return `${head}every cell in a process of its own\n`;
  const counts = `${String(own)} in a process of their own, ${String(shared)} in that of an earlier cell, which alone has\n`;
  return `${head}${counts}${why.map((line) => `  ${line}\n`).join('')}`;
}
