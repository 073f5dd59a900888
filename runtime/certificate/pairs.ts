import type { RecordedCell } from './format.ts';

/** A cell of the certificate and the one that stands for it now; one of them is missing for a cell that went or came. */
export interface Pair<Cell = RecordedCell> {
  readonly before: Cell | undefined;
  readonly now: Cell | undefined;
  /** Its place in the cells of now; undefined for one that went. */
  readonly place: number | undefined;
}

interface Coded {
  readonly code: string;
}

/** Pairs cells in the order of the notebook: those with equal code first, and what is left between two of these in turn. */
export function pairCells<Cell extends Coded>(before: readonly Cell[], now: readonly Cell[]): readonly Pair<Cell>[] {
  const anchors = [...commonCells(before, now), [before.length, now.length] as const];
  const pairs: Pair<Cell>[] = [];
  let [at, place] = [0, 0];
  for (const [nextAt, nextPlace] of anchors) {
    while (at < nextAt || place < nextPlace) {
      const [mine, theirs] = [place < nextPlace ? place++ : undefined, at < nextAt ? at++ : undefined];
      pairs.push({
        before: theirs === undefined ? undefined : before[theirs],
        now: mine === undefined ? undefined : now[mine],
        place: mine,
      });
    }
    if (nextAt < before.length) pairs.push({ before: before[at++], now: now[place], place: place++ });
  }
  return pairs;
}

/** The longest run of cells with equal code that both have in one order, as places. */
function commonCells(before: readonly Coded[], now: readonly Coded[]): readonly (readonly [number, number])[] {
  const lengths = before.map(() => new Array<number>(now.length + 1).fill(0));
  lengths.push(new Array<number>(now.length + 1).fill(0));
  const at = (row: number, column: number): number => lengths[row]?.[column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = now.length - 1; column >= 0; column--) {
      const isSame = before[row]?.code === now[column]?.code;
      const line = lengths[row];
      if (line === undefined) continue;
      line[column] = isSame ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const found: (readonly [number, number])[] = [];
  let [row, column] = [0, 0];
  while (row < before.length && column < now.length) {
    if (before[row]?.code === now[column]?.code) found.push([row++, column++]);
    else if (at(row + 1, column) >= at(row, column + 1)) row++;
    else column++;
  }
  return found;
}

/** The pair itself and those of the cells that it depends on, in either notebook, the nearest first. */
export function lineageOf(pair: Pair, pairs: readonly Pair[]): readonly Pair[] {
  const byName = (of: 'before' | 'now'): ReadonlyMap<string, Pair> =>
    new Map(pairs.flatMap((one) => (one[of] === undefined ? [] : [[one[of].name, one]])));
  const [earlier, current] = [byName('before'), byName('now')];
  const found = new Set([pair]);
  // A set is gone through in the order of adding, also by what is added meanwhile.
  for (const one of found) {
    for (const name of [...(one.now?.needs ?? [])].reverse()) add(current.get(name));
    for (const name of [...(one.before?.needs ?? [])].reverse()) add(earlier.get(name));
  }
  return [...found];

  function add(next: Pair | undefined): void {
    if (next !== undefined) found.add(next);
  }
}
