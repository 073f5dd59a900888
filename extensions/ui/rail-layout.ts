import type { Arrow } from './pipeline.ts';

/** What one lane has in one row: `make` where a result comes from, `read` where it is used, `pass` between. */
export interface Mark {
  readonly lane: number;
  readonly kind: 'make' | 'read' | 'pass';
  /** Id of the row that makes what is in the lane. */
  readonly maker: string;
}

/** The lanes of a rail: one result from the row that makes it to the last that uses it. */
export interface Rail {
  /** By row, in their order. */
  readonly rows: readonly (readonly Mark[])[];
  /** How many lanes there are side by side at most. */
  readonly lanes: number;
}

/** Lanes beside rows that stand in a fixed order. An arrow against the order is left out: it cannot be in a notebook. */
export function placeInLanes(rows: readonly string[], arrows: readonly Arrow[]): Rail {
  const place = new Map(rows.map((id, index) => [id, index]));
  const inputs = new Map<string, Set<string>>();
  const lastUse = new Map<string, number>();
  for (const { from, to } of arrows) {
    const [start, end] = [place.get(from), place.get(to)];
    if (start === undefined || end === undefined || end <= start) continue;
    inputs.set(to, (inputs.get(to) ?? new Set()).add(from));
    lastUse.set(from, Math.max(lastUse.get(from) ?? 0, end));
  }
  const owners: (string | undefined)[] = [];
  let lanes = 0;
  const marks = rows.map((id, row) => {
    const read = inputs.get(id) ?? new Set();
    const found: Mark[] = [];
    owners.forEach((maker, lane) => {
      if (maker !== undefined) found.push({ lane, kind: read.has(maker) ? 'read' : 'pass', maker });
    });
    owners.forEach((maker, lane) => {
      if (maker !== undefined && (lastUse.get(maker) ?? 0) <= row) owners[lane] = undefined;
    });
    // What nobody uses has a mark and no lane; it takes none that ends or goes on in this row.
    const taken = new Set(found.map(({ lane }) => lane));
    let lane = 0;
    while (taken.has(lane) || owners[lane] !== undefined) lane++;
    found.push({ lane, kind: 'make', maker: id });
    if ((lastUse.get(id) ?? -1) > row) owners[lane] = id;
    lanes = Math.max(lanes, ...found.map((mark) => mark.lane + 1));
    return found;
  });
  return { rows: marks, lanes };
}
