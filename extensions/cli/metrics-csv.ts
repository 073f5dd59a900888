import { metricNames, type MetricRun } from '../../runtime/index.ts';

/** Runs as CSV: a row a run, a column a parameter, a metric, and a group of a metric. */
export function metricsCsv(runs: readonly MetricRun[]): string {
  const names = metricNames(runs);
  const parameters = [...new Set(runs.flatMap((run) => Object.keys(run.parameters)))];
  const groups = [...new Set(runs.flatMap((run) => [...groupsOf(run).keys()]))];
  const head = ['run', 'when', 'verdict', ...parameters, ...names, ...groups];
  const rows = runs.map((run) => {
    const sliced = groupsOf(run);
    return [
      run.id,
      run.from,
      run.verdict,
      ...parameters.map((name) => run.parameters[name] ?? ''),
      ...names.map((name) => String(run.metrics.get(name)?.value ?? '')),
      ...groups.map((name) => sliced.get(name) ?? ''),
    ];
  });
  return [head, ...rows].map((row) => `${row.map(field).join(',')}\n`).join('');
}

function groupsOf({ slices }: MetricRun): ReadonlyMap<string, string> {
  return new Map(
    slices.flatMap(({ metric, column, groups }) =>
      groups.map(({ group, value }) => [`${metric}[${column}=${group}]`, String(value ?? '')] as const),
    ),
  );
}

/** As RFC 4180 has it. A text that a spreadsheet would take for a formula is kept a text. */
function field(text: string): string {
  const plain = /^[=@\t\r]|^[+-](?!\d|Infinity)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
