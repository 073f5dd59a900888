const steps = '▁▂▃▄▅▆▇█';

/** Numbers as a row of bars, from the least to the most of them; what is no number is a gap. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const known = values.filter((value): value is number => value !== undefined && Number.isFinite(value));
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return values
    .map((value) => {
      if (value === undefined || !Number.isFinite(value)) return ' ';
      const share = most === least ? 0.5 : (value - least) / (most - least);
      return steps.charAt(Math.min(steps.length - 1, Math.floor(share * steps.length)));
    })
    .join('');
}
