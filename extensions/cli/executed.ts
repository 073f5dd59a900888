import { randomBytes } from 'node:crypto';
import type { RunRecord, TaskOutcome } from '../../runtime/index.ts';
import { toJson, writeLongIntegers, type ParameterValues } from './parameters.ts';
import { roundSeconds } from './progress.ts';
import { writeNotebook } from './write-notebook.ts';

/** What papermill's readers look for beside the outputs. */
export interface ExecutionNote {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly values: ParameterValues;
  readonly program: string;
  readonly ended: Date;
}

interface NotebookDocument {
  metadata: Record<string, unknown>;
  cells: { metadata: Record<string, unknown> }[];
}

/** The executed notebook with papermill's metadata, so that what reads papermill's notebooks reads ours. */
export function describeExecution(record: RunRecord, note: ExecutionNote): string {
  const notebook = JSON.parse(record.notebook) as NotebookDocument;
  const mark = randomBytes(12).toString('hex');
  const started = new Date(note.ended.getTime() - record.seconds * 1000);
  notebook.metadata['papermill'] = {
    default_parameters: {},
    duration: roundSeconds(record.seconds),
    end_time: note.ended.toISOString(),
    environment_variables: {},
    exception: record.tasks.some(isFailure) ? true : null,
    input_path: note.inputPath,
    output_path: note.outputPath,
    parameters: Object.fromEntries([...note.values].map(([name, value]) => [name, toJson(value, mark)])),
    start_time: started.toISOString(),
    version: note.program,
  };
  for (const outcome of record.tasks) {
    const cell = notebook.cells[outcome.task.index];
    if (cell !== undefined && outcome.task.executionCount > 0) cell.metadata['papermill'] = describeCell(outcome);
  }
  notebook.metadata['kernelspec'] ??= { display_name: 'Python 3', language: 'python', name: 'python3' };
  return writeLongIntegers(writeNotebook(notebook), mark);
}

function describeCell(outcome: TaskOutcome): Readonly<Record<string, unknown>> {
  if (outcome.status === 'not-run') return { duration: null, exception: null, status: 'pending' };
  const failed = isFailure(outcome);
  return { duration: roundSeconds(outcome.seconds), exception: failed, status: failed ? 'failed' : 'completed' };
}

/** True for an error that the notebook does not allow: a limit of time ends also a cell that may raise. */
export function isFailure(outcome: TaskOutcome): boolean {
  return outcome.status === 'failed' && (outcome.timedOut === true || !outcome.task.directives.raisesException);
}
