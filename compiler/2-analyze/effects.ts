import type { Certainty, OutsideReason, StateName } from '../bundle/format.ts';
import type { Diagnostic, Range } from '../bundle/diagnostic.ts';

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

/** What a function or class of the notebook does when it is called (transitively inside its own body). */
export interface Summary {
  readonly name: string;
  readonly kind: 'function' | 'class';
  readonly range: Range;
  /** Free globals it reads, binds (`global x`), mutates; parameters it may mutate, by position and name. */
  readonly reads: readonly NameUse[];
  readonly binds: readonly NameUse[];
  readonly mutates: readonly NameUse[];
  readonly mutatedParameters: readonly {
    readonly name: string;
    readonly position: number;
    readonly assumed: boolean;
  }[];
  /** Names it calls; joined with other cells' summaries by the linker. */
  readonly calls: readonly CallSite[];
  readonly state: readonly StateUse[];
  readonly outside: readonly OutsideUse[];
}

/** `callee(args)` where callee is a plain name or dotted path rooted at a name. */
export interface CallSite {
  readonly callee: string;
  /** Root names passed as arguments, by position (undefined when not a plain name) and keyword. */
  readonly positional: readonly (string | undefined)[];
  readonly keywords: Readonly<Record<string, string>>;
  readonly range: Range;
}

export interface StateUse {
  readonly state: StateName;
  readonly access: 'read' | 'write';
  readonly range: Range;
  readonly reason: string;
}

export interface OutsideUse {
  readonly outside: OutsideReason;
  readonly path?: string;
  readonly range: Range;
  readonly reason: string;
}

export interface FileUse {
  readonly path: string;
  readonly access: 'read' | 'write';
  readonly range: Range;
  readonly reason: string;
}

/** What one cell does, from its own text alone. `unknown` non-empty means: treat as touching everything. */
export interface Effects {
  /** Reads of module-level names not certainly bound before in the same cell. */
  readonly reads: readonly NameUse[];
  readonly binds: readonly NameUse[];
  readonly mutates: readonly NameUse[];
  readonly deletes: readonly NameUse[];
  readonly calls: readonly CallSite[];
  readonly summaries: readonly Summary[];
  readonly state: readonly StateUse[];
  readonly files: readonly FileUse[];
  readonly outside: readonly OutsideUse[];
  /** Dotted module names imported at module level, in order. */
  readonly imports: readonly string[];
  /** Names whose read cannot be observed at run time (strings given to query/eval, shell lines, `del`, formulas). */
  readonly unobservable: readonly NameUse[];
  /** exec, eval of unknown text, globals(), %run -i, unknown magics: each with its place. */
  readonly unknown: readonly { readonly reason: string; readonly range: Range }[];
  /** Digest input: the source with comments and layout removed. */
  readonly normalised: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** A language is one room behind this interface. */
export interface LanguageAnalyzer {
  readonly language: string;
  /** @param source the cell as stored; @param cell id and index for diagnostics. Never throws on input. */
  analyzeCell(source: string, cell: { readonly id: string; readonly index: number }): Effects;
}
