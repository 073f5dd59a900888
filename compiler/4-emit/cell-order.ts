import type { Bundle } from '../bundle/format.ts';
import { everyName, isAmong, isQuiet, type CellFacts } from './planned-cells.ts';

/** Which cells must have ended before which, by their places among the executed cells. */
export type Order = readonly ReadonlySet<number>[];

/** What must come before each cell: what it may read, what it may write over or look at outside, and gates on what it reads. */
export function orderOf(bundle: Bundle, cells: readonly CellFacts[]): Order {
  const places = new Map(cells.map(({ task }, place) => [task.id, place]));
  const before = cells.map(() => new Set<number>());
  for (const { from, to } of bundle.edges) {
    const [earlier, later] = [places.get(from), places.get(to)];
    if (earlier !== undefined && later !== undefined) before[later]?.add(earlier);
  }
  cells.forEach((cell, place) => {
    const own = before[place] as Set<number>;
    for (const name of cell.reads) {
      for (const writer of writersOf(cells, place, name)) own.add(writer);
      // Whether a cell has shown a value decides how long it lives.
      for (const shower of writersOf(cells, place, `shown:${name}`)) own.add(shower);
    }
    cells.slice(0, place).forEach((earlier, at) => {
      if (leavesState(earlier) || isOrdered(earlier, cell)) own.add(at);
    });
  });
  return before;
}

/** The cells that may have written what a name holds before the cell at `place`; behind a certain writer nothing is seen. */
export function writersOf(cells: readonly CellFacts[], place: number, name: string): readonly number[] {
  const found: number[] = [];
  for (let at = place - 1; at >= 0; at--) {
    const earlier = cells[at] as CellFacts;
    if (name === everyName || isAmong(earlier.writes, name)) found.push(at);
    if (earlier.certain.has(name.replace('shown:', ''))) break;
  }
  return found;
}

/** True when it leaves something that every later cell depends on. */
export function leavesState({ task, seen, writes, writesElsewhere }: CellFacts): boolean {
  if (writesElsewhere || writes.has(everyName)) return true;
  // Whoever uses the class of another cell does not name it.
  if (seen?.further?.some((name) => name.startsWith('def:') && !name.startsWith(`def:${task.id}:`)) === true)
    return true;
  return [...writes].some((name) => /^(?:state|slot):/.test(name) && !isQuiet(name));
}

/** True when what they do to files or to the outside must stay in order. */
function isOrdered(earlier: CellFacts, later: CellFacts): boolean {
  if (later.writes.has(everyName) || later.writesElsewhere) return true;
  if (earlier.outside.size > 0 && later.outside.size > 0) return true;
  const touched = (cell: CellFacts): readonly string[] => [...cell.filesRead, ...cell.filesWritten];
  // Nobody knows which files a program reads or writes.
  if (actsUnseen(earlier) && touched(later).length > 0) return true;
  if (actsUnseen(later) && touched(earlier).length > 0) return true;
  return meet(earlier.filesWritten, touched(later)) || meet(later.filesWritten, touched(earlier));
}

/** True when it may change files that are not listed. */
export function actsUnseen({ outside }: CellFacts): boolean {
  return [...outside].some((reason) => reason !== 'file-write' && reason !== 'network');
}

/** True when a path of the one is a path of the other, or a folder on the way to it. */
function meet(written: ReadonlySet<string>, others: readonly string[]): boolean {
  return [...written].some((path) => others.some((other) => isWithin(path, other) || isWithin(other, path)));
}

function isWithin(folder: string, path: string): boolean {
  return folder === path || (folder === '.' ? !path.startsWith('..') : path.startsWith(`${folder}/`));
}

/** Gates come before the cells that read what they looked at. */
export function withGates(
  order: Order,
  cells: readonly CellFacts[],
  guards: ReadonlyMap<string, ReadonlySet<string>>,
): Order {
  return order.map((before, place) => {
    const own = new Set(before);
    cells.slice(0, place).forEach(({ task }, at) => {
      const names = guards.get(task.id);
      if (names !== undefined && [...(cells[place] as CellFacts).reads].some((name) => names.has(name))) own.add(at);
    });
    return own;
  });
}
