import type { RecordedRun, RecordedTask } from '../../runtime/index.ts';
import { formatSeconds } from './progress.ts';

/** A task whose cell is to be opened as it started in a run. */
export interface DebugSubject {
  readonly run: RecordedRun;
  readonly task: RecordedTask;
  /** The cell's text as it was run. */
  readonly source: string;
  /** The state that has the run and its values. */
  readonly state: string;
  /** The folder that has the worker's Python files. */
  readonly worker: string;
  /** Variables that are loaded. */
  readonly names: readonly string[];
  /** Variables that no store has, and why. */
  readonly absent: Readonly<Record<string, string>>;
  /** The metadata of the notebook, which name its kernel. */
  readonly metadata: unknown;
}

/** A notebook whose first cell loads what the cell started with, and whose second is the cell. */
export function debugNotebook(subject: DebugSubject): string {
  const { task, source, metadata } = subject;
  const cells = [
    { cell_type: 'markdown', id: 'about', metadata: {}, source: about(subject) },
    codeCell('inputs', loading(subject)),
    codeCell(task.id, source),
  ];
  return `${JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;
}

function codeCell(id: string, source: string): object {
  return { cell_type: 'code', id, metadata: {}, source, outputs: [], execution_count: null };
}

function about({ run, task, names, absent }: DebugSubject): string {
  const error = task.observed?.error;
  const ended =
    error === undefined
      ? `It took ${formatSeconds(task.seconds)}.`
      : `It raised \`${error.ename}: ${firstLine(error.evalue)}\`.`;
  const missing = Object.entries(absent).map(([name, why]) => `- \`${name}\` is not in the store: ${why}`);
  return [
    `# ${task.name} in run ${run.id}`,
    '',
    `The cell as it was run on ${run.from}, with what it started with. ${ended}`,
    '',
    names.length === 0
      ? 'It needs no variable of an earlier cell.'
      : `The next cell loads ${names.map((name) => `\`${name}\``).join(', ')} from the store, by reference: nothing is copied, and what is changed here changes nothing there. \`inputs.names\` lists the other variables, \`inputs.load("NAME")\` loads one.`,
    ...(missing.length === 0 ? [] : ['', ...missing]),
  ].join('\n');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function loading({ worker, state, run, task, names }: DebugSubject): string {
  const listed = names.map((name) => JSON.stringify(name)).join(', ');
  return [
    'import sys',
    '',
    `sys.path.append(${JSON.stringify(worker)})`,
    'from cellwright_worker.stored_inputs import open_inputs',
    '',
    `inputs = open_inputs(${JSON.stringify(state)}, run=${JSON.stringify(run.id)}, task=${JSON.stringify(task.id)}, names=[${listed}])`,
  ].join('\n');
}
