import type { RunEvent } from '../../runtime/index.ts';
import type { Host } from './host.ts';

/** Shows a run while it goes on. */
export interface Progress {
  readonly onEvent: (event: RunEvent) => void;
  readonly stop: () => void;
}

interface Active {
  readonly name: string;
  readonly since: number;
  readonly speculative: boolean;
}

const clearLine = '\r\u001B[2K';

/** Lines that stay and, on a terminal, lines below them that are rewritten: one per running task. */
export function showProgress(host: Host): Progress {
  return host.isTerminal ? liveProgress(host) : plainProgress(host);
}

/** Shows nothing: `--quiet`, and `--json` where nobody watches. */
export const noProgress: Progress = { onEvent: () => undefined, stop: () => undefined };

function plainProgress(host: Host): Progress {
  return {
    onEvent: (event) => {
      const line = describeEvent(event);
      if (line !== undefined) host.err(`${line}\n`);
    },
    stop: () => undefined,
  };
}

/** One line for people, or nothing when the event is no news. */
export function describeEvent(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'task-finished': {
      const because = event.reason === '' ? '' : `  (${event.reason})`;
      return `${describeStatus(event.status)}  ${event.name}  ${formatSeconds(event.seconds)}${because}`;
    }
    case 'task-dropped':
      return `again   ${event.name}  (${event.reason})`;
    case 'task-fused':
      return `fused   ${event.name} with the process that holds ${event.with}`;
    case 'lane':
      return `one process for all cells: ${event.reason}`;
    case 'run-started':
    case 'task-started':
    case 'run-finished':
    case 'diagnostic':
      return undefined;
  }
}

function describeStatus(status: 'ran' | 'cached' | 'failed' | 'not-run'): string {
  const words = { ran: 'ran    ', cached: 'reused ', failed: 'FAILED ', 'not-run': 'not run' };
  return words[status];
}

/** Seconds as people say them. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function liveProgress(host: Host): Progress {
  const active = new Map<string, Active>();
  const order: string[] = [];
  let shown = 0;
  let total = 0;
  let done = 0;
  const erase = (): string => {
    const text = clearLine + `\u001B[1A${clearLine}`.repeat(shown);
    shown = 0;
    return text;
  };
  const draw = (above: string): void => {
    const lines = [...active].map(([task, entry]) => activeLine(entry, task, order, host.columns));
    if (lines.length > 0) lines.unshift(`${done} of ${total}`);
    const text = lines.map((line) => `${line}\n`).join('');
    host.err(erase() + above + text);
    shown = lines.length;
  };
  const timer = setInterval(() => {
    if (active.size > 0) draw('');
  }, 200);
  timer.unref();
  return {
    onEvent: (event) => {
      if (event.type === 'run-started') total = event.tasks;
      if (event.type === 'task-started') {
        active.set(event.task, { name: event.name, since: performance.now(), speculative: event.speculative });
        order.push(event.task);
      }
      if (event.type === 'task-finished') {
        active.delete(event.task);
        done++;
      }
      if (event.type === 'task-dropped') active.delete(event.task);
      const line = describeEvent(event);
      draw(line === undefined ? '' : `${line}\n`);
    },
    stop: () => {
      clearInterval(timer);
      host.err(erase());
    },
  };
}

function activeLine(entry: Active, task: string, order: readonly string[], columns: number): string {
  const waits = entry.speculative && order.indexOf(task) > 0 ? '  started early, waits for its turn' : '';
  const line = `…  ${entry.name}  ${formatSeconds((performance.now() - entry.since) / 1000)}${waits}`;
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}
