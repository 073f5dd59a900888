import type { Range } from '../bundle/diagnostic.ts';
import type { Certainty, OutsideReason, StateName } from '../bundle/format.ts';

/** What a call or an assignment into an object comes to, once it is known what the names in it hold. */
export type Happening = {
  readonly range: Range;
  readonly certainty: Certainty;
  readonly reason: string;
} & (
  | { readonly kind: 'change'; readonly name: string; readonly version: number; readonly assumed: boolean }
  /** Of a function that is called. */
  | { readonly kind: 'read' | 'bind'; readonly name: string }
  | { readonly kind: 'state'; readonly state: StateName; readonly access: 'read' | 'write' }
  | { readonly kind: 'outside'; readonly outside: OutsideReason }
  | { readonly kind: 'file'; readonly path: string; readonly access: 'read' | 'write' }
  /** Variables that are read where it cannot be observed. */
  | { readonly kind: 'unobservable'; readonly names: readonly string[] }
  /** Every variable may be read and changed; assumed when only the text that is run is not known, since what it does is observed. */
  | { readonly kind: 'everything'; readonly assumed: boolean }
  /** A call of what is not known: it may be any function of the notebook. */
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'star'; readonly module: string }
);

/** The part of a happening that says where and why. */
export type Place = Pick<Happening, 'range' | 'certainty' | 'reason'>;
