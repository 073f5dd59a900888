import { asNumber, showMeasure, sparkline, type Measure } from '../../runtime/index.ts';

/** A metric at a point of a matrix, by the name of the point; undefined where it was not recorded. */
export interface MetricAt {
  readonly point: string;
  readonly value: Measure | undefined;
}

/** How a metric goes over points, in their order. */
export interface MetricSpan {
  readonly bars: string;
  /** Which point has the least and the most of it. */
  readonly least: { readonly point: string; readonly value: Measure };
  readonly most: { readonly point: string; readonly value: Measure };
  /** True when all have the same. */
  readonly isFlat: boolean;
}

/** Undefined when fewer than two points have a finite number. */
export function metricSpan(points: readonly MetricAt[]): MetricSpan | undefined {
  const known = points
    .flatMap(({ point, value }) => (value === undefined ? [] : [{ point, value, number: asNumber(value) }]))
    .filter(({ number }) => Number.isFinite(number))
    .sort((left, right) => left.number - right.number);
  const [least, most] = [known[0], known.at(-1)];
  if (least === undefined || most === undefined || known.length < 2) return undefined;
  const bars = sparkline(points.map(({ value }) => (value === undefined ? undefined : asNumber(value))));
  return { bars, least, most, isFlat: least.number === most.number };
}

/** From the least to the most, with the points that have it. */
export function describeSpan({ least, most }: MetricSpan): string {
  return [least, most].map(({ point, value }) => `${showMeasure(value)} (${point})`).join(' to ');
}
