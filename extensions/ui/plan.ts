import type { CommandDocument } from '../service/protocol.ts';

/** What a run would do with one cell, as `cellwright status` says. */
export interface PlannedCell {
  readonly plan: 'reuse' | 'run' | 'unknown';
  readonly because: string;
  /** Digest of its code in the saved notebook. */
  readonly code: string;
  /** True when the last run had it. */
  readonly wasRun: boolean;
  readonly from: string | undefined;
}

/** What a run of the saved notebook would do. */
export interface Plan {
  readonly cells: ReadonlyMap<string, PlannedCell>;
  readonly lastRun: string | undefined;
}

interface StatusTask {
  readonly id: string;
  readonly code?: string;
  readonly plan: PlannedCell['plan'];
  readonly because: string;
  readonly observed: object | null;
}

/** Reads the document of `status`; undefined when it says nothing of cells, since the notebook was refused. */
export function planOf(document: CommandDocument): Plan | undefined {
  const tasks = document['tasks'] as readonly StatusTask[] | undefined;
  if (!Array.isArray(tasks)) return undefined;
  const lastRun = document['lastRun'];
  const cells = tasks.map(({ id, plan, because, code = '', observed }: StatusTask): [string, PlannedCell] => [
    id,
    { plan, because, code, wasRun: observed !== null, from: undefined },
  ]);
  return { cells: new Map(cells), lastRun: typeof lastRun === 'string' ? lastRun : undefined };
}
