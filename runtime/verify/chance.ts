import type { Task } from '../../compiler/bundle/format.ts';

/** Why a cell may give something else each time, as its text tells. */
export interface Chance {
  readonly kind: 'randomness' | 'time' | 'outside';
  readonly what: string;
}

const entropy = /\b(?:uuid[14]|urandom|secrets|SystemRandom|default_rng\(\s*\)|randomUUID|getRandomValues|randomBytes)/;
const clock = /\b(?:time|datetime|perf_counter|now|today)\b|%%?time|\bnew Date\(\s*\)/;

/** The likeliest reason; undefined when the text tells of none. */
export function chanceOf(task: Task): Chance | undefined {
  const states = task.accesses.flatMap(({ resource }) => (resource.kind === 'state' ? [resource.name] : []));
  if (states.some((name) => name.endsWith('random')) || entropy.test(task.source))
    return { kind: 'randomness', what: 'random numbers without a seed' };
  if (task.accesses.some(({ resource, access }) => resource.kind === 'file' && access !== 'read'))
    return { kind: 'outside', what: 'a file that the notebook itself writes, which the next run finds' };
  if (/\bempty(?:_like)?\(/.test(task.source)) return { kind: 'randomness', what: 'memory that was never written to' };
  if (clock.test(task.source)) return { kind: 'time', what: 'the time of day, or how long something took' };
  if (task.accesses.some(({ resource }) => resource.kind === 'outside'))
    return { kind: 'outside', what: 'something outside the notebook' };
  return undefined;
}
