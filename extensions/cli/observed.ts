import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import type { RecordedRun, RecordedTask } from '../../runtime/index.ts';
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
  const { status, seconds, reason, dropped, fusedWith } = observed;
  return { observed: { status: words[status], seconds, reason, dropped, fusedWith: fusedWith ?? null } };
}

/** What the last run observed of a task, in lines. */
export function observedLines({ status, seconds, reason, dropped, fusedWith }: RecordedTask): string[] {
  const time = status === 'ran' || status === 'failed' ? ` in ${formatSeconds(seconds)}` : '';
  const lines = [`${words[status]}${time}${reason === '' ? '' : ` (${reason})`}`];
  if (fusedWith !== undefined) {
    lines.push(`ran in the process of an earlier cell, which holds ${fusedWith}: that cannot be stored`);
  }
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
