import { isObject, findMismatch } from './follow-schema.ts';
import type { Diagnostic, Result } from './diagnostic.ts';
import type { DiagnosticCode } from './codes.ts';
import type { Digest } from './format.ts';
import { record, type Schema } from './schema.ts';

/** The version of an effects profile; one of another version is left out of account. */
export const profileVersion = 1;

/** Among what a cell wrote further: files that are far from the notebook. */
export const farFiles = 'files:far';

/** What runs observed of one cell: names, and never a value. */
export interface CellEffects {
  /** The task's name when it was written, for people. */
  readonly name: string;
  /** Digest of the cell's code. */
  readonly code: Digest;
  /** What it read, each with the digest of the code of the cell that had written it. Where one of these has changed, the cell may do something else. */
  readonly uses: Readonly<Record<string, Digest>>;
  readonly reads: readonly string[];
  readonly binds: readonly string[];
  readonly changes: readonly string[];
  readonly deletes: readonly string[];
  /** Hidden state of the process that it changed, and generators of random numbers that it drew from. */
  readonly state: readonly string[];
  /** Files in the notebook's folder or near it. */
  readonly files: { readonly reads: readonly string[]; readonly writes: readonly string[] };
  /** What it did to the world outside: started a program, used the network. */
  readonly outside: readonly string[];
  /** Modules that it imported and its import statements do not name. */
  readonly imports: readonly string[];
  /** Names whose values cannot leave their process, and what they are. */
  readonly held: Readonly<Record<string, string>>;
  /**
   * What else it wrote, for engines with a fixed graph, in the names of the worker: classes and functions (`def:…`), changes inside libraries (`slot:…`),
   * variables that only share objects with others than before, `shown:NAME` for those whose value it gave as its result, and `files:far` when it wrote files
   * far from the notebook. Absent in files of earlier versions.
   */
  readonly further?: readonly string[];
}

/** What runs observed of a notebook, for the next compile. It changes when tasks start, and never what they give. */
export interface EffectsProfile {
  readonly formatVersion: typeof profileVersion;
  /** In notebook order. */
  readonly cells: readonly CellEffects[];
  /** Why all cells ran in one process, when they did. */
  readonly oneProcess: readonly string[];
}

const text: Schema = { type: 'string' };
const names: Schema = { type: 'array', items: text };
const digest: Schema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };

/** The published schema of `NB.effects.json`. */
export const effectsSchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:cellwright:effects:1',
  title: 'Cellwright effects profile, format version 1',
  description:
    'What runs of a notebook observed of its cells: names, never values. It makes the next compile more precise.',
  ...record({
    formatVersion: { const: profileVersion },
    cells: {
      type: 'array',
      items: record(
        {
          name: text,
          code: digest,
          uses: { type: 'object', additionalProperties: digest },
          reads: names,
          binds: names,
          changes: names,
          deletes: names,
          state: names,
          files: record({ reads: names, writes: names }),
          outside: names,
          imports: names,
          held: { type: 'object', additionalProperties: text },
        },
        { further: names },
      ),
    },
    oneProcess: names,
  }),
};

/** The text of a profile: a name a line in a fixed order, so that two versions of it are compared easily. */
export function writeEffectsProfile({ cells, oneProcess }: EffectsProfile): string {
  const inOrder: EffectsProfile = {
    formatVersion: profileVersion,
    cells: cells.map((cell) => ({
      name: cell.name,
      code: cell.code,
      uses: byName(cell.uses),
      reads: sorted(cell.reads),
      binds: sorted(cell.binds),
      changes: sorted(cell.changes),
      deletes: sorted(cell.deletes),
      state: sorted(cell.state),
      files: { reads: sorted(cell.files.reads), writes: sorted(cell.files.writes) },
      outside: sorted(cell.outside),
      imports: sorted(cell.imports),
      held: byName(cell.held),
      ...(cell.further !== undefined && { further: sorted(cell.further) }),
    })),
    oneProcess: sorted(oneProcess),
  };
  return `${JSON.stringify(inOrder, null, 1)}\n`;
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

function byName<T>(values: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(values).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function leftOut(code: DiagnosticCode, message: string): Result<never, Diagnostic> {
  const help =
    'Nothing else changes: results are the same without it. Write it again with cellwright profile NB, or remove it.';
  return { ok: false, error: { code, severity: 'warning', message, help, related: [] } };
}

/**
 * Reads the text of a profile; a problem is a warning, since every result is the same without one. Never throws on any input.
 * @param shown how the file is called in messages
 */
export function readEffectsProfile(written: string, shown: string): Result<EffectsProfile, Diagnostic> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(written);
    const version = isObject(parsed) ? parsed['formatVersion'] : undefined;
    if (version === undefined) return leftOut('CW311', `${shown} is no effects profile, and is left out of account.`);
    if (version !== profileVersion) {
      const found = `format version ${JSON.stringify(version)}`;
      return leftOut(
        'CW312',
        `${shown} has ${found}, and is left out of account; this program reads version ${String(profileVersion)}.`,
      );
    }
    const problem = findMismatch(parsed, effectsSchema);
    if (problem !== undefined) return leftOut('CW311', `${shown} is damaged, and is left out of account: ${problem}.`);
  } catch (error) {
    // Nested more deeply than any profile.
    if (error instanceof SyntaxError || error instanceof RangeError)
      return leftOut('CW311', `${shown} is not valid JSON, and is left out of account.`);
    throw error;
  }
  // The schema has just been checked, and it says the same as the type.
  return { ok: true, value: parsed as EffectsProfile };
}
