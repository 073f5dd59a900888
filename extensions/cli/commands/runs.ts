import { isPinned, listRunsOf, pinRun, readRun, summariseRun } from '../../../runtime/index.ts';
import { lastValue, type ParsedArguments } from '../args.ts';
import { findRun, findStates, type FoundRun } from '../find-run.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { formatSeconds } from '../progress.ts';
import { showCommit, showNotebook, showParameters, showTime } from '../recorded-text.ts';
import { renderTable } from '../render.ts';
import { describeRecord, statusWord } from '../run-document.ts';

/** `cellwright runs [NB]`: the runs whose records are kept, the newest first. */
export async function runsCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  await Promise.resolve();
  const [notebook] = parsed.positionals;
  const states = findStates(host, parsed, notebook);
  if (!states.ok) return states.result;
  const changed = changePins(host, parsed, notebook);
  if (changed !== undefined) return changed;
  const asked = lastValue(parsed, 'limit');
  const limit = asked === undefined ? Infinity : Number(asked);
  if (!(limit === Infinity || (Number.isInteger(limit) && limit > 0))) {
    return usage(`--limit takes a number from 1, not ${asked ?? ''}.`, 'Give the number of runs.');
  }
  const kept = listRunsOf(states.value);
  const found = kept.slice(0, limit).flatMap((one): FoundRun[] => {
    const run = readRun(one.state, one.id);
    return run === undefined ? [] : [{ ...one, run }];
  });
  return {
    status: 'ok',
    diagnostics: [],
    text: found.length === 0 ? 'No run is recorded.\n' : table(host, found, kept.length),
    document: { runs: found.map(describeRecord), recorded: kept.length },
  };
}

/** Pins and unpins the runs that were named; a problem when one cannot be found. */
function changePins(host: Host, parsed: ParsedArguments, notebook: string | undefined): CommandResult | undefined {
  for (const { flag, values } of parsed.uses) {
    if (flag !== 'pin' && flag !== 'unpin') continue;
    const found = findRun(host, parsed, { word: values[0] ?? '', notebook });
    if (!found.ok) return found.result;
    pinRun(found.value, flag === 'pin');
  }
  return undefined;
}

function table(host: Host, found: readonly FoundRun[], recorded: number): string {
  const columns = [
    'run',
    'started',
    'who',
    'status',
    'ran',
    'reused',
    'failed',
    'time',
    'commit',
    'notebook',
    'parameters',
  ];
  const rows = found.map((one) => {
    const { run, id } = one;
    const { ran, reused, failed } = summariseRun(run);
    const who = run.started === undefined ? '' : `${run.started.runner.user}@${run.started.runner.host}`;
    const time = run.seconds === undefined ? '' : formatSeconds(run.seconds);
    const numbers = [ran, reused, failed].map(String);
    const from = [showCommit(run), showNotebook(host, run), showParameters(run)];
    return [
      id,
      showTime(run.from),
      who,
      `${statusWord(one)}${isPinned(one) ? ', pinned' : ''}`,
      ...numbers,
      time,
      ...from,
    ];
  });
  const more = recorded > found.length ? `… and ${recorded - found.length} before these\n` : '';
  return `${renderTable([columns, ...rows])}${more}`;
}
