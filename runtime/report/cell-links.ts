import { escapeHtml } from './ansi.ts';

/** A cell as the places of a report that lead to it name it. */
export interface LinkedCell {
  readonly name: string;
  /** Its place in the notebook from 0, and the number in `In [n]`. */
  readonly index: number;
  readonly number: number;
}

/** Leads to cells, as HTML. */
export interface CellLinks {
  /** The number and the name. */
  readonly named: (name: string) => string;
  /** All of them by their numbers, those that follow one another as one: `[1]–[4], [7]`. */
  readonly numbers: (numbers: readonly number[]) => string;
}

/** The number and the name; a name that was made from the number says it already. */
export function titleOf({ name, number }: Pick<LinkedCell, 'name' | 'number'>): string {
  return Number(/^\d+(?=_|$)/.exec(name)?.[0] ?? -1) === number ? name : `[${number}] ${name}`;
}

/** Links to the cells of this report; a name that it does not have is only told. */
export function linkCells(cells: readonly LinkedCell[]): CellLinks {
  const byName = new Map(cells.map((cell) => [cell.name, cell]));
  const byNumber = new Map(cells.map((cell) => [cell.number, cell]));
  const one = (number: number): string => {
    const cell = byNumber.get(number);
    return cell === undefined ? `[${number}]` : `<a href="#cell-${cell.index}">[${number}]</a>`;
  };
  return {
    named: (name) => {
      const cell = byName.get(name);
      return cell === undefined ? escapeHtml(name) : `<a href="#cell-${cell.index}">${escapeHtml(titleOf(cell))}</a>`;
    },
    numbers: (numbers) => {
      const ranges: [number, number][] = [];
      for (const number of [...new Set(numbers)].sort((left, right) => left - right)) {
        const last = ranges.at(-1);
        if (last?.[1] === number - 1) last[1] = number;
        else ranges.push([number, number]);
      }
      return ranges.map(([from, to]) => (from === to ? one(from) : `${one(from)}–${one(to)}`)).join(', ');
    },
  };
}
