import {
  addUp,
  cleanState,
  endStandBy,
  listRunsOf,
  readRun,
  retainedRuns,
  type Cleaned,
  type KeptBecause,
  type Retention,
} from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { formatBytes, showNotebook, showTime } from '../recorded-text.ts';
import { count, renderTable } from '../render.ts';
import { statesToClean } from './clean.ts';

/** What is to go of one state, and what stays. */
interface Collected {
  readonly state: string;
  readonly cleaned: Cleaned;
  /** Runs whose records go. */
  readonly removed: readonly string[];
  readonly kept: ReadonlyMap<string, KeptBecause>;
}

/** `cellwright gc NB|--all`: what nothing needs; it goes with `--yes` only. */
export async function gcCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const retention = readRetention(parsed);
  if (!retention.ok) return retention.result;
  const states = statesToClean(host, parsed);
  if (!states.ok) return states.result;
  const dry = !hasFlag(parsed, 'yes');
  if (!dry) await endStandBy(states.value);
  const now = new Date();
  // Told before anything goes: afterwards their logs cannot be read.
  const lines: string[] = [];
  const collected = states.value.map((state): Collected => {
    const kept = retainedRuns(state, retention.value, now);
    const removed = listRunsOf([state]).flatMap(({ id }) => (kept.has(id) ? [] : [id]));
    const told = removed.map((id) => runLine(host, state, id));
    const cleaned = cleanState(state, { isKept: (run) => kept.has(run), dry });
    if (cleaned !== 'busy') lines.push(...(told.length === 0 ? [] : [renderTable(told)]));
    return { state, cleaned, removed: cleaned === 'busy' ? [] : removed, kept };
  });
  return describe(collected, lines, dry);
}

function readRetention(parsed: ParsedArguments): Outcome<Retention> {
  const read = (flag: string): number | undefined => {
    const text = lastValue(parsed, flag);
    return text === undefined ? undefined : text.trim() === '' ? Number.NaN : Number(text);
  };
  const [newest, days] = [read('keep'), read('keep-days')];
  if (newest !== undefined && !(Number.isInteger(newest) && newest >= 0)) {
    return { ok: false, result: usage('--keep takes a number of runs.', 'Give a whole number, such as --keep 10.') };
  }
  if (days !== undefined && !(days >= 0 && Number.isFinite(days))) {
    return {
      ok: false,
      result: usage('--keep-days takes a number of days.', 'Give a number, such as --keep-days 30.'),
    };
  }
  return { ok: true, value: { newest, days } };
}

function runLine(host: Host, state: string, id: string): readonly string[] {
  const run = readRun(state, id);
  return [
    `  ${id}`,
    run === undefined ? '' : showTime(run.from),
    run?.status ?? '',
    run === undefined ? '' : showNotebook(host, run),
  ];
}

function describe(collected: readonly Collected[], lines: readonly string[], dry: boolean): CommandResult {
  const swept = collected.flatMap(({ cleaned }) => (cleaned === 'busy' ? [] : [cleaned]));
  const total = addUp(swept);
  const what = `${count(total.runs, 'record')}, ${count(total.objects, 'stored value')}, ${count(total.unfinished, 'unfinished file')} and ${count(total.environments, 'environment')}`;
  const busy = collected.length - swept.length;
  const text = [
    ...lines,
    `${what}, ${formatBytes(total.bytes)}, ${dry ? 'would be removed' : 'removed'}\n`,
    keptLine(collected),
    busy === 0 ? '' : `${count(busy, 'notebook')} skipped, where a run is going on\n`,
    dry && total.runs + total.objects + total.unfinished + total.environments > 0
      ? 'Nothing was removed; the same command with --yes does it\n'
      : '',
  ];
  return {
    status: 'ok',
    diagnostics: [],
    text: text.join(''),
    document: {
      dry,
      ...total,
      states: collected.map(({ state, cleaned, removed, kept }) => ({
        state,
        busy: cleaned === 'busy',
        removed,
        kept: [...kept].map(([run, because]) => ({ run, because })),
      })),
    },
  };
}

function keptLine(collected: readonly Collected[]): string {
  const reasons = collected.flatMap(({ kept }) => [...kept.values()]);
  if (reasons.length === 0) return '';
  const words: Readonly<Record<KeptBecause, string>> = {
    newest: 'among the newest',
    young: 'young enough',
    pinned: 'pinned',
    'going on': 'going on',
    needed: 'reused by a kept run',
  };
  const counts = Object.entries(words).flatMap(([reason, word]) => {
    const number = reasons.filter((one) => one === reason).length;
    return number === 0 ? [] : [`${number} ${word}`];
  });
  return `${count(reasons.length, 'record')} kept: ${counts.join(', ')}\n`;
}
