import { profileVersion, type EffectsProfile } from '../compiler/bundle/effects-profile.ts';
import type { Bundle } from '../compiler/bundle/format.ts';
import { listRuns, readRun } from './history/read-runs.ts';
import type { RecordedRun } from './history/recorded-run.ts';
import { profileOf } from './observed-effects.ts';
import { readProfile } from './profile.ts';
import { openLocalStore } from './store/local.ts';

/** Reads the log of the newest run in which a cell ran; undefined when there is none. */
export function readLastRun(state: string): RecordedRun | undefined {
  for (const id of listRuns(state)) {
    const run = readRun(state, id);
    if (run !== undefined && run.tasks.size > 0) return run;
  }
  return undefined;
}

/** Pairs of tasks, by id, of which earlier runs saw that the second reads what the first changed. The state must exist. */
export function learnedWaits(state: string, bundle: Bundle): readonly (readonly [string, string])[] {
  const pairs = new Set(readProfile(openLocalStore(state)).waits.map((pair) => pair.join(' ')));
  const found: [string, string][] = [];
  bundle.tasks.forEach((reader, place) => {
    for (const writer of bundle.tasks.slice(0, place)) {
      if (pairs.has(`${writer.code} ${reader.code}`)) found.push([writer.id, reader.id]);
    }
  });
  return found;
}

/**
 * What runs of a notebook observed of its cells, as a file beside it tells it. The state must exist.
 * @param folder the notebook's, from where files are named
 */
export function readObservedEffects(state: string, bundle: Bundle, folder: string): EffectsProfile {
  const { effects, oneProcess } = readProfile(openLocalStore(state));
  return { ...profileOf(bundle, { effects, folder, oneProcess }), formatVersion: profileVersion };
}
