import { openLocalStore } from '../store/local.ts';
import type { RecordedRun } from './recorded-run.ts';

/** Variables and hidden state at a place in a run. */
export interface ValuesBefore {
  /** Names whose value the store has, with the object that holds it: names that share objects have one. */
  readonly stored: ReadonlyMap<string, string>;
  /** Names that exist and that no store has, and why. */
  readonly absent: Readonly<Record<string, string>>;
}

/**
 * What exists after these tasks of a run have ended, as its log says.
 * @param state the folder that has the run and the store
 * @returns undefined when there are such tasks and none of them stored anything, since all ran in one process
 */
export function valuesBefore(
  { tasks }: RecordedRun,
  earlier: readonly string[],
  state: string,
): ValuesBefore | undefined {
  const stored = new Map<string, string>();
  const absent = new Map<string, string>();
  const ran = earlier.flatMap((id) => tasks.get(id) ?? []);
  if (ran.length > 0 && ran.every((task) => task.stored === undefined)) return undefined;
  for (const { name, stored: observed } of ran) {
    if (observed === undefined) continue;
    for (const gone of observed.deletes) {
      stored.delete(gone);
      absent.delete(gone);
    }
    for (const [held, why] of Object.entries(observed.held)) {
      stored.delete(held);
      absent.set(held, `only the process of ${name} had it (${why})`);
    }
    for (const [written, { object }] of Object.entries(observed.writes)) {
      absent.delete(written);
      if (object === undefined) absent.set(written, 'the log is of an earlier format');
      else stored.set(written, object);
    }
  }
  const store = openLocalStore(state);
  for (const [name, object] of stored) {
    if (store.has(object)) continue;
    stored.delete(name);
    const [, secret] = /^env:(\w+)/.exec(object) ?? [];
    if (secret !== undefined) absent.set(name, `it is the secret ${secret}, which no store has`);
    else absent.set(name, 'it was removed from the store, by clean or to make room');
  }
  return { stored, absent: Object.fromEntries(absent) };
}
