import { lastValue, type ParsedArguments } from './args.ts';
import { usage, type Host, type Outcome } from './host.ts';

const variable = 'CELLWRIGHT_KEEP_WARM';
const minutesByDefault = 10;
const mostMinutes = 24 * 60;

/** Seconds for which processes with the notebook's imports wait for the next run; 0: they do not. */
export function findStandBy(host: Host, parsed: ParsedArguments): Outcome<number> {
  const flag = lastValue(parsed, 'keep-warm');
  const given = flag ?? host.environment[variable] ?? '';
  // A job of continuous integration is over with its run.
  if (given === '') return { ok: true, value: isJob(host) ? 0 : minutesByDefault * 60 };
  const minutes = Number(given);
  if (Number.isFinite(minutes) && minutes >= 0 && minutes <= mostMinutes) return { ok: true, value: minutes * 60 };
  const name = flag === undefined ? variable : '--keep-warm';
  const message = `${name} takes a number of minutes from 0 to ${String(mostMinutes)}, not ${given}.`;
  return { ok: false, result: usage(message, 'Give 0 to keep nothing in memory.') };
}

function isJob(host: Host): boolean {
  const set = host.environment['CI'] ?? '';
  return set !== '' && set !== '0' && set.toLowerCase() !== 'false';
}
