import { endAttempt } from './end-attempt.ts';
import type { FromAttempt } from './process/protocol.ts';
import type { State } from './run-state.ts';

type OfTheRun = Extract<FromAttempt, { type: 'one-process' | 'damaged' | 'broken' }>;

/** Takes in what an attempt says of itself; true when something may go on because of it. */
export function takeIn(
  state: State,
  message: Exclude<FromAttempt, OfTheRun>,
  around: Parameters<typeof endAttempt>[2],
): boolean {
  switch (message.type) {
    case 'output':
      state.outputs.push(message.output);
      return false;
    case 'need':
      state.needs = [...state.needs, message];
      return true;
    case 'effect':
      state.permit = 'asked';
      state.readSoFar = message;
      return true;
    case 'done':
      endAttempt(state, message.result, around);
      return true;
    case 'clock':
      state.limit?.hear(message);
      return false;
    case 'concluded':
    case 'hello':
      return false;
  }
}
