import type { DiagnosticCode } from '../bundle/codes.ts';
import type { Diagnostic, Result } from '../bundle/diagnostic.ts';
import { decodeUtf8, digest } from '../bundle/canonical.ts';
import type { Cell, Notebook } from './notebook.ts';
import { parsePercent } from './percent.ts';
import { upgradeVersion3 } from './version-3.ts';

type Json = Record<string, unknown>;

function unreadable(code: DiagnosticCode, message: string, help: string, cell?: Diagnostic['location']): Result<never> {
  const place = cell === undefined ? {} : { location: cell };
  const diagnostic: Diagnostic = { code, severity: 'error', message, help, related: [], ...place };
  return { ok: false, error: [diagnostic] };
}

/** Engines of JavaScript keep no longer texts. */
const mostLetters = 500_000_000;

function tooLarge(name: string): Result<never> {
  const help = 'Clear its outputs, or keep the data in a file of its own.';
  return unreadable('CW110', `${name} is larger than 500 MB.`, help);
}

/** Python's own limit is about as deep, so no tool of Jupyter's reads more. */
const deepest = 900;

/**
 * Reads a notebook file: nbformat 3 and 4 as JSON, or percent-format Python (`# %%`). Never throws on any input.
 * @param name the file's base name; a name ending in `.py` is read as percent format
 */
export function readNotebook(bytes: Uint8Array | string, name: string): Result<Notebook> {
  if (bytes.length > mostLetters) return tooLarge(name);
  const text = typeof bytes === 'string' ? bytes.replace(/^\uFEFF/, '') : decodeUtf8(bytes);
  if (text === undefined) return unreadable('CW101', `${name} is not UTF-8 text.`, 'Save the file as UTF-8.');
  if (/\.py$/i.test(name)) return fromScript(text, name);
  const parsed = parseNotebookJson(text);
  if ('message' in parsed) return notJson(text, name, parsed.message);
  const { value } = parsed;
  const isNotebook = isObject(value) && (Array.isArray(value['cells']) || Array.isArray(value['worksheets']));
  if (!isObject(value) || (!isNotebook && value['nbformat'] === undefined)) {
    const help = 'Give the path of an .ipynb file or a percent-format .py file.';
    return unreadable('CW103', `${name} is JSON, but no notebook.`, help);
  }
  if (isDeeper(value, deepest)) {
    const help = 'No notebook is that deep; look for what a program wrote into its metadata or outputs.';
    return unreadable('CW109', `${name} is nested more than ${String(deepest)} levels deep.`, help);
  }
  const major = value['nbformat'];
  if (major === 3 || (major === undefined && Array.isArray(value['worksheets'])))
    return fromDocument(upgradeVersion3(value), name);
  if (major === 4) return fromDocument(value, name);
  const found = major === undefined ? 'does not say its nbformat' : `is of nbformat ${JSON.stringify(major)}`;
  const help = 'Versions 3 and 4 are read; convert it with jupyter nbconvert --to notebook.';
  return unreadable('CW104', `${name} ${found}, and cannot be read.`, help);
}

function fromScript(text: string, name: string): Result<Notebook> {
  const read = parsePercent(text);
  if (read.ok) return fromDocument(read.document, name);
  if (read.problem === 'header') {
    const help = 'Mend the lines between the two `# ---`, or take them out.';
    return unreadable('CW107', `The header of ${name} is not YAML: ${read.message}.`, help);
  }
  const help = `Convert it first: jupytext --to py:percent ${name}`;
  return unreadable('CW108', `${name} is in jupytext's ${read.format} format, not in the percent format.`, help);
}

/** Endings of notebooks that other tools write as text. */
const textFormats = /\.(?:md|markdown|rmd|qmd|r|jl)$/i;

function notJson(text: string, name: string, message: string): Result<never> {
  if (text.trim() === '') return unreadable('CW102', `${name} is empty.`, 'Open it in Jupyter and save it again.');
  const marker = text.split('\n').findIndex((line) => line.startsWith('<<<<<<< '));
  if (marker >= 0) {
    const help = 'Resolve the conflict first; nbdime knows how to merge notebooks.';
    return unreadable(
      'CW102',
      `${name} holds the markers of a merge conflict from line ${String(marker + 1)} on.`,
      help,
    );
  }
  if (!text.trimStart().startsWith('{')) {
    const help = textFormats.test(name)
      ? `Convert it first: jupytext --to ipynb ${name}`
      : 'Give the path of an .ipynb file or a percent-format .py file.';
    return unreadable('CW102', `${name} is not valid JSON.`, help);
  }
  const help = 'The file may be cut off; open it in Jupyter and save it again, or take an earlier version.';
  return unreadable('CW102', `${name} is not valid JSON${placeIn(text, message)}.`, help);
}

/** Where the parser stopped, when it says so. */
function placeIn(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined) return /end of/i.test(message) ? ': it ends too early' : '';
  const before = text.slice(0, Number(position)).split('\n');
  return ` in line ${String(before.length)}, column ${String((before.at(-1)?.length ?? 0) + 1)}`;
}

type Parsed = { readonly value: unknown } | { readonly message: string };

/** JSON, and the numbers that Python writes beside it: NaN and Infinity are read as null. */
function parseNotebookJson(text: string): Parsed {
  const read = parseJson(text);
  if ('value' in read || !/NaN|Infinity/.test(text)) return read;
  const again = parseJson(
    text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (part) => (part[0] === '"' ? part : 'null')),
  );
  return 'value' in again ? again : read;
}

function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return { message: error.message };
    throw error;
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inside) => isDeeper(inside, levels - 1));
}

/** True for a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Source and text fields are a string or a list of lines. */
function joinLines(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((line) => typeof line === 'string')) return value.join('');
  return undefined;
}

function fromDocument(document: Json, name: string): Result<Notebook> {
  const list = document['cells'];
  if (!Array.isArray(list)) return unreadable('CW103', `${name} has no cells.`, 'Give the path of an .ipynb file.');
  const metadata = isObject(document['metadata']) ? document['metadata'] : {};
  const cells: Cell[] = [];
  const written: Json[] = [];
  const ids = new Set<string>();
  for (const [index, raw] of list.entries()) {
    const read = readCell(raw, index, name);
    if (!read.ok) return read;
    const { type, source, stored } = read.value;
    const cellMetadata = isObject(stored['metadata']) ? stored['metadata'] : {};
    const id = chooseId(stored['id'], type, source, ids);
    ids.add(id);
    const tags = Array.isArray(cellMetadata['tags'])
      ? cellMetadata['tags'].filter((tag) => typeof tag === 'string')
      : [];
    cells.push({ id, index, kind: type, source, tags, metadata: cellMetadata });
    written.push(documentCell(stored, id, type, source, cellMetadata));
  }
  const spec = isObject(metadata['kernelspec']) ? metadata['kernelspec'] : {};
  const info = isObject(metadata['language_info']) ? metadata['language_info'] : {};
  const language = [spec['language'], info['name'], 'python'].find((value) => typeof value === 'string') as string;
  const kernelName = typeof spec['name'] === 'string' ? spec['name'] : 'python3';
  const text = writeJson({ cells: written, metadata, nbformat: 4, nbformat_minor: 5 });
  if (text === undefined) return tooLarge(name);
  return { ok: true, value: { name, language: language.toLowerCase(), kernelName, cells, document: text } };
}

/** Undefined when the text would be too long: escapes can make it longer than what was read. */
function writeJson(value: Json): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface RawCell {
  readonly type: Cell['kind'];
  readonly source: string;
  readonly stored: Json;
}

/** A cell whose type and source are sound, or what is wrong with it. */
function readCell(raw: unknown, index: number, name: string): Result<RawCell> {
  const shown = `Cell ${String(index + 1)} of ${name}`;
  const help = 'Open the notebook in Jupyter and save it again.';
  if (!isObject(raw)) return unreadable('CW105', `${shown} is no cell.`, help, { cell: '', index });
  const place = { cell: typeof raw['id'] === 'string' ? raw['id'] : '', index };
  const source = joinLines(raw['source'] ?? '');
  if (source === undefined) return unreadable('CW105', `${shown} has a source that is no text.`, help, place);
  const type = raw['cell_type'];
  if (type === 'code' || type === 'markdown' || type === 'raw')
    return { ok: true, value: { type, source, stored: raw } };
  const found = type === undefined ? 'has no type' : `is of the unknown type ${JSON.stringify(type)}`;
  return unreadable('CW106', `${shown} ${found}.`, 'Change its cell_type to code, markdown or raw.', place);
}

function chooseId(stored: unknown, type: string, source: string, taken: ReadonlySet<string>): string {
  if (typeof stored === 'string' && /^[a-zA-Z0-9-_]{1,64}$/.test(stored) && !taken.has(stored)) return stored;
  const base = digest(`${type}\n${source}`).slice(7, 19);
  let id = base;
  for (let count = 2; taken.has(id); count++) id = `${base}-${String(count)}`;
  return id;
}

function documentCell(raw: Json, id: string, type: string, source: string, metadata: Json): Json {
  if (type !== 'code')
    return {
      cell_type: type,
      id,
      metadata,
      source,
      ...(isObject(raw['attachments']) ? { attachments: raw['attachments'] } : {}),
    };
  const outputs = Array.isArray(raw['outputs']) ? raw['outputs'].filter(isObject) : [];
  const count = typeof raw['execution_count'] === 'number' ? raw['execution_count'] : null;
  return { cell_type: 'code', execution_count: count, id, metadata, outputs, source };
}
