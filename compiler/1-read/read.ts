import type { DiagnosticCode } from '../bundle/codes.ts';
import type { Diagnostic, Result } from '../bundle/diagnostic.ts';
import { decodeUtf8, digest } from '../bundle/canonical.ts';
import type { Cell, Notebook } from './notebook.ts';
import { parsePercent } from './percent.ts';
import { upgradeVersion3 } from './version-3.ts';

type Json = Record<string, unknown>;

function unreadable(code: DiagnosticCode, message: string, help: string): Result<never> {
  const diagnostic: Diagnostic = { code, severity: 'error', message, help, related: [] };
  return { ok: false, error: [diagnostic] };
}

/**
 * Reads a notebook file: nbformat 3 and 4 as JSON, or percent-format Python (`# %%`). Never throws on any input.
 * @param name the file's base name; a name ending in `.py` is read as percent format
 */
export function readNotebook(bytes: Uint8Array | string, name: string): Result<Notebook> {
  const text = typeof bytes === 'string' ? bytes.replace(/^\uFEFF/, '') : decodeUtf8(bytes);
  if (text === undefined) return unreadable('CW101', `${name} is not UTF-8 text.`, 'Save the notebook as UTF-8.');
  if (name.endsWith('.py')) return fromDocument(parsePercent(text), name);
  const parsed = parseJson(text);
  if (parsed === undefined) return notJson(text, name);
  if (!isObject(parsed))
    return unreadable(
      'CW103',
      `${name} is JSON, but no notebook.`,
      'Give the path of an .ipynb file or a percent-format .py file.',
    );
  const major = parsed['nbformat'];
  if (major === 3 || (major === undefined && Array.isArray(parsed['worksheets'])))
    return fromDocument(upgradeVersion3(parsed), name);
  if (major !== 4) {
    return unreadable(
      'CW104',
      `${name} is of nbformat ${major === undefined ? 'unknown' : JSON.stringify(major)}, which cannot be read.`,
      'Versions 3 and 4 are read; convert it with jupyter nbconvert --to notebook.',
    );
  }
  return fromDocument(parsed, name);
}

function notJson(text: string, name: string): Result<never> {
  if (text.trim() === '') return unreadable('CW102', `${name} is empty.`, 'Open it in Jupyter and save it again.');
  const marker = text.split('\n').findIndex((line) => line.startsWith('<<<<<<< '));
  if (marker < 0)
    return unreadable(
      'CW102',
      `${name} is not valid JSON.`,
      'The file may be cut off; open it in Jupyter and save it again, or take an earlier version.',
    );
  const help = 'Resolve the conflict first; nbdime knows how to merge notebooks.';
  return unreadable('CW102', `${name} holds the markers of a merge conflict from line ${String(marker + 1)} on.`, help);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** True for a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Source and text fields are a string or a list of lines. */
export function joinLines(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((line) => typeof line === 'string')) return value.join('');
  return undefined;
}

function fromDocument(document: Json, name: string): Result<Notebook> {
  const stored = document['cells'];
  if (!Array.isArray(stored)) return unreadable('CW103', `${name} has no cells.`, 'Give the path of an .ipynb file.');
  const metadata = isObject(document['metadata']) ? document['metadata'] : {};
  const cells: Cell[] = [];
  const written: Json[] = [];
  const ids = new Set<string>();
  for (const [index, raw] of stored.entries()) {
    if (!isObject(raw))
      return unreadable(
        'CW105',
        `Cell ${String(index + 1)} of ${name} is no cell.`,
        'Open the notebook in Jupyter and save it again.',
      );
    const source = joinLines(raw['source'] ?? '');
    if (source === undefined)
      return unreadable(
        'CW105',
        `Cell ${String(index + 1)} of ${name} has a source that is no text.`,
        'Open the notebook in Jupyter and save it again.',
      );
    const type = raw['cell_type'];
    if (type !== 'code' && type !== 'markdown' && type !== 'raw') {
      return unreadable(
        'CW106',
        `Cell ${String(index + 1)} of ${name} is of the unknown type ${type === undefined ? 'none' : JSON.stringify(type)}.`,
        'Cells are code, markdown or raw.',
      );
    }
    const cellMetadata = isObject(raw['metadata']) ? raw['metadata'] : {};
    const id = chooseId(raw['id'], type, source, ids);
    ids.add(id);
    const tags = Array.isArray(cellMetadata['tags'])
      ? cellMetadata['tags'].filter((tag) => typeof tag === 'string')
      : [];
    cells.push({ id, index, kind: type, source, tags, metadata: cellMetadata });
    written.push(documentCell(raw, id, type, source, cellMetadata));
  }
  const spec = isObject(metadata['kernelspec']) ? metadata['kernelspec'] : {};
  const info = isObject(metadata['language_info']) ? metadata['language_info'] : {};
  const language = [spec['language'], info['name'], 'python'].find((value) => typeof value === 'string') as string;
  const kernelName = typeof spec['name'] === 'string' ? spec['name'] : 'python3';
  const text = JSON.stringify({ cells: written, metadata, nbformat: 4, nbformat_minor: 5 });
  return { ok: true, value: { name, language: language.toLowerCase(), kernelName, cells, document: text } };
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
