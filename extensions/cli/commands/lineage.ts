import path from 'node:path';
import {
  isRecorded,
  listRunsOf,
  readRun,
  traceLineage,
  type Lineage,
  type LoggedRun,
  type Traced,
  type Ways,
} from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { everyState, findRun, findStates } from '../find-run.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { lineageDot, lineageMermaid, lineageTree } from '../lineage-text.ts';
import { showCommit, showNotebook, showParameters, showTime } from '../recorded-text.ts';
import { renderTable } from '../render.ts';

const formats: Readonly<Record<string, (host: Host, lineage: Lineage) => string>> = {
  text: (host, lineage) => `${lineageTree(host, lineage)}\n${runTable(host, lineage)}`,
  mermaid: lineageMermaid,
  dot: lineageDot,
};

/**
 * `cellwright lineage FILE|VARIABLE|METRIC [NB]`: back to the cells, data, parameters, commits and people that it comes from, and forth to
 * the cells, variables, metrics and files that came of it.
 */
export async function lineageCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  await Promise.resolve();
  const [word, notebook] = parsed.positionals;
  if (word === undefined) return usage('The lineage of what?', 'Name a file, a variable or a metric.');
  const asked = lastValue(parsed, 'format') ?? 'text';
  const format = Object.hasOwn(formats, asked) ? formats[asked] : undefined;
  if (format === undefined)
    return usage(`There is no format ${asked}.`, 'The formats are text, mermaid and dot; --json gives JSON.');
  const found = findTraced(host, parsed, { word, notebook });
  if (!found.ok) return found.result;
  const { run, traced } = found.value;
  const states = [...new Set([run.state, ...everyState(host)])];
  const lineage = traceLineage(run, traced, { states, ways: readWays(parsed) });
  const { root, nodes, edges, runs } = lineage;
  return {
    status: 'ok',
    diagnostics: [],
    text: format(host, lineage),
    document: {
      run: run.id,
      root,
      nodes: nodes.map(({ number, run: made, ...node }) => ({
        ...node,
        executionCount: number ?? null,
        run: made ?? null,
      })),
      edges,
      runs: [...runs].map(([id, logged]) => describeRun(id, logged)),
    },
  };
}

/** Both ways, unless one was asked for. */
function readWays(parsed: ParsedArguments): Ways {
  const [backwards, forwards] = [hasFlag(parsed, 'back'), hasFlag(parsed, 'forward')];
  return backwards === forwards ? { backwards: true, forwards: true } : { backwards, forwards };
}

/** The newest run that tells of it; of one notebook, or the very run, where that was named. */
function findTraced(
  host: Host,
  parsed: ParsedArguments,
  { word, notebook }: { readonly word: string; readonly notebook: string | undefined },
): Outcome<{ readonly run: LoggedRun; readonly traced: Traced }> {
  const named = lastValue(parsed, 'run');
  const one = named === undefined ? undefined : findRun(host, parsed, { word: named, notebook });
  if (one?.ok === false) return one;
  const states = findStates(host, parsed, notebook);
  if (!states.ok) return states;
  const candidates: readonly Traced[] = [
    { kind: 'file', name: path.resolve(host.cwd, word) },
    // A metric goes back to the variable that it was read from.
    { kind: 'metric', name: word },
    { kind: 'variable', name: word },
  ];
  for (const run of one === undefined ? newestFirst(states.value) : [one.value]) {
    const traced = candidates.find((candidate) => isRecorded(run.run, candidate));
    if (traced !== undefined) return { ok: true, value: { run, traced } };
  }
  const where = named === undefined ? 'No recorded run' : `Run ${named} neither`;
  const message = named === undefined ? `${where} wrote or read ${word}.` : `${where} wrote nor read ${word}.`;
  return {
    ok: false,
    result: usage(
      message,
      'cellwright data NB lists the files, cellwright explain NB the variables, cellwright metrics NB the metrics.',
    ),
  };
}

function* newestFirst(states: readonly string[]): Generator<LoggedRun> {
  for (const kept of listRunsOf(states)) {
    const run = readRun(kept.state, kept.id);
    if (run !== undefined) yield { ...kept, run };
  }
}

function describeRun(id: string, logged: LoggedRun | undefined): Readonly<Record<string, unknown>> {
  const { started, sourceControl, from } = logged?.run ?? {};
  return {
    run: id,
    isKept: logged !== undefined,
    started: from ?? null,
    user: started?.runner.user ?? null,
    host: started?.runner.host ?? null,
    notebook: started?.origin.notebook ?? null,
    parameters: started?.origin.parameters ?? [],
    commit: sourceControl?.commit ?? null,
    dirty: sourceControl?.changed === undefined ? null : sourceControl.changed.length > 0,
  };
}

function runTable(host: Host, { runs }: Lineage): string {
  const rows = [...runs].map(([id, logged]) => {
    if (logged === undefined) return [`run ${id}`, 'its record is not kept any more'];
    const { run } = logged;
    const who = run.started === undefined ? '' : `${run.started.runner.user}@${run.started.runner.host}`;
    return [`run ${id}`, showTime(run.from), who, showCommit(run), showNotebook(host, run), showParameters(run)];
  });
  return renderTable(rows);
}
