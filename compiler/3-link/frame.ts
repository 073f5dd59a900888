import type { CallSite } from '../2-analyze/steps.ts';
import { Happenings } from './happening.ts';
import type { Thing } from './things.ts';

/** One body that is gone through: a cell, or a function on behalf of a call. */
export interface Frame {
  /** The place of the cell whose text the body is. */
  readonly cell: number;
  /** The body that called this one. */
  readonly outer: Frame | undefined;
  readonly locals: Map<string, Thing>;
  readonly results: Map<CallSite, Thing>;
  readonly happenings: Happenings;
  /** Functions, and what came of them, that the happenings tell of already. */
  readonly told: Set<object>;
  returns: Thing | undefined;
  /** Variables of the notebook that it looked at, as they were; undefined when it looked at something else, too. */
  looked: Map<string, Thing | undefined> | undefined;
  /** Variables of the notebook that it bound. */
  readonly bound: Map<string, Thing>;
}

/** Makes an empty frame. */
export function makeFrame(cell: number, outer: Frame | undefined): Frame {
  return {
    cell,
    outer,
    locals: new Map(),
    results: new Map(),
    happenings: new Happenings(),
    told: new Set(),
    returns: undefined,
    looked: new Map(),
    bound: new Map(),
  };
}
