import path from 'node:path';
import { isRegression, metricsPage, readMetricRuns, type MetricRun } from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { shownPath } from '../files.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { openInput } from '../input.ts';
import { checkMetrics, type Check } from '../metrics-check.ts';
import { metricsCsv } from '../metrics-csv.ts';
import { checkTable, metricsTable } from '../metrics-table.ts';
import { describeExport, exportRuns, trackingUri, type Exported, type ExportedRuns } from '../mlflow.ts';
import { originOf } from '../origin.ts';
import { writeOutput } from '../output-file.ts';
import { stateOf } from '../state-folder.ts';

const runsShown = 20;

/** `cellwright metrics NB`: the metrics of its runs, as a table, a page or a file, and whether the newest got worse. */
export async function metricsCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const input = await openInput(host, parsed);
  if (!input.ok) return input.result;
  const last = readLast(parsed);
  if (!last.ok) return last.result;
  const { diagnostics, sources, bundle, path: shown } = input.value;
  const state = stateOf(host, parsed, input.value);
  const { notebook } = originOf(host, input.value);
  const all = readMetricRuns(state, notebook);
  const runs = all.slice(-last.value);
  const check = hasFlag(parsed, 'check') ? checkMetrics(host, parsed, all) : misplaced(parsed);
  if (!check.ok) return check.result;
  const files = new Map<string, string>();
  const csv = lastValue(parsed, 'csv');
  const html = lastValue(parsed, 'html');
  if (csv !== undefined) files.set(csv, metricsCsv(runs));
  if (html !== undefined) files.set(html, metricsPage(bundle.notebook.name, runs));
  for (const [name, text] of files) {
    const file = path.resolve(host.cwd, name);
    const problem = writeOutput(file, text, shownPath(host, file));
    if (problem !== undefined) return problem;
  }
  const exported = await exportShown(host, parsed, { runs, state, notebook });
  if (!exported.ok) return exported.result;
  const written = [...files.keys()].map((name) => `written   ${name}\n`).join('');
  return {
    status: check.value?.passed === false ? 'gate' : 'ok',
    diagnostics: [...diagnostics, ...exported.value.diagnostics],
    sources,
    text: `${check.value === undefined ? describeRuns(runs, all.length) : describeCheck(check.value)}${written}${describeExport(exported.value)}`,
    document: {
      notebook: shown,
      runs: runs.map(documentOf),
      check: check.value === undefined ? null : documentOfCheck(check.value),
      csv: csv === undefined ? null : path.resolve(host.cwd, csv),
      mlflow: exported.value.logged,
      html: html === undefined ? null : path.resolve(host.cwd, html),
    },
  };
}

function readLast(parsed: ParsedArguments): Outcome<number> {
  const text = lastValue(parsed, 'last');
  const number = text === undefined ? runsShown : Number(text);
  if (Number.isInteger(number) && number > 0) return { ok: true, value: number };
  return { ok: false, result: usage(`--last takes a number from 1, not ${text ?? ''}.`, 'Give the number of runs.') };
}

async function exportShown(host: Host, parsed: ParsedArguments, shown: ExportedRuns): Promise<Outcome<Exported>> {
  const target = lastValue(parsed, 'export');
  if (target === undefined) return { ok: true, value: { logged: [], diagnostics: [] } };
  if (target !== 'mlflow')
    return { ok: false, result: usage(`--export does not take ${target}.`, 'Write --export mlflow.') };
  const uri = trackingUri(host, parsed);
  if (uri !== undefined) return { ok: true, value: await exportRuns(host, uri, shown) };
  const help = 'Set MLFLOW_TRACKING_URI, or name the server with --mlflow URI.';
  return { ok: false, result: usage('No tracking server was named.', help) };
}

/** What only means something with `--check`. */
function misplaced(parsed: ParsedArguments): Outcome<undefined> {
  const use = parsed.uses.find(({ flag }) => ['against', 'baseline', 'tolerance'].includes(flag));
  if (use === undefined) return { ok: true, value: undefined };
  return { ok: false, result: usage(`--${use.flag} was given without --check.`, 'Add --check.') };
}

function describeRuns(runs: readonly MetricRun[], all: number): string {
  if (runs.length === 0) {
    return 'No run has recorded a metric. Write `#| metric: NAME` at the top of the cell that computes one, and run the notebook.\n';
  }
  const more = all > runs.length ? `\nThe last ${runs.length} of ${all} runs; --last N shows more.\n` : '';
  return metricsTable(runs) + more;
}

function describeCheck({ runs, passed }: Check): string {
  const parts = runs.map(({ run, against, compared }) => {
    const what = run.line === '' ? run.id : `${run.id} (${run.line})`;
    if (against === '') return `${what}: no accepted run before it to compare with\n`;
    return `${what} against ${against}\n${checkTable(compared)}`;
  });
  const worse = runs.flatMap(({ run, compared }) =>
    compared.filter(isRegression).map(({ metric }) => (run.line === '' ? metric : `${metric} (${run.line})`)),
  );
  return `${parts.join('\n')}${passed ? 'No metric got worse.' : `Got worse: ${worse.join(', ')}.`}\n`;
}

function documentOf({ id, from, verdict, parameters, matrix, metrics, gates, slices }: MetricRun): object {
  return {
    run: id,
    from,
    verdict,
    parameters,
    matrix: matrix ?? null,
    metrics: Object.fromEntries([...metrics].map(([name, { value }]) => [name, value])),
    gates: gates.map(({ task, condition, holds, values, why }) => ({ task, condition, holds, values, why })),
    slices: slices.map(({ task, metric, column, groups, left }) => ({ task, metric, column, groups, left })),
  };
}

function documentOfCheck({ runs, passed }: Check): object {
  return {
    passed,
    runs: runs.map(({ run, against, compared }) => ({
      run: run.id,
      against: against === '' ? null : against,
      metrics: compared.map(({ metric, value, baseline, change, direction, verdict }) => ({
        metric,
        value: value ?? null,
        baseline,
        change: change ?? null,
        better: direction ?? null,
        verdict,
      })),
    })),
  };
}
