import path from 'node:path';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { isSameFile, shownPath, statOf } from './files.ts';
import { fillIn } from './fill-in.ts';
import { usage, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';
import { fileNames } from './matrix.ts';
import { checkWritable } from './output-file.ts';
import type { ParameterValues } from './parameters.ts';

/** Where the results of variants go. */
export interface VariantTargets {
  /** The executed notebook of each. */
  readonly files: readonly string[];
  /** What is said of them all. */
  readonly shown: string;
  /** The table. */
  readonly summary: string;
  /** The report of each, and the page that shows them all; undefined where none are wanted. */
  readonly reports: readonly string[] | undefined;
  readonly overview: string | undefined;
}

type Notebooks = Omit<VariantTargets, 'reports' | 'overview'>;

interface Named {
  readonly input: Input;
  readonly names: readonly string[];
  readonly variants: readonly ParameterValues[];
}

function refuse<T>(message: string, help: string): Outcome<T> {
  return { ok: false, result: usage(message, help) };
}

/** OUT is a folder, in which each variant has a notebook named after its values, or a name with `{parameter}` in it. */
export function findVariantTargets(host: Host, parsed: ParsedArguments, named: Named): Outcome<VariantTargets> {
  const flag = lastValue(parsed, 'output');
  const word = parsed.positionals[1];
  if (flag !== undefined && word !== undefined) {
    return refuse(`Two places for the executed notebooks were named, ${word} and ${flag}.`, 'Name one.');
  }
  const asked = flag ?? word;
  const targets =
    asked !== undefined && /\.ipynb$/i.test(asked) ? readPattern(host, asked, named) : readFolder(host, asked, named);
  if (!targets.ok) return targets;
  const original = path.resolve(host.cwd, named.input.path);
  const { files, summary } = targets.value;
  const pages = findPages(host, parsed, targets.value);
  for (const file of [...files.slice(0, 1), summary, ...(pages.overview === undefined ? [] : [pages.overview])]) {
    const problem = checkWritable(file, shownPath(host, file));
    if (problem !== undefined) return { ok: false, result: problem };
  }
  if (files.some((file) => isSameFile(file, original))) {
    return refuse(`${asked ?? ''} is the notebook itself.`, 'Name a folder with -o.');
  }
  const { overview } = pages;
  if (overview !== undefined && [original, summary, ...files].some((file) => isSameFile(overview, file))) {
    return refuse(`The report cannot be ${shownPath(host, overview)}.`, 'Name another file with --report.');
  }
  return { ok: true, value: { ...targets.value, ...pages } };
}

function findPages(
  host: Host,
  parsed: ParsedArguments,
  { files, summary }: Notebooks,
): Pick<VariantTargets, 'reports' | 'overview'> {
  if (hasFlag(parsed, 'no-report')) return { reports: undefined, overview: undefined };
  const asked = lastValue(parsed, 'report');
  const overview = asked === undefined ? summary.replace(/\.csv$/, '.html') : path.resolve(host.cwd, asked);
  return { reports: files.map((file) => file.replace(/\.ipynb$/i, '.report.html')), overview };
}

function readFolder(host: Host, asked: string | undefined, { input, names }: Named): Outcome<Notebooks> {
  if (asked === '-') return refuse('Standard output cannot hold several notebooks.', 'Name a folder with -o.');
  const folder =
    asked === undefined ? path.join(input.folder, `${input.stem}.cellwright`) : path.resolve(host.cwd, asked);
  if (statOf(folder)?.isDirectory() === false) return refuse(`${asked ?? folder} is a file.`, 'Name a folder with -o.');
  return {
    ok: true,
    value: {
      files: fileNames(names).map((name) => path.join(folder, `${name}.ipynb`)),
      shown: `${shownPath(host, folder)}${path.sep}`,
      summary: path.join(folder, 'summary.csv'),
    },
  };
}

function readPattern(host: Host, asked: string, { variants }: Named): Outcome<Notebooks> {
  const files: string[] = [];
  for (const values of variants) {
    const filled = fillIn(asked, values);
    if (!filled.ok) return filled;
    files.push(path.resolve(host.cwd, filled.value));
  }
  if (new Set(files).size < files.length) {
    return refuse(
      `${asked} names one file for several variants.`,
      'Name a folder, or write {NAME} for every parameter that varies.',
    );
  }
  const folder = path.dirname(files[0] ?? path.resolve(host.cwd, asked));
  return { ok: true, value: { files, shown: asked, summary: path.join(folder, 'summary.csv') } };
}
