import type { Task } from '../../compiler/bundle/format.ts';
import type { Profile } from '../profile.ts';

/**
 * True when a task is expected to need the machine that the notebook is on: its files, programs and the network are used from there. A wrong
 * answer costs an attempt, or work elsewhere; what an attempt on another machine really used decides.
 * @param isShared true: the other machines have the notebook's folder at the same path
 */
export function isExpectedAtHome(task: Task, profile: Profile, isShared: boolean): boolean {
  if (profile.atHome?.includes(task.code) === true) return true;
  return task.accesses.some(({ resource, access, assumed }) => {
    if (assumed) return false;
    if (resource.kind === 'outside') return true;
    return resource.kind === 'file' && (!isShared || access !== 'read');
  });
}
