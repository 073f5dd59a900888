import type { TaskOutcome } from '../run-state.ts';
import type { LanguageInfo } from '../process/language.ts';
import { foldOutputs } from './outputs.ts';

interface DocumentCell {
  id?: string;
  cell_type: string;
  execution_count?: number | null;
  outputs?: unknown[];
  metadata: Record<string, unknown>;
}

/**
 * The notebook with the outputs of a run. Cells that were not run have none, and everything else is as it was.
 * @param document the nbformat 4 document that the bundle was compiled from, as JSON text
 * @param language what the kernel says of its language, for a notebook that does not say it
 */
export function executedNotebook(
  document: string,
  tasks: readonly TaskOutcome[],
  language?: () => LanguageInfo | undefined,
): string {
  const notebook = JSON.parse(document) as { cells: DocumentCell[]; metadata: Record<string, unknown> };
  if (notebook.metadata['language_info'] === undefined) {
    const info = language?.();
    if (info !== undefined) notebook.metadata['language_info'] = info;
  }
  const folded = foldOutputs(
    tasks.map((outcome) => ({ executionCount: outcome.task.executionCount, messages: outcome.outputs })),
  );
  for (const cell of notebook.cells) {
    if (cell.cell_type !== 'code') continue;
    cell.outputs = [];
    cell.execution_count = null;
  }
  tasks.forEach((outcome, place) => {
    const cell = notebook.cells[outcome.task.index];
    if (cell?.cell_type !== 'code' || outcome.status === 'not-run') return;
    cell.outputs = folded[place] ?? [];
    cell.execution_count = outcome.task.executionCount;
    cell.metadata['cellwright'] = {
      status: outcome.status,
      seconds: Number(outcome.seconds.toFixed(3)),
      reason: outcome.reason,
    };
  });
  return `${JSON.stringify(notebook, null, 1)}\n`;
}
