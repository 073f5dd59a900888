import { followProperty } from './follow-property.ts';
import type { AttemptResult } from './process/protocol.ts';
import type { Progress } from './versions.ts';

/**
 * By name, the places of the tasks whose newest results touch it. A notebook's tasks are asked all the time for the latest writer of a
 * name; with this nobody goes through all of them for it. It follows each result as it is set or taken away, whoever does that.
 */
export class Writers {
  /** Written, held, not stored, deleted or shown. */
  readonly #touched = new Map<string, number[]>();
  /** Written or held. */
  readonly #left = new Map<string, number[]>();
  readonly #shadows = new Map<string, number[]>();
  readonly #implicit = new Map<string, readonly number[]>();

  /** The newest result of a task is another one. */
  replace(place: number, before: AttemptResult | undefined, after: AttemptResult | undefined): void {
    if (before !== undefined) this.#each(before, (places) => removePlace(places, place));
    if (after !== undefined) this.#each(after, (places) => insertPlace(places, place));
  }

  /** The latest place before `index` whose result writes, holds, did not store, deletes or shows the name; undefined when none does. */
  latest(name: string, index: number): number | undefined {
    return latestBefore(this.#touched.get(name), index);
  }

  /** All places whose results touch the name, in order. */
  places(name: string): readonly number[] {
    return this.#touched.get(name) ?? [];
  }

  /** Names that some result before `index` wrote or holds. */
  leftBefore(index: number): readonly string[] {
    return namesBefore(this.#left, index);
  }

  /** Those of them that are hidden state or changes inside libraries. */
  implicitBefore(index: number): readonly string[] {
    return namesBefore(this.#implicit, index);
  }

  /** Names of builtins that some result before `index` made variables. */
  shadowsBefore(index: number): readonly string[] {
    return namesBefore(this.#shadows, index);
  }

  #each(result: AttemptResult, change: (places: number[]) => void): void {
    const left = new Set([...Object.keys(result.writes), ...Object.keys(result.held)]);
    for (const name of left) {
      const places = placesOf(this.#left, name);
      if (isImplicit(name)) this.#implicit.set(name, places);
      change(places);
    }
    const { unsaved, deletes, shown } = result;
    for (const name of new Set([...left, ...unsaved, ...deletes, ...shown])) change(placesOf(this.#touched, name));
    for (const name of new Set(result.shadows)) change(placesOf(this.#shadows, name));
  }
}

/** True for hidden state and changes inside libraries: every task depends on all of it. */
export function isImplicit(name: string): boolean {
  return name.startsWith('state:') || name.startsWith('slot:');
}

const known = new WeakMap<readonly Progress[], Writers>();

/** Follows the results of these tasks from now on; none has one yet. */
export function followResults(progress: readonly Progress[]): void {
  const writers = new Writers();
  progress.forEach((one, place) => {
    followProperty(one, 'result', (before, after) => {
      writers.replace(place, before, after);
    });
  });
  known.set(progress, writers);
}

/** Who wrote what, where results are followed. */
export function writersIn(progress: readonly Progress[]): Writers | undefined {
  return known.get(progress);
}

function placesOf(map: Map<string, number[]>, name: string): number[] {
  const found = map.get(name);
  if (found !== undefined) return found;
  const places: number[] = [];
  map.set(name, places);
  return places;
}

/** How many of these ascending places are before `index`. */
function countBefore(places: readonly number[], index: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

function latestBefore(places: readonly number[] | undefined, index: number): number | undefined {
  return places === undefined ? undefined : places[countBefore(places, index) - 1];
}

function insertPlace(places: number[], place: number): void {
  const at = countBefore(places, place);
  if (places[at] !== place) places.splice(at, 0, place);
}

function removePlace(places: number[], place: number): void {
  const at = countBefore(places, place);
  if (places[at] === place) places.splice(at, 1);
}

function namesBefore(map: ReadonlyMap<string, readonly number[]>, index: number): string[] {
  const names: string[] = [];
  for (const [name, places] of map) if ((places[0] ?? index) < index) names.push(name);
  return names;
}
