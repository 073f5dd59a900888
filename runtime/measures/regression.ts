import type { Measure } from '../process/protocol.ts';
import type { Direction } from './direction.ts';
import { asNumber } from './formula.ts';

/** By how much a metric may get worse. */
export interface Tolerance {
  readonly amount: number;
  /** True: a share of the baseline, as `0.05` for 5 %. */
  readonly isShare: boolean;
}

/** One metric beside its baseline. */
export interface Compared {
  readonly metric: string;
  /** Undefined: it is not recorded any more. */
  readonly value: Measure | undefined;
  readonly baseline: Measure;
  /** Undefined when one of both is no finite number. */
  readonly change: number | undefined;
  readonly direction: Direction | undefined;
  /** `unknown`: it differs by more than is tolerated, and nobody says which way is worse. */
  readonly verdict: 'better' | 'same' | 'tolerated' | 'worse' | 'missing' | 'unknown';
}

/** Compares a metric with its baseline. A number that is not finite is worse than any that is. */
export function compareMetric(
  metric: string,
  values: { readonly value: Measure | undefined; readonly baseline: Measure },
  { direction, tolerance }: { readonly direction: Direction | undefined; readonly tolerance: Tolerance },
): Compared {
  const { value, baseline } = values;
  const compared = (verdict: Compared['verdict'], change?: number): Compared => ({
    metric,
    value,
    baseline,
    change,
    direction,
    verdict,
  });
  if (value === undefined) return compared('missing');
  if (value === baseline) return compared('same', 0);
  const [now, before] = [asNumber(value), asNumber(baseline)];
  if (!Number.isFinite(now)) return compared('worse');
  if (!Number.isFinite(before)) return compared('better');
  const change = now - before;
  const allowed = tolerance.isShare ? tolerance.amount * Math.abs(before) : tolerance.amount;
  if (direction === undefined) return compared(Math.abs(change) <= allowed ? 'tolerated' : 'unknown', change);
  const loss = direction === 'lower' ? change : -change;
  if (loss <= 0) return compared('better', change);
  // A step of the last digit is no loss: what is computed in another order may differ by it.
  return compared(loss <= allowed + 4 * Number.EPSILON * Math.abs(before) ? 'tolerated' : 'worse', change);
}

/** True for what a check fails on. */
export function isRegression({ verdict }: Compared): boolean {
  return verdict === 'worse' || verdict === 'missing';
}
