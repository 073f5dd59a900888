import type { EmittedFile, EngineSettings } from './target.ts';

/** What the interpreter of a step has to have, as a sentence says it after "is". */
export function neededPython({ lock, runner }: EngineSettings): string {
  if (runner !== undefined)
    return `any Python that has ${runner.programs.map(({ name }) => name).join(' and ')} on its path`;
  return lock === undefined
    ? 'the interpreter with IPython and what the notebook imports'
    : 'the interpreter with the packages of requirements.txt';
}

/** The locked environment, for pip; none where the notebook has no lock. */
export function requirementsFile({ lock }: EngineSettings): readonly EmittedFile[] {
  return lock === undefined ? [] : [{ path: 'requirements.txt', text: lock.requirements }];
}
