import type { Bundle } from '../../compiler/bundle/format.ts';
import { describeVerdict, type RunEvent } from '../../runtime/index.ts';
import { joinEdges } from '../ui/graph-edges.ts';
import type { Host } from './host.ts';

/** Shows a run while it goes on. */
export interface Progress {
  readonly onEvent: (event: RunEvent) => void;
  readonly stop: () => void;
}

const clearLine = '\r\u001B[2K';

/** Lines that stay and, on a terminal, lines below them that are rewritten: one per running task, one for what comes next. */
export function showProgress(host: Host, bundle: Bundle): Progress {
  return host.isTerminal ? liveProgress(host, bundle) : plainProgress(host);
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
      const where = event.place === undefined ? '' : `  on ${event.place}`;
      return `${describeStatus(event.status)}  ${event.name}  ${formatSeconds(event.seconds)}${where}${because}`;
    }
    case 'task-dropped':
      return `again    ${event.name}  (${event.reason})`;
    case 'task-retried':
      return `retry    ${event.name}  (${event.reason}; try ${event.tried + 1} of ${event.tries})`;
    case 'lane':
      return `one process for all cells: ${event.reason}`;
    case 'gate':
      return `${event.holds ? 'gate   ' : 'GATE   '}  ${event.name}  ${describeVerdict(event)}`;
    case 'notice':
      return event.text;
    case 'restarted':
      return `started again: ${event.reason}`;
    // Told once, at the end.
    case 'task-fused':
    case 'run-started':
    case 'environment':
    case 'together':
    case 'reached':
    case 'modules':
    case 'language':
    case 'source-control':
    case 'metric':
    case 'slice':
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

/** Seconds as documents and tables have them: to the millisecond. */
export function roundSeconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

interface Active {
  readonly name: string;
  readonly since: number;
  readonly early: boolean;
  readonly place: string | undefined;
}

const endsAttempt: ReadonlySet<RunEvent['type']> = new Set(['task-finished', 'task-dropped', 'task-retried']);

/** What a run looks like at one moment. */
export class RunPicture {
  readonly #bundle: Bundle;
  readonly #active = new Map<string, Active>();
  readonly #finished = new Set<string>();
  readonly #inputs = new Map<string, readonly { readonly from: string; readonly carries: string }[]>();
  #lane = false;

  constructor(bundle: Bundle) {
    this.#bundle = bundle;
    for (const { from, to, assumed, labels } of joinEdges(bundle.edges)) {
      if (!assumed) this.#inputs.set(to, [...(this.#inputs.get(to) ?? []), { from, carries: labels.join(', ') }]);
    }
  }

  /** Takes an event in. */
  add(event: RunEvent, now: number): void {
    if (event.type === 'task-started') {
      this.#active.set(event.task, {
        ...{ name: event.name, since: now, early: event.speculative, place: event.place },
      });
    }
    if (endsAttempt.has(event.type) && 'task' in event) this.#active.delete(event.task);
    if (event.type === 'task-finished') this.#finished.add(event.task);
    if (event.type === 'lane' || event.type === 'restarted') {
      this.#active.clear();
      this.#finished.clear();
      this.#lane = event.type === 'lane';
    }
  }

  /** One line per running task and one for the next that waits; none when nothing goes on. */
  lines(now: number): readonly string[] {
    const tasks = this.#bundle.tasks.filter((task) => task.executionCount > 0);
    const open = tasks.filter((task) => !this.#finished.has(task.id));
    const [head] = open;
    if (head === undefined) return [];
    if (this.#lane && this.#active.size === 0) return [`${this.#finished.size} of ${tasks.length}, now ${head.name}`];
    if (this.#active.size === 0) return [];
    const running = [...this.#active].map(([task, { name, since, early, place }]) => {
      const turn = early && task !== head.id ? `  started early, waits for ${head.name}` : '';
      const where = place === undefined ? '' : `  on ${place}`;
      return `…  ${name}  ${formatSeconds((now - since) / 1000)}${where}${turn}`;
    });
    const next = open.find((task) => !this.#active.has(task.id));
    return [
      `${this.#finished.size} of ${tasks.length}${next === undefined ? '' : this.#describeNext(next)}`,
      ...running,
    ];
  }

  #describeNext(task: { readonly id: string; readonly name: string }): string {
    const names = new Map(this.#bundle.tasks.map((other) => [other.id, other.name]));
    const missing = (this.#inputs.get(task.id) ?? []).find(({ from }) => !this.#finished.has(from));
    if (missing === undefined) return `, next ${task.name}`;
    return `, next ${task.name} waits for ${missing.carries} of ${names.get(missing.from) ?? ''}`;
  }
}

function liveProgress(host: Host, bundle: Bundle): Progress {
  const picture = new RunPicture(bundle);
  let shown = 0;
  const draw = (above: string): void => {
    const lines = picture.lines(performance.now()).map((line) => `${cut(line, host.columns)}\n`);
    host.err(`${clearLine}${`\u001B[1A${clearLine}`.repeat(shown)}${above}${lines.join('')}`);
    shown = lines.length;
  };
  const timer = setInterval(() => {
    draw('');
  }, 200);
  timer.unref();
  return {
    onEvent: (event) => {
      picture.add(event, performance.now());
      const line = describeEvent(event);
      draw(line === undefined ? '' : `${line}\n`);
    },
    stop: () => {
      clearInterval(timer);
      host.err(clearLine + `\u001B[1A${clearLine}`.repeat(shown));
      shown = 0;
    },
  };
}

function cut(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}
