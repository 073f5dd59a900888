import {
  reachOf,
  runVariants,
  secretNames,
  shelvesOf,
  type VariantNotebook,
  type VariantRecord,
} from '../../../runtime/index.ts';
import { lastValue, type ParsedArguments } from '../args.ts';
import { shownPath } from '../files.ts';
import { findUnreadySecret } from '../given-parameters.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { cellsTagged } from '../inject-parameters.ts';
import { compileWith, findTask, openInput, type Input } from '../input.ts';
import { leaveOut } from '../matrix-exclude.ts';
import { combine, nameOf, readMatrix, type Matrix } from '../matrix.ts';
import { exportRecorded } from '../mlflow.ts';
import { originOf } from '../origin.ts';
import { findMisfit, findMissing } from '../parameter-types.ts';
import { readParameters } from '../parameter-flags.ts';
import { findUnknown, type ParameterValue, type ParameterValues } from '../parameters.ts';
import { readRange } from '../ranges.ts';
import { recordParameters } from '../recorded-parameters.ts';
import { endOf, whyOf } from '../run-result.ts';
import { findRunSettings, isSilent, runOptionsOf, type RunSettings } from '../run-settings.ts';
import { noVariantProgress, showVariants } from '../variant-progress.ts';
import { findVariantTargets, type VariantTargets } from '../variant-targets.ts';
import { VariantWriter, writeSummaries, type Written } from '../variant-files.ts';
import { describeVariants, type VariantRow } from '../variants-result.ts';

/** `cellwright run NB --matrix …`: every combination of values as one run. */
export async function matrixCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const values = readParameters(host, parsed);
  if (!values.ok) return values.result;
  const matrix = readMatrix(host, parsed);
  if (!matrix.ok) return matrix.result;
  return runMatrix(host, parsed, { matrix: matrix.value, rest: values.value });
}

/** `cellwright backtest NB -p month 2013-01..2013-12`: one run for each value of a range, in order. */
export async function backtestCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const values = readParameters(host, parsed);
  if (!values.ok) return values.result;
  const axes = new Map<string, readonly ParameterValue[]>();
  const rest = new Map(values.value);
  for (const [name, value] of values.value) {
    const range = typeof value === 'string' ? readRange(value) : undefined;
    if (typeof range === 'string') return usage(range, rangeHelp);
    if (range === undefined) continue;
    axes.set(name, range);
    rest.delete(name);
  }
  if (axes.size === 0) return usage('No parameter has a range of values.', rangeHelp);
  const more = readMatrix(host, parsed);
  if (!more.ok) return more.result;
  return runMatrix(host, parsed, { matrix: new Map([...more.value, ...axes]), rest });
}

const rangeHelp =
  'Give it as FROM..TO or FROM..TO..STEP: months 2013-01..2013-12, days, weeks 2013-W01..2013-W52, years or other whole numbers.';

interface Asked {
  readonly matrix: Matrix;
  /** Values that all variants have. */
  readonly rest: ParameterValues;
}

interface Plan {
  readonly input: Input;
  readonly axes: readonly string[];
  readonly variants: readonly ParameterValues[];
  readonly names: readonly string[];
  readonly targets: VariantTargets;
  readonly settings: RunSettings;
  readonly until: number | undefined;
  /** Environment variables that hold secrets of some variant. */
  readonly secrets: readonly string[];
}

async function runMatrix(host: Host, parsed: ParsedArguments, asked: Asked): Promise<CommandResult> {
  const planned = await plan(host, parsed, asked);
  if (!planned.ok) return planned.result;
  const { input, axes, names, variants, targets, settings, until, secrets } = planned.value;
  const signal = host.interruption();
  const silent = isSilent(host, parsed);
  const progress = silent ? noVariantProgress : showVariants(host, names);
  const rows: VariantRow[] = [];
  const written = { input, axes, variants, targets, state: settings.place.state };
  const writer = new VariantWriter(host, written);
  let problem: CommandResult | undefined;
  const outcome = await runVariants({
    ...runOptionsOf(host, parsed, settings),
    until,
    secrets,
    signal,
    number: variants.length,
    open: opener(host, planned.value),
    onEvent: progress.onEvent,
    onEnd: (ended) => {
      const written = writer.write({ ...ended, interrupted: signal.aborted });
      problem ??= written.problem;
      const row = rowOf(planned.value, ended, { ...written, interrupted: signal.aborted });
      rows.push(row);
      progress.onEnd(row);
    },
  });
  progress.stop();
  if (outcome.diagnostic !== undefined) {
    return { status: 'usage', diagnostics: [outcome.diagnostic], text: '', document: { notebook: input.path } };
  }
  if (problem !== undefined) return problem;
  const { matrix, seconds } = outcome;
  const { summary, overview } = targets;
  const failed = writeSummaries(host, written, { rows, matrix, seconds, number: variants.length });
  if (failed !== undefined) return failed;
  const files: (readonly [string, string])[] = [
    ['notebooks', targets.shown],
    ['summary', shownPath(host, summary)],
    ...(overview === undefined ? [] : [['report', shownPath(host, overview)] as const]),
  ];
  const exported = await exportRecorded(host, parsed, {
    input,
    runs: rows.map(({ run }) => run),
    state: settings.place.state,
  });
  const told = { input, axes, rows, matrix, seconds, interrupted: signal.aborted, files, summary, overview, exported };
  return describeVariants({ ...told, number: variants.length });
}

async function plan(host: Host, parsed: ParsedArguments, { matrix, rest }: Asked): Promise<Outcome<Plan>> {
  const forbidden = findForbidden(parsed, { matrix, rest });
  if (forbidden !== undefined) return { ok: false, result: forbidden };
  const opened = await openInput(host, parsed, rest);
  if (!opened.ok) return opened;
  const input = opened.value;
  const misfit = findMisfits(input, matrix, rest);
  if (misfit !== undefined) return { ok: false, result: misfit };
  const combined = leaveOut(parsed, matrix, combine(matrix, rest));
  if (!combined.ok) return combined;
  const variants = combined.value;
  const axes = [...matrix.keys()];
  const names = variants.map((values) => nameOf(axes, values));
  const secrets = await findSecrets(host, input, variants);
  if (!secrets.ok) return secrets;
  const targets = findVariantTargets(host, parsed, { input, names, variants });
  if (!targets.ok) return targets;
  const settings = await findRunSettings(host, parsed, input);
  if (!settings.ok) return settings;
  const cell = lastValue(parsed, 'until');
  const first = await compileWith(host, input, variants[0] ?? rest);
  const task = cell === undefined || first.bundle === undefined ? undefined : findTask(first.bundle, cell);
  if (task?.ok === false) return task;
  const until = task === undefined ? undefined : first.bundle?.tasks.indexOf(task.value);
  return {
    ok: true,
    value: {
      ...{ axes, variants, names, until, settings: settings.value },
      input: { ...input, diagnostics: [...input.diagnostics, ...settings.value.diagnostics] },
      secrets: secrets.value,
      targets: targets.value,
    },
  };
}

function findForbidden(parsed: ParsedArguments, { matrix, rest }: Asked): CommandResult | undefined {
  const twice = [...matrix.keys()].find((name) => rest.has(name));
  if (twice !== undefined) return usage(`${twice} has one value and several.`, `Give it with -p or with --matrix.`);
  if (lastValue(parsed, 'only') === undefined) return undefined;
  return usage('--only is for one run, and these are several.', 'Run that variant alone, with its values as -p.');
}

/** A name that is no parameter, or a value that does not fit. */
function findMisfits({ plain: { bundle } }: Input, matrix: Matrix, rest: ParameterValues): CommandResult | undefined {
  for (const [name, values] of matrix) {
    const unknown = findUnknown(new Map([[name, null]]), bundle.parameters);
    if (unknown !== undefined) return usage(unknown.message, unknown.help);
    for (const value of values) {
      const misfit = findMisfit(new Map([[name, value]]), bundle.parameters);
      if (misfit !== undefined) return usage(misfit.message, misfit.help, 'CW901');
    }
  }
  const given = new Map([...rest, ...[...matrix.keys()].map((name) => [name, null] as const)]);
  const missing = findMissing(given, bundle.parameters);
  return missing === undefined ? undefined : usage(missing.message, missing.help, 'CW901');
}

/** The secrets of all variants; they are few, and so are the variants that differ in them. */
async function findSecrets(
  host: Host,
  input: Input,
  variants: readonly ParameterValues[],
): Promise<Outcome<readonly string[]>> {
  const names = new Set(secretNames(input.document));
  const texts = variants.map((values) => JSON.stringify([...values]));
  const references = texts.some((text) => text.includes('"variable":'));
  if (references)
    for (const values of variants)
      for (const name of secretNames((await compileWith(host, input, values)).notebook?.document ?? ''))
        names.add(name);
  const problem = findUnreadySecret(host, input.bundle, [...names]);
  return problem === undefined ? { ok: true, value: [...names] } : { ok: false, result: problem };
}

/** Compiles a variant when its time comes. What the values reach is the same in all: only the literals differ. */
function opener(host: Host, { input, axes, variants, settings }: Plan): (place: number) => Promise<VariantNotebook> {
  let reach: ReturnType<typeof reachOf> | undefined;
  return async (place) => {
    const values = variants[place] ?? new Map<string, ParameterValue>();
    const { bundle, notebook } = await compileWith(host, input, values);
    if (bundle === undefined || notebook === undefined)
      throw new Error('a variant of a notebook that compiles does not');
    reach ??= reachOf(bundle, cellsTagged(notebook.document, 'injected-parameters'), [...values.keys()]);
    const texts = Object.fromEntries(recordParameters(values).map(({ name, value }) => [name, JSON.stringify(value)]));
    return {
      bundle,
      document: notebook.document,
      shelves: shelvesOf(reach, texts),
      origin: originOf(host, { ...input, values }, settings.lock),
      values: recordParameters(new Map(axes.map((name) => [name, values.get(name) ?? null]))),
    };
  };
}

function rowOf(
  { axes, names, variants }: Plan,
  { place, record, counts }: VariantRecord,
  { notebook, report, interrupted }: Omit<Written, 'problem'> & { readonly interrupted: boolean },
): VariantRow {
  const values = variants[place] ?? new Map<string, ParameterValue>();
  return {
    place,
    counts,
    notebook,
    report,
    name: names[place] ?? '',
    values: new Map(axes.map((name) => [name, values.get(name) ?? null])),
    status: endOf(record, interrupted),
    why: whyOf(record),
    seconds: record.seconds,
    run: record.id,
    metrics: Object.assign(
      {},
      ...record.tasks.map(({ result }) => result?.measured?.metrics ?? {}),
    ) as VariantRow['metrics'],
  };
}
