import path from 'node:path';
import { addUp, cleanState, defaultState, endStandBy, retainedRuns, type Retention } from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { isThere } from '../files.ts';
import { everyState } from '../find-run.ts';
import { formatBytes } from '../recorded-text.ts';
import { count } from '../render.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';

/** So that `explain` and `status` can still say what the last run saw; it is what `gc --keep 1 --yes` keeps. */
const retention: Retention = { newest: 1, days: undefined };

function keptIn(state: string): (run: string) => boolean {
  const kept = retainedRuns(state, retention, new Date());
  return (run) => kept.has(run);
}

/** `cellwright clean NB|--all`: removes old runs and objects that no remembered result names, and ends processes that wait for the next run. */
export async function cleanCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const found = statesToClean(host, parsed);
  if (!found.ok) return found.result;
  await endStandBy(found.value);
  const states = found.value.map((state) => ({ state, cleaned: cleanState(state, { isKept: keptIn(state) }) }));
  const busy = states.filter(({ cleaned }) => cleaned === 'busy');
  if (busy.length > 0 && !hasFlag(parsed, 'all')) {
    const help = 'Wait until it has ended, and clean then.';
    return usage('A run of this notebook is going on; nothing was removed.', help);
  }
  const swept = states.flatMap(({ cleaned }) => (cleaned === 'busy' ? [] : [cleaned]));
  const total = addUp(swept);
  const skipped = busy.length === 0 ? '' : `; ${busy.length} skipped, where a run is going on`;
  const environments = total.environments === 0 ? '' : `, ${count(total.environments, 'environment')}`;
  const counts = `${total.runs} old runs, ${total.objects} stored values${environments} and ${total.unfinished} unfinished files removed`;
  return {
    status: 'ok',
    diagnostics: [],
    text: `${counts}, ${formatBytes(total.bytes)}${skipped}\n`,
    document: {
      ...total,
      states: states.map(({ state, cleaned }) =>
        cleaned === 'busy'
          ? { state, busy: true, runs: 0, objects: 0, unfinished: 0, environments: 0, bytes: 0 }
          : { state, busy: false, ...cleaned },
      ),
    },
  };
}

/** The states that a command is to clean. */
export function statesToClean(host: Host, parsed: ParsedArguments): Outcome<readonly string[]> {
  const [name] = parsed.positionals;
  const named = lastValue(parsed, 'state');
  const ways = [name, named, hasFlag(parsed, 'all') ? 'all' : undefined].filter((way) => way !== undefined);
  const [only, more] = ways;
  // A notebook that was run with --state is cleaned by the same words.
  if (only === undefined || (more !== undefined && hasFlag(parsed, 'all'))) {
    const help = 'Name a notebook, or give --all alone.';
    return { ok: false, result: usage('Clean which notebook?', help) };
  }
  if (hasFlag(parsed, 'all')) {
    return { ok: true, value: everyState(host) };
  }
  if (named !== undefined) return { ok: true, value: [path.resolve(host.cwd, named)] };
  const notebook = name === '-' ? host.cwd : path.resolve(host.cwd, name ?? '');
  if (name === '' || !isThere(notebook)) {
    return { ok: false, result: usage(`There is no notebook ${name ?? ''}.`, 'Check the path, or clean with --all.') };
  }
  return { ok: true, value: [defaultState(notebook, host.environment)] };
}
