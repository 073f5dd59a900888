import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  compareMetric,
  directionOf,
  isRegression,
  type Compared,
  type Measure,
  type MetricRun,
  type Tolerance,
} from '../../runtime/index.ts';
import { lastValue, type ParsedArguments } from './args.ts';
import { describeFileError, isFileError } from './files.ts';
import { usage, type Host, type Outcome } from './host.ts';

/** What the newest run was compared with. */
export interface Check {
  /** Of each run that was checked: one, or those of the newest matrix. */
  readonly runs: readonly {
    readonly run: MetricRun;
    /** In words; empty when there is nothing yet to compare with. */
    readonly against: string;
    readonly compared: readonly Compared[];
  }[];
  readonly passed: boolean;
}

interface Baseline {
  readonly words: string;
  readonly metrics: ReadonlyMap<string, Measure>;
}

/** Compares the newest run, or all of its matrix, with what was asked for, else each with the last accepted run before it. */
export function checkMetrics(host: Host, parsed: ParsedArguments, runs: readonly MetricRun[]): Outcome<Check> {
  const newest = runs.at(-1);
  if (newest === undefined) {
    const help = 'Write `#| metric: NAME` at the top of the cell that computes one, and run the notebook.';
    return { ok: false, result: usage('No run of this notebook has recorded a metric.', help) };
  }
  const tolerances = readTolerances(parsed);
  if (!tolerances.ok) return tolerances;
  const stated = readBaseline(host, parsed, runs);
  if (!stated.ok) return stated;
  const current = runs.filter((run) => run === newest || (newest.matrix !== undefined && run.matrix === newest.matrix));
  const checked = current.map((run) => {
    const baseline = stated.value ?? lastAccepted(runs, run);
    const compared = [...(baseline?.metrics ?? [])].map(([metric, value]) =>
      compareMetric(
        metric,
        { value: run.metrics.get(metric)?.value, baseline: value },
        {
          direction: directionOf(metric, runs),
          tolerance: tolerances.value.get(metric) ?? tolerances.value.get('') ?? { amount: 0, isShare: false },
        },
      ),
    );
    return { run, against: baseline?.words ?? '', compared };
  });
  const all = checked.flatMap(({ compared }) => compared);
  const judged = all.filter(({ verdict }) => verdict !== 'unknown');
  if (all.length > 0 && judged.length === 0) {
    const names = [...new Set(all.map(({ metric }) => metric))].join(', ');
    const help = 'Say it where they are recorded: `#| metric: NAME (lower)` or `(higher)`.';
    return { ok: false, result: usage(`Nobody says which way ${names} gets better.`, help) };
  }
  return { ok: true, value: { runs: checked, passed: !all.some(isRegression) } };
}

function lastAccepted(runs: readonly MetricRun[], run: MetricRun): Baseline | undefined {
  const found = runs
    .slice(0, runs.indexOf(run))
    .findLast((other) => other.verdict === 'accepted' && other.line === run.line && other.metrics.size > 0);
  return found === undefined ? undefined : baselineOf(found);
}

function baselineOf(run: MetricRun): Baseline {
  return {
    words: `run ${run.id}`,
    metrics: new Map([...run.metrics].map(([name, { value }]) => [name, value])),
  };
}

function readBaseline(host: Host, parsed: ParsedArguments, runs: readonly MetricRun[]): Outcome<Baseline | undefined> {
  const against = lastValue(parsed, 'against');
  const stated = parsed.uses.filter(({ flag }) => flag === 'baseline').map(({ values }) => values[0] ?? '');
  if (against !== undefined && stated.length > 0) {
    return { ok: false, result: usage('--against and --baseline were both given.', 'Give one of them.') };
  }
  if (against !== undefined) {
    const found = runs.filter(({ id }) => id === against || id.startsWith(against));
    const [run, more] = found;
    if (run !== undefined && more === undefined) return { ok: true, value: baselineOf(run) };
    const what = run === undefined ? 'No run' : 'More than one run';
    const help = 'cellwright metrics NB lists the runs that recorded metrics.';
    return { ok: false, result: usage(`${what} of this notebook with metrics is called ${against}.`, help) };
  }
  if (stated.length === 0) return { ok: true, value: undefined };
  const metrics = new Map<string, Measure>();
  for (const text of stated) {
    const read = readStated(host, text);
    if (!read.ok) return read;
    for (const [name, value] of read.value) metrics.set(name, value);
  }
  return { ok: true, value: { words: stated.join(', '), metrics } };
}

/** `NAME=VALUE`, or a file: the numbers of a JSON object, those of a `metrics` object in it, or of the newest run of our own document. */
function readStated(host: Host, text: string): Outcome<ReadonlyMap<string, Measure>> {
  const [, name, written] = /^([^=/]+)=([^=]+)$/.exec(text) ?? [];
  if (name !== undefined && written !== undefined) {
    const value = Number(written);
    if (written.trim() !== '' && !Number.isNaN(value)) return { ok: true, value: new Map([[name.trim(), value]]) };
    return { ok: false, result: usage(`${text} has no number.`, 'Write --baseline NAME=NUMBER, or name a JSON file.') };
  }
  const help = 'A baseline is a JSON file with an object of numbers, for instance {"rmse": 12.5}.';
  try {
    const metrics = numbersIn(JSON.parse(readFileSync(path.resolve(host.cwd, text), 'utf8')));
    if (metrics.size > 0) return { ok: true, value: metrics };
    return { ok: false, result: usage(`${text} has no numbers.`, help, 'CW902') };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, result: usage(`${text} is not JSON.`, help, 'CW902') };
    if (!isFileError(error)) throw error;
    const message = `${text} cannot be read: ${describeFileError(error)}.`;
    return { ok: false, result: usage(message, help, 'CW902') };
  }
}

function numbersIn(value: unknown, prefix = ''): Map<string, Measure> {
  const found = new Map<string, Measure>();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return found;
  const inner: unknown = 'metrics' in value ? value.metrics : newestOf(value);
  if (prefix === '' && typeof inner === 'object' && inner !== null) return numbersIn(inner);
  for (const [key, item] of Object.entries(value)) {
    const name = `${prefix}${key}`;
    if (typeof item === 'number') found.set(name, item);
    else for (const [below, number] of numbersIn(item, `${name}.`)) found.set(below, number);
  }
  return found;
}

/** The metrics of the newest run in what `cellwright metrics --json` prints. */
function newestOf(value: object): unknown {
  if (!('runs' in value) || !Array.isArray(value.runs)) return undefined;
  const newest: unknown = value.runs.at(-1);
  return typeof newest === 'object' && newest !== null && 'metrics' in newest ? newest.metrics : undefined;
}

/** `0.01`, `5%`, `rmse=0.5`, `rmse=5%`; the name is empty where it holds for all. */
function readTolerances(parsed: ParsedArguments): Outcome<ReadonlyMap<string, Tolerance>> {
  const found = new Map<string, Tolerance>();
  for (const { flag, values } of parsed.uses) {
    if (flag !== 'tolerance') continue;
    const [, name = '', number = '', percent] = /^(?:([^=]+)=)?([\d.eE+-]+)(%)?$/.exec(values[0] ?? '') ?? [];
    const amount = number === '' ? Number.NaN : Number(number);
    if (!(amount >= 0) || !Number.isFinite(amount)) {
      const help = 'Give an amount or a share: --tolerance 0.01, --tolerance 5%, --tolerance rmse=0.5.';
      return { ok: false, result: usage(`--tolerance does not take ${values[0] ?? 'nothing'}.`, help) };
    }
    found.set(name, percent === undefined ? { amount, isShare: false } : { amount: amount / 100, isShare: true });
  }
  return { ok: true, value: found };
}
