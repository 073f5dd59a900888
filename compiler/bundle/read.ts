import type { DiagnosticCode } from './codes.ts';
import type { Diagnostic, Result } from './diagnostic.ts';
import { formatVersion, type Bundle } from './format.ts';
import { findMismatch, isObject } from './follow-schema.ts';
import { bundleSchema } from './schema.ts';

function unreadable(code: DiagnosticCode, message: string): Result<never> {
  const help = 'Compile the notebook again: cellwright compile NOTEBOOK.';
  const diagnostic: Diagnostic = { code, severity: 'error', message, help, related: [] };
  return { ok: false, error: [diagnostic] };
}

/**
 * Reads the text of a `bundle.json`: checks its version, its shape against the published schema, and that its tasks and edges fit
 * together. Never throws on any input.
 */
export function readBundle(text: string): Result<Bundle> {
  const parsed = parse(text);
  if (parsed === undefined) return unreadable('CW301', 'bundle.json is not valid JSON.');
  const version = isObject(parsed) ? parsed['formatVersion'] : undefined;
  if (version !== formatVersion) {
    const found = version === undefined ? 'no format version' : `format version ${JSON.stringify(version)}`;
    return unreadable('CW302', `bundle.json has ${found}; this program reads version ${String(formatVersion)}.`);
  }
  const problem = findMismatch(parsed, bundleSchema);
  if (problem !== undefined) return unreadable('CW301', `bundle.json is damaged: ${problem}.`);
  // The schema has just been checked, and it says the same as the type.
  const bundle = parsed as unknown as Bundle;
  const loose = looseEnd(bundle);
  return loose === undefined ? { ok: true, value: bundle } : unreadable('CW301', `bundle.json is damaged: ${loose}.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What the schema cannot say: names are unique, edges join tasks of the bundle, an earlier one with a later one. */
function looseEnd({ tasks, edges, claims = [] }: Bundle): string | undefined {
  const places = new Map(tasks.map((task, place) => [task.id, place]));
  if (places.size < tasks.length) return 'two tasks have one id';
  if (new Set(tasks.map((task) => task.name)).size < tasks.length) return 'two tasks have one name';
  for (const { from, to } of [...edges, ...claims]) {
    const [start, end] = [places.get(from), places.get(to)];
    if (start === undefined || end === undefined) return `an edge joins ${from} and ${to}, which are not both tasks`;
    if (start >= end) return `an edge goes back from ${from} to ${to}`;
  }
  return undefined;
}
