import type { Certainty, Formula, OutsideReason, Script, StateName } from '../bundle/format.ts';
import type { Diagnostic, Position, Range } from '../bundle/diagnostic.ts';
import type { Step, Value } from './steps.ts';

/** A name used in some way at a place. */
export interface NameUse {
  readonly name: string;
  readonly range: Range;
  readonly certainty: Certainty;
  /** Only lack of knowledge about a call makes this a mutation. */
  readonly assumed: boolean;
  /** Short source excerpt or rule for `explain`, for example `df['x'] = …`. */
  readonly reason: string;
}

/** What a function or class of the notebook does when it is called, from its own body alone. */
export interface Summary {
  readonly name: string;
  readonly kind: 'function' | 'class';
  /** In order. A parameter `x` of the block 2 is the variable `x@2` of its steps. */
  readonly parameters: readonly string[];
  /** Whether the first parameter is the object that it is called on: when there is one, always, or never. */
  readonly receiver: 'if-any' | 'always' | 'never';
  /** Of a method: it makes the object, or is called without being named, as for an operator. */
  readonly role?: 'constructor' | 'implicit';
  readonly block: number;
  /** Free globals that the body reads and binds (`global x`). */
  readonly reads: readonly NameUse[];
  readonly binds: readonly NameUse[];
  readonly steps: readonly Step[];
  /** Of a class. */
  readonly methods: readonly Summary[];
  readonly bases: readonly Value[];
}

/** Hidden state that the text itself shows, without a call: a magic, `_`. */
export interface StateUse {
  readonly state: StateName;
  readonly access: 'read' | 'write';
  readonly range: Range;
  readonly reason: string;
}

/** An effect on the world outside that the text itself shows: `!cmd`. */
export interface OutsideUse {
  readonly outside: OutsideReason;
  readonly range: Range;
  readonly reason: string;
}

/** A file that the text itself names, without a call: `%load file.py`. */
export interface FileUse {
  readonly path: string;
  readonly access: 'read' | 'write';
  readonly range: Range;
  readonly reason: string;
}

/** Something that a cell starts and does not wait for. */
export interface Lasting {
  readonly range: Range;
  readonly reason: string;
}

/** What one cell does, from its own text alone. `unknown` non-empty means: treat as touching everything. */
export interface Effects {
  /** Reads of module-level names not certainly bound before in the same cell. */
  readonly reads: readonly NameUse[];
  readonly binds: readonly NameUse[];
  readonly deletes: readonly NameUse[];
  /** Bindings, changes and calls of the top level; what a call does is for the linker to say. */
  readonly steps: readonly Step[];
  /** Functions, classes and their methods (`Class.method`). */
  readonly summaries: readonly Summary[];
  readonly state: readonly StateUse[];
  readonly files: readonly FileUse[];
  readonly outside: readonly OutsideUse[];
  /** Dotted module names imported at module level, in order. */
  readonly imports: readonly string[];
  /** Import statements that are certain to run, without aliases, in order. */
  readonly importStatements: readonly string[];
  /** So many of these come before anything else that the cell does. */
  readonly leadingImports: number;
  /** Names whose read cannot be observed at run time: shell lines, `del`. */
  readonly unobservable: readonly NameUse[];
  /** Unknown magics, text that cannot be parsed: each with its place. */
  readonly unknown: readonly { readonly reason: string; readonly range: Range }[];
  /** Digest input: the source with comments and layout removed. */
  readonly normalised: string;
  /** True when the text may show where code is written: comments count then, in all cells. */
  readonly showsLines: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** What goes on when the cell has ended: timers, promises that nothing waits for. */
  readonly outlives?: readonly Lasting[];
  /** Absent where the language runs as it is written. */
  readonly script?: Script;
  /** Of a cell that the kernel alone does not know: the same in the language of the notebook. */
  readonly lowered?: string;
}

/** A condition of a gate as the language reads it. */
export type ReadCondition =
  | {
      readonly ok: true;
      /** Absent when only the language itself can evaluate it. */
      readonly formula: Formula | undefined;
      /** What evaluating it does, at the place where it is written. */
      readonly effects: Effects;
    }
  | {
      readonly ok: false;
      readonly message: string;
      readonly help: string;
      /** In the text, in UTF-16 units. */
      readonly from: number;
      readonly to: number;
    };

/** The text of a cell as it is stored; id and index are for diagnostics. */
export interface CellText {
  readonly id: string;
  readonly index: number;
  readonly source: string;
}

/** A language is one room behind this interface. */
export interface LanguageAnalyzer {
  /** What each of all code cells of a notebook does. A language whose types flow from cell to cell looks at them together. Never throws on input. `kernel` is the name that the notebook gives its kernel. */
  analyzeCells(cells: readonly CellText[], kernel: string): readonly Effects[];
  /** @param place of the first sign, for ranges; it stands in a comment, so never in column 0 */
  readCondition(text: string, place: Position): ReadCondition;
}
