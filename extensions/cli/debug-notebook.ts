import type { Task } from '../../compiler/bundle/format.ts';
import type { RecordedRun, RecordedTask } from '../../runtime/index.ts';
import { loadingIn } from './debug-loading.ts';
import { formatSeconds } from './progress.ts';

/** A task whose cell is to be opened as it started in a run. */
export interface DebugSubject {
  readonly run: RecordedRun;
  readonly task: RecordedTask;
  /** The cell's text as it was run. */
  readonly source: string;
  /** The same as its kernel alone can run it, where that is another text. */
  readonly lowered: string | undefined;
  /** The state that has the run and its values. */
  readonly state: string;
  /** The folder of this program. */
  readonly installation: string;
  /** The language of the cells. */
  readonly language: string;
  /** The tasks before it. */
  readonly before: readonly Task[];
  /** By name, the object that holds a variable, a definition or a hidden state. */
  readonly references: Readonly<Record<string, string>>;
  /** Variables that are loaded. */
  readonly names: readonly string[];
  /** Variables that no store has, and why. */
  readonly absent: Readonly<Record<string, string>>;
  /** The metadata of the notebook, which name its kernel. */
  readonly metadata: unknown;
}

/** A notebook whose first cell loads what the cell started with, and whose second is the cell. */
export function debugNotebook(subject: DebugSubject): string {
  const { task, source, lowered, metadata } = subject;
  const cells = [
    { cell_type: 'markdown', id: 'about', metadata: {}, source: about(subject) },
    codeCell('inputs', loadingIn(subject.language).source(subject)),
    codeCell(task.id, lowered ?? source),
  ];
  return `${JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;
}

function codeCell(id: string, source: string): object {
  return { cell_type: 'code', id, metadata: {}, source, outputs: [], execution_count: null };
}

function about({ run, task, source, lowered, names, absent, language }: DebugSubject): string {
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
      : `The next cell loads ${names.map((name) => `\`${name}\``).join(', ')} from the store, by reference: nothing is copied, and what is changed here changes nothing there. ${loadingIn(language).more}`,
    ...(missing.length === 0 ? [] : ['', ...missing]),
    ...(lowered === undefined
      ? []
      : [
          '',
          'The kernel does not know such a cell by itself. The last cell is what stands for it:',
          '',
          fenced(source),
        ]),
  ].join('\n');
}

/** As Markdown shows a text, whatever is in it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
