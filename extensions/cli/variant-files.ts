import path from 'node:path';
import {
  EarlierRuns,
  readHistory,
  renderReport,
  renderVariants,
  type ShownVariant,
  type VariantRecord,
} from '../../runtime/index.ts';
import { describeExecution } from './executed.ts';
import { shownPath } from './files.ts';
import { graphPicture } from './graph-svg.ts';
import type { CommandResult, Host } from './host.ts';
import type { Input } from './input.ts';
import { writeOneOfMany, writeOutput } from './output-file.ts';
import { toJson, type ParameterValue, type ParameterValues } from './parameters.ts';
import type { VariantTargets } from './variant-targets.ts';
import { renderCsv, type VariantRow } from './variants-result.ts';
import { programName } from './version.ts';

/** What the files of variants are written from. */
export interface VariantFiles {
  readonly input: Input;
  /** Names of the parameters that vary. */
  readonly axes: readonly string[];
  readonly variants: readonly ParameterValues[];
  readonly targets: VariantTargets;
  /** The folder that keeps the records. */
  readonly state: string;
}

/** Absolute paths of what was written for one variant; undefined where nothing was. */
export interface Written {
  readonly notebook: string | undefined;
  readonly report: string | undefined;
  readonly problem?: CommandResult | undefined;
}

/** Runs of the same point are looked for once for all of a matrix; plots over them would be read from a log each. */
const plotted = 1;

/** Writes what each variant gave, as soon as it has ended. */
export class VariantWriter {
  readonly #host: Host;
  readonly #files: VariantFiles;
  readonly #earlier: EarlierRuns;

  constructor(host: Host, files: VariantFiles) {
    this.#host = host;
    this.#files = files;
    this.#earlier = new EarlierRuns(files.state);
  }

  /** The executed notebook and the report of one. */
  write(ended: VariantRecord & { readonly interrupted: boolean }): Written {
    const { place, record, interrupted } = ended;
    const notebook = this.#files.targets.files[place];
    const report = this.#files.targets.reports?.[place];
    const hasEnded = record.tasks.some((outcome) => outcome.result !== undefined);
    if (notebook === undefined || (!hasEnded && (record.status === 'refused' || interrupted)))
      return { notebook: undefined, report: undefined };
    const { input, variants } = this.#files;
    const text = describeExecution(record, {
      inputPath: input.path,
      outputPath: path.relative(this.#host.cwd, notebook),
      values: variants[place] ?? new Map<string, ParameterValue>(),
      program: programName,
      ended: new Date(),
    });
    const shown = (file: string): string => shownPath(this.#host, file);
    const problem =
      writeOneOfMany(notebook, text, shown(notebook)) ??
      (report === undefined ? undefined : writeOneOfMany(report, this.#report(ended), shown(report)));
    return { notebook, report, problem };
  }

  #report({ record, notebook: { bundle, document } }: VariantRecord): string {
    const { state } = this.#files;
    const picture = graphPicture(bundle, new Map(record.tasks.map(({ task, status }) => [task.id, status])));
    const history = readHistory({ state, id: record.id, earlier: this.#earlier, plotted });
    return renderReport({ bundle, document, record, picture, history });
  }
}

/** What became of all variants. */
export interface EndedVariants {
  readonly rows: readonly VariantRow[];
  readonly matrix: string;
  readonly number: number;
  readonly seconds: number;
}

/** Writes the table of all variants and the page that shows them. */
export function writeSummaries(
  host: Host,
  { input, axes, targets }: VariantFiles,
  { rows, ...ended }: EndedVariants,
): CommandResult | undefined {
  const { summary, overview } = targets;
  const csv = renderCsv(axes, rows, ({ notebook }) => fromFolderOf(summary, notebook) ?? '');
  const problem = writeOutput(summary, csv, shownPath(host, summary));
  if (problem !== undefined || overview === undefined) return problem;
  const page = renderVariants({
    ...ended,
    axes,
    notebook: input.bundle.notebook.name,
    variants: rows.map((row) => shownVariant(row, overview)),
  });
  return writeOutput(overview, page, shownPath(host, overview));
}

function fromFolderOf(file: string, target: string | undefined): string | undefined {
  return target === undefined ? undefined : path.relative(path.dirname(file), target);
}

function shownVariant({ values, notebook, report, ...row }: VariantRow, overview: string): ShownVariant {
  return {
    ...row,
    values: Object.fromEntries([...values].map(([name, value]) => [name, plain(value)])),
    notebook: addressFrom(overview, notebook),
    report: addressFrom(overview, report),
  };
}

/** A relative address: a name may have signs that mean something in one. */
function addressFrom(file: string, target: string | undefined): string | undefined {
  const way = fromFolderOf(file, target);
  return way === undefined ? undefined : `./${way.split(path.sep).map(encodeURIComponent).join('/')}`;
}

function plain(value: ParameterValue): string {
  const json = toJson(value, '');
  return typeof json === 'string' ? json : JSON.stringify(json);
}
