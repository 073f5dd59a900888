import type { AttemptResult, ReachedPackages } from './process/protocol.ts';

/** Of installed packages. */
export const nothingReached: ReachedPackages = { everything: '', entries: [], names: [], groups: [] };

/** The result of what was not watched, or did not come to its end. */
export const nothingObserved: Omit<AttemptResult, 'status'> = {
  reads: {},
  writes: {},
  shadowed: [],
  shown: [],
  shadows: [],
  deletes: [],
  held: {},
  unsaved: [],
  filesRead: [],
  variables: {},
  filesWritten: [],
  requests: [],
  outside: [],
  sources: [],
  imported: [],
  packages: nothingReached,
  seconds: 0,
  cpuSeconds: 0,
  peakMemory: 0,
};
