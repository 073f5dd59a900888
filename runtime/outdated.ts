import type { AttemptResult } from './process/protocol.ts';
import type { State } from './run-state.ts';
import { isQuiet, originOf, readFrom } from './versions.ts';

/** A task, and a name that it read as it no longer is. */
export type Outdated = readonly [State, string];

/**
 * Attempts that go on although what they were given before they began is not so any more, now that `changer` has retired: they would
 * be thrown away at their end. One in a process that has values of its own is left to end, since those would go with it.
 * @param running all attempts that go on
 */
export function outdatedAttempts(
  states: readonly State[],
  changer: State,
  running: Iterable<State>,
): readonly Outdated[] {
  const written = Object.keys(changer.result?.writes ?? {}).filter((name) => !isQuiet(name));
  return [...running].flatMap((later): Outdated[] => {
    if (later.index <= changer.index || later.permit === 'given' || (later.kept ?? []).length > 0) return [];
    const name = written.find((one) => {
      const given = later.given[one];
      if (given === undefined) return false;
      const origin = originOf(states, one, later.index);
      return origin.kind !== 'value' || origin.binding.ref.content !== given;
    });
    return name === undefined ? [] : [[later, name]];
  });
}

/**
 * Ended tasks after `state` that were made from its result `lost`, which was thrown away: they would not retire either, and had better
 * start again now than at the head.
 * @param begun all tasks that may have ended without having retired
 */
export function madeFrom(begun: readonly State[], state: State, lost: AttemptResult): readonly Outdated[] {
  const ended = begun.filter(({ index, status }) => index > state.index && status === 'ended');
  return ended.flatMap((later): Outdated[] => {
    const name = readFrom(lost, later);
    return name === undefined ? [] : [[later, name]];
  });
}
