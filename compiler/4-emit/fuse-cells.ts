import { writersOf, type Order } from './cell-order.ts';
import type { CellFacts } from './planned-cells.ts';

/** Cells that share a process, by their places, and why. */
export interface Fused {
  readonly cells: readonly number[];
  readonly together: string;
}

/**
 * Cells that need what only the process of another one has share a step, and so do those that lie between them: the steps have an order.
 * Undefined when one process is needed for all.
 */
export function fuseCells(cells: readonly CellFacts[], order: Order): readonly Fused[] | undefined {
  const groups = new Groups(cells.length);
  const reasons = new Map<number, string>();
  const holders = cells.map((_, place) => place);
  for (const [place, cell] of cells.entries()) {
    const needed = new Map<number, string>();
    for (const [at, earlier] of cells.slice(0, place).entries())
      for (const name of earlier.held)
        if (isNeeded(cells, { name, at, place })) needed.set(holders[at] as number, describeHeld(cell, name, earlier));
    const [[holder, reason] = [], ...others] = needed;
    // A process cannot get at what another one holds.
    if (others.length > 0) return undefined;
    if (holder === undefined || reason === undefined) continue;
    holders[place] = holder;
    groups.join(holder, place);
    if (!reasons.has(place)) reasons.set(place, reason);
  }
  joinCircles(groups, order);
  return groups.list().map((members) => ({
    cells: members,
    together:
      members.length === 1
        ? ''
        : [...new Set(members.flatMap((place) => reasons.get(place) ?? []))].join('; ') || 'they lie between others',
  }));
}

/** True when the cell at `place` needs what the cell at `at` holds under a name. */
function isNeeded(
  cells: readonly CellFacts[],
  { name, at, place }: { readonly name: string; readonly at: number; readonly place: number },
): boolean {
  // Hidden state is in every later cell's way.
  if (name.includes(':')) return true;
  const { reads } = cells[place] as CellFacts;
  if (!reads.has(name) && !reads.has('*')) return false;
  return writersOf(cells, place, name).includes(at);
}

function describeHeld(reader: CellFacts, name: string, holder: CellFacts): string {
  const plain = name.replace('state:', '');
  const what = holder.seen?.held[plain] ?? 'a value that cannot leave its process';
  return `${reader.task.name} needs ${name.replace('state:', 'the state of ')} of ${holder.task.name}, which has ${what}`;
}

/** Steps that would wait for each other become one. */
function joinCircles(groups: Groups, order: Order): void {
  for (;;) {
    const reach = reachOf(groups, order);
    const circle = [...reach].find(([group, others]) =>
      [...others].some((other) => other !== group && reach.get(other)?.has(group) === true),
    );
    if (circle === undefined) return;
    const [group, others] = circle;
    for (const other of others) if (reach.get(other)?.has(group) === true) groups.join(group, other);
  }
}

/** For each group the groups that must come before it, on whatever way. */
function reachOf(groups: Groups, order: Order): ReadonlyMap<number, ReadonlySet<number>> {
  const reach = new Map<number, Set<number>>();
  const direct = new Map<number, Set<number>>();
  order.forEach((before, place) => {
    const own = groups.of(place);
    const list = direct.get(own) ?? new Set<number>();
    for (const at of before) if (groups.of(at) !== own) list.add(groups.of(at));
    direct.set(own, list);
  });
  for (const group of direct.keys()) {
    const seen = new Set<number>();
    const open = [...(direct.get(group) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(direct.get(next) ?? []));
    }
    reach.set(group, seen);
  }
  return reach;
}

/** Sets of cells that are joined step by step; each is known by its first cell. */
class Groups {
  readonly #first: number[];

  constructor(size: number) {
    this.#first = Array.from({ length: size }, (_, place) => place);
  }

  of(place: number): number {
    let at = place;
    while (this.#first[at] !== at) at = this.#first[at] as number;
    return at;
  }

  join(left: number, right: number): void {
    const [a, b] = [this.of(left), this.of(right)];
    this.#first[Math.max(a, b)] = Math.min(a, b);
  }

  list(): readonly (readonly number[])[] {
    const found = new Map<number, number[]>();
    this.#first.forEach((_, place) => {
      const first = this.of(place);
      found.set(first, [...(found.get(first) ?? []), place]);
    });
    return [...found.values()];
  }
}
