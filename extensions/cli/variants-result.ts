import { showMeasure, type Measure, type VariantRecord } from '../../runtime/index.ts';
import type { CommandResult, CommandStatus } from './host.ts';
import type { Input } from './input.ts';
import { describeExport, type Exported } from './mlflow.ts';
import { toJson, type ParameterValues } from './parameters.ts';
import { describeSpan, metricSpan } from './metric-span.ts';
import { formatSeconds, roundSeconds } from './progress.ts';
import { renderTable } from './render.ts';

/** What is kept of a variant that has ended. */
export interface VariantRow {
  readonly place: number;
  readonly name: string;
  readonly values: ParameterValues;
  readonly status: CommandStatus;
  /** The first error in a few words. */
  readonly why: string;
  readonly seconds: number;
  readonly counts: VariantRecord['counts'];
  readonly run: string;
  /** What it recorded. */
  readonly metrics: Readonly<Record<string, Measure>>;
  /** Absolute path of the executed notebook; undefined when none was written. */
  readonly notebook: string | undefined;
  /** Of its report. */
  readonly report: string | undefined;
}

/** What there is to tell of all variants. */
export interface ToldVariants {
  readonly input: Input;
  readonly matrix: string;
  readonly axes: readonly string[];
  readonly rows: readonly VariantRow[];
  /** How many were asked for. */
  readonly number: number;
  readonly seconds: number;
  readonly interrupted: boolean;
  /** What is said of files: label and path. */
  readonly files: readonly (readonly [string, string])[];
  /** Absolute path of the table. */
  readonly summary: string | undefined;
  /** Of the page that shows them all. */
  readonly overview: string | undefined;
  /** What went to a tracking server. */
  readonly exported: Exported;
}

// The worst comes first; that is how all of them together ended.
const worst: readonly CommandStatus[] = ['interrupted', 'crashed', 'usage', 'refused', 'failed', 'gate', 'ok'];
/** More rows than this are only in the file. */
const mostRows = 40;

/** The result of a matrix: a table for people and the JSON document. */
export function describeVariants(told: ToldVariants): CommandResult {
  const { input, rows, interrupted, matrix, axes, number, seconds } = told;
  const statuses = new Set<CommandStatus>([
    ...rows.map(({ status }) => status),
    ...(interrupted ? ['interrupted' as const] : []),
  ]);
  const status = worst.find((one) => statuses.has(one)) ?? 'ok';
  return {
    status,
    diagnostics: [...input.diagnostics, ...told.exported.diagnostics],
    sources: input.sources,
    text: textOf(told),
    document: {
      notebook: input.path,
      matrix,
      parameters: axes,
      seconds: roundSeconds(seconds),
      number,
      ...sumOf(rows),
      summary: told.summary ?? null,
      report: told.overview ?? null,
      mlflow: told.exported.logged,
      variants: rows.map((row) => ({
        name: row.name,
        values: Object.fromEntries([...row.values].map(([name, value]) => [name, toJson(value, '')])),
        status: row.status,
        why: row.why,
        seconds: roundSeconds(row.seconds),
        ran: row.counts.ran,
        shared: row.counts.shared,
        reused: row.counts.reused,
        run: row.run,
        metrics: row.metrics,
        executed: row.notebook ?? null,
        report: row.report ?? null,
      })),
    },
  };
}

function sumOf(rows: readonly VariantRow[]): VariantRecord['counts'] {
  const sum = (key: keyof VariantRecord['counts']): number =>
    rows.reduce((total, { counts }) => total + counts[key], 0);
  return { ran: sum('ran'), shared: sum('shared'), reused: sum('reused') };
}

function textOf({ rows, number, seconds, interrupted, files, exported }: ToldVariants): string {
  const shown = rows.length <= mostRows ? rows : rows.filter(({ status }) => status !== 'ok').slice(0, mostRows);
  const names = metricsIn(rows);
  const table = shown.map(({ name, status, seconds: own, counts, why, metrics }) => [
    name,
    status,
    formatSeconds(own),
    `${counts.shared} shared, ${counts.ran} run${counts.reused > 0 ? `, ${counts.reused} reused` : ''}`,
    ...names.map((metric) => showOrNothing(metrics[metric])),
    why,
  ]);
  const head = names.length === 0 ? [] : [['', '', '', '', ...names, '']];
  const sum = sumOf(rows);
  const bad = rows.filter(({ status }) => status !== 'ok').length;
  const parts = [`${number} variants`, `${sum.shared} shared, ${sum.ran} run`];
  if (sum.reused > 0) parts.push(`${sum.reused} reused from earlier runs`);
  if (bad > 0) parts.push(`${bad} not ok`);
  if (rows.length < number) parts.push(`${number - rows.length} not begun`);
  const lines = [`${parts.join(', ')} in ${formatSeconds(seconds)}`];
  if (interrupted) lines.unshift('Interrupted. What has finished is kept: the same command goes on from there.');
  for (const [label, file] of files) lines.push(`${label.padEnd(9)} ${file}`);
  return `${renderTable([...head, ...table])}${trends(rows, names)}${lines.join('\n')}\n${describeExport(exported)}`;
}

function metricsIn(rows: readonly VariantRow[]): readonly string[] {
  return [...new Set(rows.flatMap(({ metrics }) => Object.keys(metrics)))];
}

function showOrNothing(value: Measure | undefined): string {
  return value === undefined ? '' : showMeasure(value);
}

/** Each metric over the variants, in their order, and which of them has the least and the most of it. */
function trends(rows: readonly VariantRow[], names: readonly string[]): string {
  const lines = names.flatMap((name) => {
    const span = metricSpan(rows.map(({ name: point, metrics }) => ({ point, value: metrics[name] })));
    return span === undefined
      ? []
      : [[name, span.bars, span.isFlat ? showMeasure(span.least.value) : describeSpan(span)]];
  });
  return renderTable(lines);
}

/** The table as CSV: a column for each parameter of the matrix, and what became of it. */
export function renderCsv(
  axes: readonly string[],
  rows: readonly VariantRow[],
  notebookOf: (row: VariantRow) => string,
): string {
  const names = metricsIn(rows);
  const head = [...axes, 'status', 'seconds', 'shared', 'ran', 'reused', 'run', 'notebook', 'why', ...names];
  const lines = rows.map((row) => [
    ...axes.map((name) => textFor(toJson(row.values.get(name) ?? null, ''))),
    row.status,
    String(roundSeconds(row.seconds)),
    ...[row.counts.shared, row.counts.ran, row.counts.reused].map(String),
    row.run,
    notebookOf(row),
    row.why,
    ...names.map((name) => String(row.metrics[name] ?? '')),
  ]);
  return [head, ...lines].map((line) => `${line.map(quote).join(',')}\n`).join('');
}

function textFor(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
