import type { AttemptResult } from './process/protocol.ts';
import type { RunContext, State } from './run-state.ts';
import { markTimeout } from './timed-out.ts';
import { withDeletions } from './versions.ts';

/** An attempt has given its result: nothing of it is kept with a secret in it. @param started as `performance.now()` gives it */
export function endAttempt(
  state: State,
  result: AttemptResult,
  { secrets, started }: Pick<RunContext, 'secrets'> & { readonly started: number },
): void {
  state.result = withDeletions(state, secrets.maskMeasured(result));
  state.status = 'ended';
  state.seconds = (performance.now() - started) / 1000;
  state.outputs = [...secrets.maskOutputs(state.outputs)];
  markTimeout(state);
}
