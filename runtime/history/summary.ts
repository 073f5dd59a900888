import type { RecordedRun, RecordedTask } from './recorded-run.ts';

/** A run in a few numbers. */
export interface RunSummary {
  readonly ran: number;
  readonly reused: number;
  readonly failed: number;
  readonly notRun: number;
  /** Processor time of the cells that ran in this run, in seconds. */
  readonly cpuSeconds: number;
  /** The largest process of this run, in bytes; 0 when no cell ran. */
  readonly peakMemory: number;
  /** Runs whose results were used again. */
  readonly from: readonly string[];
}

/** Counts what became of the tasks of a run. */
export function summariseRun({ tasks, started }: RecordedRun): RunSummary {
  const all = [...tasks.values()];
  const number = (status: RecordedTask['status']): number => all.filter((task) => task.status === status).length;
  const [ran, reused, failed] = [number('ran'), number('cached'), number('failed')];
  const own = all.flatMap(({ status, observed }) => (status === 'cached' || observed === undefined ? [] : [observed]));
  return {
    ran,
    reused,
    failed,
    notRun: Math.max(started?.tasks ?? 0, all.length) - ran - reused - failed,
    cpuSeconds: own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakMemory: Math.max(0, ...own.map(({ peakMemory }) => peakMemory)),
    from: [...new Set(all.flatMap(({ from }) => from ?? []))],
  };
}
