import path from 'node:path';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { describeFileError, isFileError, isFolder, isSameFile, mayEnter, shownPath, statOf } from './files.ts';
import { fillIn } from './fill-in.ts';
import { fileProblem, usage, type Host, type Outcome } from './host.ts';
import { stemOf, type Input } from './input.ts';
import { checkWritable } from './output-file.ts';

/** Where the results of a run go. */
export interface Targets {
  /** Undefined: the notebook goes to standard output. */
  readonly notebook: string | undefined;
  readonly report: string | undefined;
  /** True when the executed notebook takes the place of the one that was read. */
  readonly inPlace: boolean;
}

function refuse<T>(message: string, help: string): Outcome<T> {
  return { ok: false, result: usage(message, help) };
}

/** Reads OUT as papermill does, `{name}` of a given parameter included; a folder and no OUT at all are ours. */
export function findTargets(host: Host, parsed: ParsedArguments, input: Input): Outcome<Targets> {
  const asked = readOut(parsed, input);
  if (!asked.ok) return asked;
  const notebook = chooseNotebook(host, parsed, input, asked.value);
  if (!notebook.ok) return notebook;
  const report = chooseReport(host, parsed, input, notebook.value);
  for (const file of [notebook.value, report]) {
    const problem = file === undefined ? undefined : checkWritable(file, shownPath(host, file));
    if (problem !== undefined) return { ok: false, result: problem };
  }
  const original = path.resolve(host.cwd, input.path);
  if (report !== undefined && [original, notebook.value ?? ''].some((file) => isSameFile(report, file))) {
    return refuse(`The report cannot be ${shownPath(host, report)}.`, 'Name another file with --report.');
  }
  const inPlace = notebook.value !== undefined && isSameFile(notebook.value, original);
  return { ok: true, value: { notebook: notebook.value, report, inPlace } };
}

function readOut(parsed: ParsedArguments, input: Input): Outcome<string | undefined> {
  const flag = lastValue(parsed, 'output');
  const word = parsed.positionals[1];
  if (flag !== undefined && word !== undefined) {
    return refuse(`Two places for the executed notebook were named, ${word} and ${flag}.`, 'Name one.');
  }
  const named = flag ?? word ?? (input.isStream ? '-' : undefined);
  if (named === '')
    return refuse('The name of the executed notebook is empty.', 'Perhaps a variable of the shell is not set.');
  return named === undefined ? { ok: true, value: undefined } : fillIn(named, input.values);
}

/** The file of the executed notebook; undefined for standard output. */
function chooseNotebook(
  host: Host,
  parsed: ParsedArguments,
  input: Input,
  asked: string | undefined,
): Outcome<string | undefined> {
  if (asked === '-') {
    if (!hasFlag(parsed, 'json')) return { ok: true, value: undefined };
    const help = 'Name a file with -o, or leave --json out.';
    return refuse('Standard output cannot hold the notebook and the JSON document.', help);
  }
  const own = path.join(input.folder, `${input.stem}.cellwright`);
  const place = asked === undefined ? own : path.resolve(host.cwd, asked);
  const kind = kindOf(place, asked ?? own);
  if (!kind.ok) return kind;
  const notebook = kind.value === 'folder' ? path.join(place, `${input.stem}.out.ipynb`) : place;
  const bundled = path.join(path.resolve(host.cwd, input.path), 'notebook.ipynb');
  if (!isSameFile(notebook, bundled)) return { ok: true, value: notebook };
  return refuse(`${asked ?? ''} is the notebook that the bundle was compiled from.`, 'Name another file with -o.');
}

function kindOf(place: string, shown: string): Outcome<'file' | 'folder'> {
  try {
    const found = statOf(place);
    if (found?.isDirectory() === true) return { ok: true, value: 'folder' };
    const isNotebook = /\.ipynb$/i.test(shown);
    // `/dev/null` and pipes take anything.
    if (isNotebook || (found !== undefined && !found.isFile())) return { ok: true, value: 'file' };
    if (found !== undefined) return refuse(`${shown} is a file.`, 'Name an .ipynb file or a folder with -o.');
    const looksLikeFile = /\.[a-z]\w*$/i.test(shown) && !shown.endsWith('.cellwright');
    if (!looksLikeFile) return { ok: true, value: 'folder' };
    const help = 'Name an .ipynb file, or a folder; write a / after a folder whose name has a dot.';
    return refuse(`${shown} is neither an .ipynb file nor a folder.`, help);
  } catch (error) {
    if (!isFileError(error)) throw error;
    return {
      ok: false,
      result: fileProblem(`${shown} cannot be written: ${describeFileError(error)}.`, 'Name another place with -o.'),
    };
  }
}

function chooseReport(
  host: Host,
  parsed: ParsedArguments,
  input: Input,
  notebook: string | undefined,
): string | undefined {
  if (hasFlag(parsed, 'no-report')) return undefined;
  const named = lastValue(parsed, 'report');
  if (named !== undefined) return path.resolve(host.cwd, named);
  if (notebook === undefined || !/\.ipynb$/i.test(notebook)) return undefined;
  const isOurs = path.basename(notebook) === `${input.stem}.out.ipynb`;
  const stem = isOurs ? input.stem : stemOf(notebook);
  return path.join(path.dirname(notebook), `${stem}.report.html`);
}

/** The folder that the cells run in: Jupyter's, which is the notebook's own, unless another one is named. */
export function findFolder(host: Host, parsed: ParsedArguments, input: Input): Outcome<string> {
  const named = lastValue(parsed, 'cwd');
  const folder = named === undefined ? input.folder : path.resolve(host.cwd, named);
  const help = 'Name the folder to run in with --cwd.';
  if (!isFolder(folder)) return refuse(`${named ?? folder} is no folder.`, help);
  if (!mayEnter(folder)) return refuse(`${named ?? folder} cannot be entered: permission is denied.`, help);
  return { ok: true, value: folder };
}
