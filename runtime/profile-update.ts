import { profileVersion, type CellEffects, type EffectsProfile } from '../compiler/bundle/effects-profile.ts';
import type { Bundle, Task } from '../compiler/bundle/format.ts';
import { joinEffects, keysOf } from './observed-effects.ts';

/** A profile as runs on this machine show it, and what is different from the one that was there. Cells are named by their tasks. */
export interface ProfileUpdate {
  readonly profile: EffectsProfile;
  /** Nothing was known of them. */
  readonly added: readonly string[];
  /** Something else or less was known of them. */
  readonly changed: readonly string[];
  /** Entries that were left out: their code, or that of a cell that they rest on, has changed or gone. */
  readonly outdated: readonly string[];
  /** Neither the file nor a run tells of them. */
  readonly unknown: readonly string[];
}

/** A profile, and the bundle that was compiled with it, which tells what of it holds. */
export interface Tried {
  readonly profile: EffectsProfile | undefined;
  readonly bundle: Bundle;
}

/**
 * Joins what a file says with what runs observed. What was observed elsewhere stays while it holds: of the same code both are true.
 * @param observed what runs observed on this machine
 */
export function updateProfile(
  { bundle, profile: before }: Tried,
  { bundle: fresh, profile: observed }: Tried & { readonly profile: EffectsProfile },
): ProfileUpdate {
  const keys = keysOf(bundle.tasks);
  const old = byKey(before?.cells ?? []);
  const now = byKey(observed.cells);
  const added: string[] = [];
  const changed: string[] = [];
  const unknown: string[] = [];
  const outdated = [...old].filter(([key]) => !keys.includes(key)).map(([, { name }]) => name);
  const cells = bundle.tasks.flatMap((task, place): CellEffects[] => {
    if (task.executionCount === 0) return [];
    const key = keys[place] ?? '';
    const earlier = stillHeld(task, old.get(key));
    const later = stillHeld(fresh.tasks[place] ?? task, now.get(key));
    if (task.profile === 'outdated') (later === undefined ? outdated : changed).push(task.name);
    if (later === undefined) {
      if (earlier === undefined) unknown.push(task.name);
      return earlier === undefined ? [] : [{ ...earlier, name: task.name }];
    }
    const joined = { name: task.name, ...joinEffects(earlier, later) };
    if (earlier === undefined && task.profile !== 'outdated') added.push(task.name);
    else if (earlier !== undefined && !isSame(joined, earlier)) changed.push(task.name);
    return [joined];
  });
  const wasObserved = observed.cells.length + observed.oneProcess.length > 0;
  const { oneProcess } = wasObserved || before === undefined ? observed : before;
  return { profile: { formatVersion: profileVersion, cells, oneProcess }, added, changed, outdated, unknown };
}

function stillHeld({ profile }: Task, entry: CellEffects | undefined): CellEffects | undefined {
  return profile === 'outdated' ? undefined : entry;
}

function isSame(left: CellEffects, right: CellEffects): boolean {
  const facts = (cell: CellEffects): string =>
    JSON.stringify(joinEffects(undefined, { ...cell, name: '' } as CellEffects));
  return facts(left) === facts(right);
}

/** Equal cells in their order, as `keysOf` names them. */
function byKey(cells: readonly CellEffects[]): ReadonlyMap<string, CellEffects> {
  const seen = new Map<string, number>();
  return new Map(
    cells.map((cell) => {
      const number = seen.get(cell.code) ?? 0;
      seen.set(cell.code, number + 1);
      return [number === 0 ? cell.code : `${cell.code} ${String(number)}`, cell];
    }),
  );
}
