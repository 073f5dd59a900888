import { availableParallelism } from 'node:os';
import path from 'node:path';
import { judgeRuns, run, runPlainly, type PlainRun, type VerifiedTask } from '../../../runtime/index.ts';
import { hasFlag, type ParsedArguments } from '../args.ts';
import type { CommandResult, Host } from '../host.ts';
import { openInput, type Input } from '../input.ts';
import { formatSeconds, noProgress, showProgress } from '../progress.ts';
import { renderTable } from '../render.ts';
import { findFolder } from '../run-targets.ts';
import { findPlace } from '../state-folder.ts';

/** `cellwright verify NB`: two runs in a Jupyter kernel and one of ours, with everything run afresh, compared cell by cell. */
export async function verifyCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const opened = await openInput(host, parsed);
  if (!opened.ok) return opened.result;
  const input = opened.value;
  const { bundle, document, sources } = input;
  const cwd = findFolder(host, parsed, input);
  if (!cwd.ok) return cwd.result;
  const place = findPlace(host, parsed, input);
  if (!place.ok) return place.result;
  const signal = host.interruption();
  const isStopped = (): boolean => signal.aborted;
  const shared = { cwd: cwd.value, ...place.value, signal };
  const silent = hasFlag(parsed, 'quiet') || (hasFlag(parsed, 'json') && !host.isTerminal);
  const plain: PlainRun[] = [];
  const script = path.join(host.installation, 'python', 'plain_run.py');
  const runAgain = async (which: string): ReturnType<typeof runPlainly> => {
    if (!silent) host.err(`Restart & Run All, ${which} time\n`);
    return await runPlainly(document, bundle, { ...shared, script });
  };
  for (const which of ['first', 'second']) {
    const made = await runAgain(which);
    if (isStopped()) return interrupted(input);
    if (!made.ok)
      return { status: 'usage', diagnostics: made.error, sources, text: '', document: { notebook: input.path } };
    plain.push(made.value);
  }
  const progress = silent ? noProgress : showProgress(host, bundle);
  const record = await run(bundle, document, {
    ...shared,
    worker: path.join(host.installation, 'python', 'worker.py'),
    jobs: availableParallelism(),
    cache: true,
    force: true,
    keepGoing: false,
    startMethod: 'fork',
    lane: false,
    standBy: 0,
    onEvent: progress.onEvent,
  });
  progress.stop();
  if (isStopped()) return interrupted(input);
  const [first, second] = plain;
  if (record.status === 'refused' || first === undefined || second === undefined) {
    return {
      status: 'refused',
      diagnostics: record.diagnostics,
      sources,
      text: '',
      document: { notebook: input.path },
    };
  }
  let tasks = judgeRuns(bundle, plain, record.notebook);
  if (tasks.some(({ verdict }) => verdict === 'different')) {
    // Two plain runs may agree by chance.
    const third = await runAgain('third');
    if (isStopped()) return interrupted(input);
    if (third.ok) tasks = judgeRuns(bundle, [...plain, third.value], record.notebook);
  }
  return describe(input, tasks, { jupyter: first.seconds, ours: record.seconds });
}

function interrupted(input: Input): CommandResult {
  const text = 'Interrupted. Nothing was compared.\n';
  return { status: 'interrupted', diagnostics: [], text, document: { notebook: input.path } };
}

function describe(
  input: Input,
  tasks: readonly VerifiedTask[],
  seconds: { readonly jupyter: number; readonly ours: number },
): CommandResult {
  const number = (verdict: VerifiedTask['verdict']): number => tasks.filter((task) => task.verdict === verdict).length;
  const rows = tasks
    .filter(({ verdict }) => verdict !== 'equal')
    .map((task) => [
      `[${task.executionCount}]`,
      task.name,
      task.verdict,
      task.verdict === 'unstable' ? task.cause : task.what,
    ]);
  const parts = [`${number('equal')} of ${tasks.length} cells equal`];
  if (number('unstable') > 0) parts.push(`${number('unstable')} differ between two runs in Jupyter`);
  if (number('different') > 0) parts.push(`${number('different')} DIFFERENT`);
  const times = `Jupyter ${formatSeconds(seconds.jupyter)}, here ${formatSeconds(seconds.ours)}`;
  return {
    status: number('different') > 0 ? 'different' : 'ok',
    diagnostics: input.diagnostics,
    sources: input.sources,
    text: `${renderTable(rows)}${parts.join(', ')} (${times})\n`,
    document: {
      notebook: input.path,
      equal: number('equal'),
      unstable: number('unstable'),
      different: number('different'),
      seconds: { jupyter: seconds.jupyter, cellwright: seconds.ours },
      tasks: tasks.map(({ task, name, index, executionCount, verdict, what, cause }) => ({
        id: task,
        name,
        index,
        executionCount,
        verdict,
        what,
        cause,
      })),
    },
  };
}
