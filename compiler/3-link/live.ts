import type { Access } from '../bundle/format.ts';
import { isUnknown } from './accesses.ts';

/** Names that each cell must leave behind: those that later cells, or functions of any cell, may read before they bind them. */
export function exposedNames(
  accesses: readonly (readonly Access[])[],
  readAnyTime: readonly string[],
): readonly (readonly string[] | '*')[] {
  const exposed: (readonly string[] | '*')[] = [];
  let live = new Set<string>();
  let everything = false;
  for (let index = accesses.length - 1; index >= 0; index--) {
    exposed[index] = everything ? '*' : sorted([...live, ...readAnyTime]);
    const own = accesses[index] ?? [];
    everything ||= own.some(isUnknown);
    live = liveBefore(live, own);
  }
  return exposed;
}

/** Backward liveness over one cell: what it certainly binds is dead before it, unless the cell reads it first. */
function liveBefore(after: ReadonlySet<string>, accesses: readonly Access[]): Set<string> {
  const live = new Set(after);
  const bound = new Set<string>();
  for (const { resource, access, certainty } of accesses) {
    if (resource.kind !== 'variable' || access !== 'bind') continue;
    bound.add(resource.name);
    if (certainty === 'must') live.delete(resource.name);
  }
  for (const { resource, access } of accesses) {
    if (resource.kind !== 'variable' || access === 'bind') continue;
    if (access !== 'mutate' || !bound.has(resource.name)) live.add(resource.name);
  }
  return live;
}

/** Each name once, in order. */
export function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
