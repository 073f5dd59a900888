import type { Range } from '../bundle/diagnostic.ts';
import type { Certainty } from '../bundle/format.ts';
import type { Summary } from './effects.ts';

/**
 * What an expression stands for, as far as the text of one cell says. Nothing here knows a library or another cell: the linker,
 * which sees all cells, finds out what a name holds and what a call does.
 */
export type Value =
  | { readonly kind: 'unknown' }
  /** A variable of the notebook, or of a block inside the cell; the name of the latter carries its block: `x@2`. */
  | { readonly kind: 'variable'; readonly name: string; readonly local: boolean }
  /** A literal or a display: its builtin type, and the text of a plain string. */
  | { readonly kind: 'constant'; readonly type: string; readonly text?: string }
  | { readonly kind: 'tuple'; readonly of: readonly Value[] }
  | { readonly kind: 'attribute'; readonly of: Value; readonly name: string }
  | { readonly kind: 'item'; readonly of: Value; readonly key: Value }
  /** What iterating gives. */
  | { readonly kind: 'element'; readonly of: Value }
  /** What unpacking gives at a position. */
  | { readonly kind: 'part'; readonly of: Value; readonly position: number }
  | { readonly kind: 'result'; readonly call: CallSite }
  | { readonly kind: 'either'; readonly of: readonly Value[] }
  | { readonly kind: 'arithmetic'; readonly of: readonly Value[] }
  /** What the language's own types say of a value, for where nothing more is known of it. */
  | { readonly kind: 'typed'; readonly of: Value; readonly types: readonly string[] }
  /** `x += y`: the object of `x` itself when that can change. */
  | { readonly kind: 'augmented'; readonly of: Value; readonly by: Value }
  /** A module, or a member of one: `numpy.random`, `random.seed`. */
  | { readonly kind: 'import'; readonly path: string }
  | { readonly kind: 'definition'; readonly summary: Summary };

/** One call as it is written. */
export interface CallSite {
  readonly callee: Value;
  /** The callee's text, shortened. */
  readonly calleeText: string;
  readonly positional: readonly Value[];
  readonly keywords: readonly { readonly name: string; readonly value: Value }[];
  /** The text between the brackets. */
  readonly argumentText: string;
  readonly range: Range;
  readonly certainty: Certainty;
  /** The call's text, shortened. */
  readonly reason: string;
  /** Present and true: `new`, which gives an object, whatever the function returns. */
  readonly makesObject?: true;
}

/** What a block does, in the order of its text, as far as it matters for what variables hold and how that changes. */
export type Step =
  | {
      readonly kind: 'bind';
      readonly name: string;
      readonly local: boolean;
      readonly value: Value;
      readonly certainty: Certainty;
    }
  /** An assignment into an object, or the deletion of a part of it. */
  | {
      readonly kind: 'change';
      readonly target: Value;
      readonly range: Range;
      readonly certainty: Certainty;
      readonly reason: string;
    }
  | { readonly kind: 'call'; readonly call: CallSite }
  | { readonly kind: 'return'; readonly value: Value }
  /** `from module import *`. */
  | { readonly kind: 'star'; readonly module: string; readonly range: Range };
