import { describeMiss, findCached, identityOf } from './cache.ts';
import type { RunContext, State } from './run-state.ts';

/** Gives a waiting task the result of an earlier run, if there is one that holds; false, and why it has to run, if not. */
export function takeFromCache(context: RunContext, states: readonly State[], state: State): boolean {
  const { readCache, useCache, isVariant, crew } = context;
  // A run that is to do everything afresh still uses what those that belong to it have done.
  if (!readCache && !(useCache && isVariant)) return false;
  const found = findCached(context, states, state.index);
  if ('miss' in found) {
    if (readCache) state.because = describeMiss(found.miss);
    return false;
  }
  const { run: cached, result, outputs, written: left, fused = [] } = found.entry;
  if (!readCache && !crew.isOwn(cached)) return false;
  const identity = identityOf(state.task, found.entry);
  const because = `same inputs as in run ${cached}`;
  Object.assign(state, { result, outputs: [...outputs], identity, cached, left, fused, because, status: 'ended' });
  return true;
}
