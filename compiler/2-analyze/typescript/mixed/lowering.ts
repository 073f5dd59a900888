import type { Range } from '../../../bundle/diagnostic.ts';
import type { FileUse, NameUse, OutsideUse } from '../../effects.ts';
import type { MixedCell } from '../../../1-read/mixed-cell.ts';

/** A mixed cell as TypeScript that the kernel itself could run, and what its text says that it does. */
export interface Lowering {
  readonly text: string;
  /** Variables that it declares, each with the value kind of the analysis; all with `let`. */
  readonly binds: readonly NameUse[];
  /** Variables that it looks for, and takes if they are there. */
  readonly reads: readonly NameUse[];
  readonly files: readonly FileUse[];
  readonly outside: readonly OutsideUse[];
  /** Tables of a database that it makes, and that it looks for and makes nowhere itself. */
  readonly tables?: { readonly made: readonly string[]; readonly wanted: readonly NameUse[] };
  /** What it imports is closed when it ends, and opens only files that the text has opened before. */
  readonly isConfined?: true;
  /** The file of which it only looks whether it is there, although it asks to read it. */
  readonly looksFor?: string;
}

/** Why a mixed cell cannot be understood. */
export interface NotUnderstood {
  readonly message: string;
  readonly help: string;
  readonly range: Range;
}

export type Lowered =
  { readonly ok: true; readonly value: Lowering } | { readonly ok: false; readonly error: NotUnderstood };

/** Turns one kind of mixed cell into TypeScript. */
export type Lower = (cell: MixedCell) => Lowered;

/** The range of a part of the first line's words; without one, of all that stands on the line. */
export function rangeOfWords(
  { name, words, line, column }: MixedCell,
  part?: { readonly from: number; readonly to: number },
): Range {
  const [from, to] = part === undefined ? [0, column + words.trimEnd().length] : [column + part.from, column + part.to];
  return {
    start: { line, column: from },
    end: { line, column: Math.max(to, part === undefined ? 2 + name.length : from + 1) },
  };
}

/** What a cell is refused with. */
export function refused(range: Range, message: string, help: string): Lowered {
  return { ok: false, error: { message, help, range } };
}

/** True for a word that can name a variable. */
export function isIdentifier(word: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(word);
}

/** A text as a literal of TypeScript. */
export function literal(value: unknown): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
