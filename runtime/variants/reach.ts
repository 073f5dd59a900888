import { createHash } from 'node:crypto';
import type { Bundle } from '../../compiler/bundle/format.ts';

/** The values of one variant as text, by the names of the parameters. */
export type VariantValues = Readonly<Record<string, string>>;

/**
 * By the task's id, the parameters that reach it as far as the compiler is certain: it reads them, or what was made from them.
 * @param injected ids of the cells that assign them
 */
export function reachOf(
  bundle: Bundle,
  injected: ReadonlySet<string>,
  names: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const reach = new Map(bundle.tasks.map(({ id }) => [id, new Set<string>(injected.has(id) ? names : [])]));
  const edges = bundle.edges.filter(({ kind, assumed }) => kind === 'data' && !assumed);
  const into = new Map<string, (typeof edges)[number][]>();
  for (const edge of edges) into.set(edge.to, [...(into.get(edge.to) ?? []), edge]);
  // Edges lead from earlier to later tasks, and tasks stand in order.
  for (const { id } of bundle.tasks) {
    for (const { from, resource } of into.get(id) ?? []) {
      if (!injected.has(from)) for (const name of reach.get(from) ?? []) reach.get(id)?.add(name);
      else if (resource.kind === 'variable' && names.includes(resource.name)) reach.get(id)?.add(resource.name);
    }
  }
  return reach;
}

/**
 * By the task's id, a digest of the values that reach it; none for what no parameter reaches. Results of many variants are kept
 * apart by it, so that each finds its own at once.
 */
export function shelvesOf(
  reach: ReadonlyMap<string, ReadonlySet<string>>,
  values: VariantValues,
): ReadonlyMap<string, string> {
  const shelves = new Map<string, string>();
  const known = new Map<string, string>();
  for (const [id, names] of reach) {
    if (names.size === 0) continue;
    const text = JSON.stringify([...names].sort().map((name) => [name, values[name]]));
    const digest = known.get(text) ?? createHash('sha256').update(text).digest('hex').slice(0, 16);
    known.set(text, digest);
    shelves.set(id, digest);
  }
  return shelves;
}
