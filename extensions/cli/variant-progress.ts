import type { RunEvent } from '../../runtime/index.ts';
import type { Host } from './host.ts';
import { formatSeconds } from './progress.ts';
import type { VariantRow } from './variants-result.ts';

/** Shows many runs while they go on: a line for each that has ended and, on a terminal, one that is rewritten. */
export interface VariantProgress {
  readonly onEvent: (place: number, event: RunEvent) => void;
  readonly onEnd: (row: VariantRow) => void;
  readonly stop: () => void;
}

const clearLine = '\r\u001B[2K';

/** Shows nothing. */
export const noVariantProgress: VariantProgress = {
  onEvent: () => undefined,
  onEnd: () => undefined,
  stop: () => undefined,
};

/** @param names of the variants, in order */
export function showVariants(host: Host, names: readonly string[]): VariantProgress {
  const running = new Map<string, { readonly name: string; readonly since: number }>();
  let ended = 0;
  const draw = (above: string): void => {
    if (!host.isTerminal) {
      if (above !== '') host.err(above);
      return;
    }
    const [first] = running.values();
    const since =
      first === undefined ? '' : `  …  ${first.name}  ${formatSeconds((performance.now() - first.since) / 1000)}`;
    const line = `${ended} of ${names.length} variants, ${running.size} tasks run${since}`;
    host.err(`${clearLine}${above}${line.slice(0, Math.max(0, host.columns - 1))}`);
  };
  const timer = setInterval(() => {
    if (host.isTerminal) draw('');
  }, 200);
  timer.unref();
  return {
    onEvent: (place, event) => {
      if (event.type === 'task-started') {
        running.set(`${place} ${event.task}`, {
          name: `${names[place] ?? ''}  ${event.name}`,
          since: performance.now(),
        });
      } else if (event.type === 'task-finished' || event.type === 'task-dropped' || event.type === 'task-retried')
        running.delete(`${place} ${event.task}`);
    },
    onEnd: (row) => {
      ended++;
      for (const key of running.keys()) if (key.startsWith(`${row.place} `)) running.delete(key);
      draw(`${describeRow(row)}\n`);
    },
    stop: () => {
      clearInterval(timer);
      if (host.isTerminal) host.err(clearLine);
    },
  };
}

function describeRow({ status, name, counts, seconds, why }: VariantRow): string {
  const word = status === 'ok' ? 'done  ' : status.toUpperCase().padEnd(6);
  const shared = `${counts.shared} shared, ${counts.ran} run${counts.reused > 0 ? `, ${counts.reused} reused` : ''}`;
  return `${word}  ${name}  ${formatSeconds(seconds)}  (${shared})${why === '' ? '' : `  ${why}`}`;
}
