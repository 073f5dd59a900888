import type { Edge, Resource } from '../../compiler/bundle/format.ts';

/** What an edge carries, in a few words. */
export function describeResource(resource: Resource): string {
  switch (resource.kind) {
    case 'variable':
      return resource.name;
    case 'state':
      return resource.name;
    case 'file':
      return resource.path;
    case 'outside':
      return resource.reason;
  }
}

/** Edges between the same two tasks as one. */
export interface JoinedEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: Edge['kind'];
  readonly assumed: boolean;
  /** True when only what a run saw tells of it. */
  readonly observed: boolean;
  readonly labels: readonly string[];
}

/** Joins parallel edges: data wins over order, knowledge over assumption. */
export function joinEdges(edges: readonly Edge[]): readonly JoinedEdge[] {
  const joined = new Map<
    string,
    { from: string; to: string; kind: Edge['kind']; assumed: boolean; observed: boolean; labels: Set<string> }
  >();
  for (const edge of edges) {
    const key = `${edge.from}\n${edge.to}`;
    const known = joined.get(key);
    if (known === undefined) {
      const { from, to, kind, assumed, observed = false } = edge;
      joined.set(key, { from, to, kind, assumed, observed, labels: new Set([describeResource(edge.resource)]) });
      continue;
    }
    known.labels.add(describeResource(edge.resource));
    if (edge.kind === 'data') known.kind = 'data';
    known.assumed &&= edge.assumed;
    known.observed &&= edge.observed === true;
  }
  return [...joined.values()].map((edge) => ({ ...edge, labels: [...edge.labels].sort() }));
}

/** What an arrow says: the first name, cut where it is long, and how many more there are. */
export function arrowLabel([first = '', ...more]: readonly string[]): string {
  const name = first.length > 18 ? `${first.slice(0, 17)}…` : first;
  return more.length === 0 ? name : `${name} +${more.length}`;
}

/** The reason of an edge without the name that it carries, which stands beside it. */
export function reasonOf({ resource, reason }: Edge): string {
  const carried = `${describeResource(resource)}: `;
  return reason.startsWith(carried) ? reason.slice(carried.length) : reason;
}

/** True for what an import binds: a module is the same in every process, so it is no way of data. */
export function isImport(edge: Edge): boolean {
  return edge.resource.kind === 'variable' && /^(?:import|from) /.test(reasonOf(edge));
}

/** True for data that is known to flow: what a picture draws. */
export function isDrawn(edge: Edge): boolean {
  return edge.kind === 'data' && !edge.assumed && !isImport(edge);
}

interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** Drops an arrow that a longer way already says, so that a picture stays readable. */
export function withoutShortcuts<T extends Arrow>(arrows: readonly T[]): readonly T[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of arrows) next.set(from, [...(next.get(from) ?? []), to]);
  const reaches = (from: string, to: string, seen: Set<string>): boolean => {
    for (const step of next.get(from) ?? []) {
      if (step === to) return true;
      if (seen.has(step)) continue;
      seen.add(step);
      if (reaches(step, to, seen)) return true;
    }
    return false;
  };
  return arrows.filter(
    ({ from, to }) => !(next.get(from) ?? []).some((step) => step !== to && reaches(step, to, new Set([step]))),
  );
}

/** An arrow as a smooth path through the points of its way. */
export function pathThrough(points: readonly { readonly x: number; readonly y: number }[]): string {
  const at = ({ x, y }: { readonly x: number; readonly y: number }): string => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let line = `M${at(first)}`;
  rest.forEach((point, index) => {
    const following = rest[index + 1];
    if (following === undefined) line += ` L${at(point)}`;
    else line += ` Q${at(point)} ${at({ x: (point.x + following.x) / 2, y: (point.y + following.y) / 2 })}`;
  });
  return line;
}
