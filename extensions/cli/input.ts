import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { Bundle, Task } from '../../compiler/bundle/format.ts';
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
  const place = locate(host, name);
  const bytes = readNamedFile(host, place.file);
  if (!bytes.ok) return bytes;
  return compileInput(host, { ...place, name, bytes: bytes.value, values: values.value });
}

interface Place {
  readonly file: string;
  readonly folder: string;
  readonly stem: string;
}

/** A bundle's folder stands beside its notebook, so its own folder is where the cells run. */
function locate(host: Host, name: string): Place {
  const full = path.resolve(host.cwd, name);
  if (!isFolder(full)) return { file: full, folder: path.dirname(full), stem: stemOf(full) };
  return { file: path.join(full, 'notebook.ipynb'), folder: path.dirname(full), stem: stemOf(full) };
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
  request: Place & { readonly name: string; readonly bytes: Uint8Array; readonly values: ParameterValues },
): Promise<Outcome<Input>> {
  const fileName = path.basename(request.file);
  let compilation = await compileNotebook(host.installation, request.bytes, fileName);
  const warnings: Diagnostic[] = [];
  const { bundle: plain, notebook: original } = compilation;
  if (request.values.size > 0 && plain !== undefined && original !== undefined) {
    const unknown = findUnknown(request.values, plain.parameters);
    if (unknown !== undefined) return { ok: false, result: usage(unknown.message, unknown.help) };
    for (const message of describeMismatch(request.values, plain.parameters)) {
      const help = 'Use -r NAME TEXT to give a string as it is.';
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
  const { folder, stem, name } = request;
  const { document } = notebook;
  return { ok: true, value: { path: name, folder, stem, bundle, document, compilation, diagnostics, sources } };
}

function readParameters(host: Host, parsed: ParsedArguments): Outcome<ParameterValues> {
  // Files first and single values last, whatever their order in the command line, as papermill does.
  const order = ['parameters-file', 'parameters-yaml', 'parameters', 'parameters-raw'];
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
      const read = readMapping(text, flag === 'parameters-file' ? first : 'The text after -y');
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
