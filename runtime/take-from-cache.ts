import { describeMiss, findCached, identityOf } from './cache.ts';
import type { RunContext, State } from './run-state.ts';

/**
 * The result of an earlier run that a task may be given now, or what differs; undefined when nothing is looked for.
 * @param context a run that is to do everything afresh still uses what those that belong to it have done
 */
export function findReusable(context: RunContext, states: readonly State[], index: number): ReusableFound | undefined {
  const { readCache, useCache, isVariant, crew } = context;
  if (!readCache && !(useCache && isVariant)) return undefined;
  const found = findCached(context, states, index);
  return 'miss' in found || readCache || crew.isOwn(found.entry.run) ? found : undefined;
}

type ReusableFound = ReturnType<typeof findCached>;

/** Gives a waiting task the result of an earlier run, if there is one that holds; false, and why it has to run, if not. */
export function takeFromCache(context: RunContext, states: readonly State[], state: State): boolean {
  const found = findReusable(context, states, state.index);
  if (found === undefined) return false;
  if ('miss' in found) {
    if (context.readCache) state.because = describeMiss(found.miss);
    return false;
  }
  const { run: cached, result, outputs, written: left, fused = [], packages: reached } = found.entry;
  const identity = identityOf(state.task, found.entry);
  const because = `same inputs as in run ${cached}`;
  Object.assign(state, {
    result,
    outputs: [...outputs],
    identity,
    cached,
    reached,
    left,
    fused,
    because,
    status: 'ended',
  });
  return true;
}
