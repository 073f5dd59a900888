import path from 'node:path';
import type { Diagnostic, Result } from '../../compiler/bundle/diagnostic.ts';
import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import { canonicalJson } from '../../compiler/bundle/canonical.ts';
import { readBundle } from '../../compiler/bundle/read.ts';
import type { EffectsProfile } from '../../compiler/bundle/effects-profile.ts';
import type { Compilation } from '../../compiler/index.ts';
import { nearest, type ParsedArguments } from './args.ts';
import { describeFileError, isFileError, isFolder, isPipe, isThere, readNamedFile, statOf } from './files.ts';
import { fileProblem, usage, type CommandResult, type Host, type Outcome, type ShownCell } from './host.ts';
import { fillIn } from './fill-in.ts';
import { isPython, refuseLanguage } from './python-only.ts';
import { cellsTagged, injectParameters, type ParameterPlaces } from './inject-parameters.ts';
import { findMisfit } from './parameter-types.ts';
import { findUnknown, type ParameterValues } from './parameters.ts';
import { readParameters } from './parameter-flags.ts';
import { findNamedProfile, readProfileBeside, type FoundProfile } from './profile-file.ts';
import { compileNotebook, isUnreadable } from './toolchain.ts';

/** A notebook or bundle that a command works on, compiled. */
export interface Input {
  /** The file or bundle folder as it was named. */
  readonly path: string;
  /** True when it came through a pipe: it has no place of its own. */
  readonly isStream: boolean;
  /** The notebook's folder: where its cells run unless something else is said. */
  readonly folder: string;
  /** The notebook's name without its ending. */
  readonly stem: string;
  readonly bundle: Bundle;
  /** nbformat 4.5 JSON text. */
  readonly document: string;
  readonly compilation: Compilation;
  /** As it is without the parameters of the command line. */
  readonly plain: { readonly bundle: Bundle; readonly document: string };
  /** Parameters given on the command line. */
  readonly values: ParameterValues;
  readonly diagnostics: readonly Diagnostic[];
  /** Every cell by id, for diagnostics. */
  readonly sources: ReadonlyMap<string, ShownCell>;
  /** What runs of the notebook observed, when there is a profile that can be read. */
  readonly profile: EffectsProfile | undefined;
  /** Text of its `bundle.json`, when a bundle was named. */
  readonly bundleText: string | undefined;
  /** The bytes that were read, to see later whether the file is still the same. */
  readonly bytes: Uint8Array;
}

/**
 * Reads and compiles the notebook, or the notebook of the bundle, that the command names first.
 * @param given values of parameters instead of those of the command line
 */
export async function openInput(host: Host, parsed: ParsedArguments, given?: ParameterValues): Promise<Outcome<Input>> {
  const [name] = parsed.positionals;
  if (name === undefined) {
    return { ok: false, result: usage('No notebook was named.', 'Name an .ipynb or percent-format .py file.') };
  }
  if (name === '')
    return {
      ok: false,
      result: usage('The name of the notebook is empty.', 'Perhaps a variable of the shell is not set.'),
    };
  const values: Outcome<ParameterValues> =
    given === undefined ? readParameters(host, parsed) : { ok: true, value: given };
  if (!values.ok) return values;
  const isLiteral = name === '-' || isThere(path.resolve(host.cwd, name));
  const file = isLiteral ? ({ ok: true, value: name } as const) : fillIn(name, values.value);
  if (!file.ok) return file;
  const named = findNamedProfile(host, parsed);
  if (!named.ok) return named;
  const opened = await openNotebook(host, file.value, { values: values.value, profile: named.value });
  if (!opened.ok || parsed.forPython === undefined || isPython(opened.value)) return opened;
  return { ok: false, result: refuseLanguage(opened.value, parsed.forPython) };
}

/** How a notebook is compiled. */
export interface Compiling {
  readonly values: ParameterValues;
  /** The profile that was named; undefined: the one beside the notebook. */
  readonly profile?: FoundProfile | undefined;
}

/** Reads and compiles a notebook, or the notebook of a bundle. */
export async function openNotebook(host: Host, name: string, how: Compiling): Promise<Outcome<Input>> {
  const source = name === '-' ? readStandardInput(host) : readSource(host, name);
  if (!source.ok) return source;
  const { isStream, bundleText, folder, stem } = source.value;
  // A bundle has been compiled; what there was to know is in it.
  const hasNone = isStream || bundleText !== undefined;
  const found = how.profile ?? (hasNone ? { warnings: [] } : readProfileBeside(host, folder, stem));
  return compileInput(host, { ...source.value, name, values: how.values, found });
}

interface Source {
  readonly bytes: Uint8Array;
  readonly isStream: boolean;
  /** Its ending tells the format. */
  readonly fileName: string;
  readonly folder: string;
  readonly stem: string;
  /** Text of the `bundle.json` beside it, when a bundle was named. */
  readonly bundleText?: string;
}

/** A bundle's folder stands beside its notebook, so its own folder is where the cells run. */
function readSource(host: Host, name: string): Outcome<Source> {
  const full = path.resolve(host.cwd, name);
  const isBundle = isFolder(full);
  const file = isBundle ? path.join(full, 'notebook.ipynb') : full;
  if (isBundle && statOf(file) === undefined) {
    const help = 'Name a notebook, or a folder that compile wrote.';
    return { ok: false, result: usage(`${name} is a folder, and no bundle.`, help) };
  }
  const bytes = readNamedFile(host, file, isBundle ? path.join(name, 'notebook.ipynb') : name);
  if (!bytes.ok) return bytes;
  if (!isBundle && isPipe(file)) return readStream(host, bytes.value, name);
  const place = {
    isStream: false,
    fileName: path.basename(file),
    folder: path.dirname(full),
    stem: stemOf(full),
    bytes: bytes.value,
  };
  if (!isBundle) return { ok: true, value: place };
  const stored = readNamedFile(host, path.join(full, 'bundle.json'), path.join(name, 'bundle.json'));
  if (!stored.ok) return stored;
  return { ok: true, value: { ...place, bundleText: new TextDecoder().decode(stored.value) } };
}

const pipeHelp = 'Send the notebook through a pipe, or name a file.';

/** As papermill does; the cells run in the current folder. A notebook is a JSON object, so anything else is a percent script. */
function readStream(host: Host, bytes: Uint8Array, shown: string): Outcome<Source> {
  const start = new TextDecoder().decode(bytes.subarray(0, 1024)).trim();
  if (start === '') return { ok: false, result: usage(`${shown} is empty.`, pipeHelp) };
  const fileName = start.startsWith('{') ? 'stdin.ipynb' : 'stdin.py';
  return { ok: true, value: { bytes, isStream: true, fileName, folder: host.cwd, stem: 'notebook' } };
}

function readStandardInput(host: Host): Outcome<Source> {
  try {
    return readStream(host, host.readInput(), 'Standard input');
  } catch (error) {
    if (!isFileError(error)) throw error;
    return { ok: false, result: fileProblem(`Standard input cannot be read: ${describeFileError(error)}.`, pipeHelp) };
  }
}

/** `a/b.ipynb` is called `b`. */
export function stemOf(name: string): string {
  return path.basename(name).replace(/\.(?:ipynb|py|cellwright)$/i, '');
}

async function compileInput(
  host: Host,
  request: Source & { readonly name: string; readonly values: ParameterValues; readonly found: FoundProfile },
): Promise<Outcome<Input>> {
  const { profile, warnings } = request.found;
  const asRead = { bytes: request.bytes, name: request.fileName, profile };
  let compilation = await compileNotebook(host.installation, asRead);
  const { bundle: plain, notebook: original } = compilation;
  if (request.values.size > 0 && plain !== undefined && original !== undefined) {
    const unknown = findUnknown(request.values, plain.parameters);
    if (unknown !== undefined) return { ok: false, result: usage(unknown.message, unknown.help) };
    const misfit = findMisfit(request.values, plain.parameters);
    if (misfit !== undefined) return { ok: false, result: usage(misfit.message, misfit.help, 'CW901') };
    const document = injectParameters(original.document, request.values, injectionOf(plain, original.document));
    const injected = { bytes: document, name: `${request.stem}.ipynb`, profile };
    compilation = await compileNotebook(host.installation, injected);
  }
  const diagnostics = [...compilation.diagnostics, ...warnings];
  const { bundle, notebook } = compilation;
  const counts = new Map(bundle?.tasks.map((task) => [task.id, task.executionCount]));
  const sources = new Map(
    notebook?.cells.map(({ id, source }) => [id, { source, executionCount: counts.get(id) ?? 0 }]) ?? [],
  );
  if (
    plain === undefined ||
    original === undefined ||
    bundle === undefined ||
    notebook === undefined ||
    diagnostics.some(({ severity }) => severity === 'error')
  ) {
    const status = isUnreadable(diagnostics) ? 'usage' : 'refused';
    return { ok: false, result: { status, diagnostics, text: '', document: { notebook: request.name }, sources } };
  }
  const { isStream, folder, stem, name, values, bytes } = request;
  const { document } = notebook;
  const value = {
    plain: { bundle: plain, document: original.document },
    values,
    path: name,
    isStream,
    folder,
    stem,
    bundle,
    document,
    compilation,
    diagnostics,
    sources,
    bytes,
    profile,
    bundleText: request.bundleText,
  };
  if (request.bundleText === undefined) return { ok: true, value };
  const stored = readStored(request.bundleText, plain);
  if (!stored.ok) {
    const result: CommandResult = {
      status: 'usage',
      diagnostics: stored.error,
      text: '',
      document: { notebook: name },
    };
    return { ok: false, result };
  }
  // With parameters the notebook is another one, so what was compiled does not fit it.
  return { ok: true, value: values.size > 0 ? value : { ...value, bundle: stored.value } };
}

function injectionOf(bundle: Bundle, document: string): Parameters<typeof injectParameters>[2] {
  return { places: placesOf(bundle, document), language: bundle.notebook.language };
}

/** The cells tagged `parameters` that bind or declare each parameter. */
function placesOf(bundle: Bundle, document: string): ParameterPlaces {
  const tagged = cellsTagged(document, 'parameters');
  const places = new Map(bundle.parameters.map(({ name, cell }) => [name, new Set([cell])]));
  for (const { id, accesses } of bundle.tasks.filter((task) => tagged.has(task.id))) {
    for (const { resource, access } of accesses) {
      if (access === 'bind' && resource.kind === 'variable') places.get(resource.name)?.add(id);
    }
  }
  return places;
}

/** The same notebook with other values, each of which is known to fit. */
export async function compileWith(
  host: Host,
  { plain, stem, profile }: Input,
  values: ParameterValues,
): Promise<Compilation> {
  const document = injectParameters(plain.document, values, injectionOf(plain.bundle, plain.document));
  return await compileNotebook(host.installation, { bytes: document, name: `${stem}.ipynb`, profile });
}

/** The bundle as it was compiled, when it is the one of the notebook beside it, and its tasks are what that notebook's cells say. */
function readStored(text: string, recompiled: Bundle): Result<Bundle> {
  const stored = readBundle(text);
  if (!stored.ok) return stored;
  const refuse = (message: string, help: string): Result<Bundle> => ({
    ok: false,
    error: [{ code: 'CW303', severity: 'error', message, help, related: [] }],
  });
  if (stored.value.notebook.digest !== recompiled.notebook.digest) {
    const help = 'Change the notebook outside of the bundle, and compile it again.';
    return refuse('The notebook in the bundle is not the one that was compiled.', help);
  }
  const edited = findEdited(stored.value, recompiled);
  if (edited === undefined) return stored;
  return refuse(`${edited} in bundle.json is not what its notebook says.`, 'Compile the notebook again.');
}

/** The first task that runs something else than its cell, or in another way: results are remembered under the cell's digest. */
function findEdited(stored: Bundle, recompiled: Bundle): string | undefined {
  const whatRuns = ({ id, index, executionCount, source, code, directives }: Task): string =>
    canonicalJson({ id, index, executionCount, source, code, directives });
  if (stored.tasks.length !== recompiled.tasks.length) return 'The number of tasks';
  const place = stored.tasks.findIndex((task, at) => {
    const own = recompiled.tasks[at];
    return own === undefined || whatRuns(task) !== whatRuns(own);
  });
  return place < 0 ? undefined : `The task ${stored.tasks[place]?.name ?? ''}`;
}

/** The task that a person means: its name, its cell's id, its label, or the number in `In [n]`. */
export function findTask(bundle: Bundle, word: string): Outcome<Task> {
  const number = /^\[?(\d+)\]?$/.exec(word)?.[1];
  const found = bundle.tasks.find(
    (task) =>
      task.id === word ||
      task.name === word ||
      task.directives.label === word ||
      (number !== undefined && task.executionCount === Number(number) && task.executionCount > 0),
  );
  if (found !== undefined) return { ok: true, value: found };
  const near = nearest(
    word,
    bundle.tasks.flatMap((task) => [task.name, task.id]),
  );
  const last = Math.max(0, ...bundle.tasks.map((task) => task.executionCount));
  const help =
    near === undefined
      ? `Name a cell by the number in In [n]${last === 0 ? '' : ` (1 to ${last})`}, by its id or by its task.`
      : `Did you mean ${near}?`;
  return { ok: false, result: usage(`There is no code cell ${word === '' ? 'without a name' : word}.`, help) };
}
