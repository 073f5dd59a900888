import { lastValue, type ParsedArguments } from './args.ts';
import { usage, type Outcome } from './host.ts';

/** Seconds that a cell may run, as papermill takes them: -1 is no limit. */
export function findTimeout(parsed: ParsedArguments): Outcome<number | undefined> {
  const asked = lastValue(parsed, 'execution-timeout');
  if (asked === undefined || asked === '-1') return { ok: true, value: undefined };
  const seconds = Number(asked);
  if (Number.isFinite(seconds) && seconds > 0) return { ok: true, value: seconds };
  const help = 'Give the seconds that a cell may run, or -1 for any number.';
  return { ok: false, result: usage(`--execution-timeout takes a number of seconds, not ${asked}.`, help) };
}
