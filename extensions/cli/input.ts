import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic, Result } from '../../compiler/bundle/diagnostic.ts';
import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import { readBundle } from '../../compiler/bundle/read.ts';
import { nearest, type ParsedArguments } from './args.ts';
import { usage, type CommandResult, type Host } from './host.ts';
import {
  describeMismatch,
  findUnknown,
  injectParameters,
  readMapping,
  readValue,
  type ParameterValue,
  type ParameterValues,
} from './parameters.ts';
import type { Compilation } from '../../compiler/index.ts';
import { compileNotebook, isUnreadable } from './toolchain.ts';

/** A notebook or bundle that a command works on, compiled. */
export interface Input {
  /** The file or bundle folder as it was named. */
  readonly path: string;
  /** The notebook's folder: where its cells run unless something else is said. */
  readonly folder: string;
  /** The notebook's name without its ending. */
  readonly stem: string;
  readonly bundle: Bundle;
  /** nbformat 4.5 JSON text. */
  readonly document: string;
  readonly compilation: Compilation;
  /** Parameters given on the command line. */
  readonly values: ParameterValues;
  readonly diagnostics: readonly Diagnostic[];
  /** Source of every cell by id, for diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
}

/** What was asked for, or the result that says why it cannot be had. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly result: CommandResult };

/** True for errors of the file system, which are expected. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

/** One sentence for an error of the file system. */
export function describeFileError(error: NodeJS.ErrnoException): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission is denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is no folder',
    EROFS: 'the disk is read-only',
    ENOSPC: 'the disk is full',
  };
  return known[error.code ?? ''] ?? error.message;
}

/** Reads a file that a person named. */
export function readNamedFile(host: Host, name: string): Outcome<Uint8Array> {
  try {
    return { ok: true, value: readFileSync(path.resolve(host.cwd, name)) };
  } catch (error) {
    if (!isFileError(error)) throw error;
    return { ok: false, result: usage(`${name} cannot be read: ${describeFileError(error)}.`, 'Check the path.') };
  }
}

/** Reads and compiles the notebook, or the notebook of the bundle, that the command names first. */
export async function openInput(host: Host, parsed: ParsedArguments): Promise<Outcome<Input>> {
  const [name] = parsed.positionals;
  if (name === undefined) {
    return { ok: false, result: usage('No notebook was named.', 'Name an .ipynb or percent-format .py file.') };
  }
  const values = readParameters(host, parsed);
  if (!values.ok) return values;
  const source = name === '-' ? readStandardInput(host) : readSource(host, name);
  if (!source.ok) return source;
  return compileInput(host, { ...source.value, name, values: values.value });
}

interface Source {
  readonly bytes: Uint8Array;
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
  if (isBundle && statSync(file, { throwIfNoEntry: false }) === undefined) {
    const help = 'Name a notebook, or a folder that compile wrote.';
    return { ok: false, result: usage(`${name} is a folder, and no bundle.`, help) };
  }
  const bytes = readNamedFile(host, file);
  if (!bytes.ok) return bytes;
  const place = { fileName: path.basename(file), folder: path.dirname(full), stem: stemOf(full), bytes: bytes.value };
  if (!isBundle) return { ok: true, value: place };
  const stored = readNamedFile(host, path.join(full, 'bundle.json'));
  if (!stored.ok) return stored;
  return { ok: true, value: { ...place, bundleText: new TextDecoder().decode(stored.value) } };
}

/** As papermill does; the cells run in the current folder. A notebook is a JSON object, so anything else is a percent script. */
function readStandardInput(host: Host): Outcome<Source> {
  try {
    const bytes = host.readInput();
    const isDocument = /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 1024)));
    const fileName = isDocument ? 'notebook.ipynb' : 'notebook.py';
    return { ok: true, value: { bytes, fileName, folder: host.cwd, stem: 'notebook' } };
  } catch (error) {
    if (!isFileError(error)) throw error;
    const help = 'Send the notebook through a pipe, or name a file.';
    return { ok: false, result: usage(`Standard input cannot be read: ${describeFileError(error)}.`, help) };
  }
}

function isFolder(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** `a/b.ipynb` is called `b`. */
export function stemOf(name: string): string {
  return path.basename(name).replace(/\.(?:ipynb|py|cellwright)$/, '');
}

async function compileInput(
  host: Host,
  request: Source & { readonly name: string; readonly values: ParameterValues },
): Promise<Outcome<Input>> {
  let compilation = await compileNotebook(host.installation, request.bytes, request.fileName);
  const warnings: Diagnostic[] = [];
  const { bundle: plain, notebook: original } = compilation;
  if (request.values.size > 0 && plain !== undefined && original !== undefined) {
    const unknown = findUnknown(request.values, plain.parameters);
    if (unknown !== undefined) return { ok: false, result: usage(unknown.message, unknown.help) };
    for (const message of describeMismatch(request.values, plain.parameters)) {
      const help = 'True, False, None and numbers are typed as Python writes them; -r NAME TEXT always gives text.';
      warnings.push({ code: 'CW901', severity: 'warning', message, help, related: [] });
    }
    const document = injectParameters(original.document, request.values);
    compilation = await compileNotebook(host.installation, document, `${request.stem}.ipynb`);
  }
  const diagnostics = [...compilation.diagnostics, ...warnings];
  const { bundle, notebook } = compilation;
  const sources = new Map(notebook?.cells.map((cell) => [cell.id, cell.source]) ?? []);
  if (bundle === undefined || notebook === undefined || diagnostics.some(({ severity }) => severity === 'error')) {
    const status = isUnreadable(diagnostics) ? 'usage' : 'refused';
    return { ok: false, result: { status, diagnostics, text: '', document: { notebook: request.name }, sources } };
  }
  const { folder, stem, name, values } = request;
  const { document } = notebook;
  const value = { values, path: name, folder, stem, bundle, document, compilation, diagnostics, sources };
  if (request.bundleText === undefined || plain === undefined) return { ok: true, value };
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

/** The bundle as it was compiled, when it is the one of the notebook beside it. */
function readStored(text: string, recompiled: Bundle): Result<Bundle> {
  const stored = readBundle(text);
  if (!stored.ok || stored.value.notebook.digest === recompiled.notebook.digest) return stored;
  const message = 'The notebook in the bundle is not the one that was compiled.';
  const help = 'Change the notebook outside of the bundle, and compile it again.';
  return { ok: false, error: [{ code: 'CW303', severity: 'error', message, help, related: [] }] };
}

function readParameters(host: Host, parsed: ParsedArguments): Outcome<ParameterValues> {
  // Files first and single values last, whatever their order in the command line, as papermill does.
  const order = ['parameters-base64', 'parameters-file', 'parameters-yaml', 'parameters', 'parameters-raw'];
  const values = new Map<string, ParameterValue>();
  for (const flag of order) {
    for (const use of parsed.uses.filter((candidate) => candidate.flag === flag)) {
      const [first = '', second = ''] = use.values;
      if (flag === 'parameters' || flag === 'parameters-raw') {
        values.set(first, flag === 'parameters' ? readValue(second) : second);
        continue;
      }
      let text = first;
      if (flag === 'parameters-file') {
        const bytes = readNamedFile(host, first);
        if (!bytes.ok) return bytes;
        text = new TextDecoder().decode(bytes.value);
      }
      if (flag === 'parameters-base64') text = Buffer.from(first, 'base64').toString('utf8');
      const origin = { 'parameters-file': first, 'parameters-yaml': 'The text after -y' }[flag] ?? 'The text after -b';
      const read = readMapping(text, origin);
      if (!read.ok) return { ok: false, result: usage(read.error.message, read.error.help) };
      for (const [key, value] of read.value) values.set(key, value);
    }
  }
  return { ok: true, value: values };
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
  const help =
    near === undefined ? 'Name a cell by the number in In [n], by its id or by its task.' : `Did you mean ${near}?`;
  return { ok: false, result: usage(`There is no code cell ${word}.`, help) };
}
