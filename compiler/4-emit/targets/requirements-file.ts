import type { EmittedFile, EngineSettings } from './target.ts';

/** The locked environment, for pip; none where the notebook has no lock. */
export function requirementsFile({ lock }: EngineSettings): readonly EmittedFile[] {
  return lock === undefined ? [] : [{ path: 'requirements.txt', text: lock.requirements }];
}
