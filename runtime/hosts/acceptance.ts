import { describeDoing } from '../cache.ts';
import type { AttemptResult, FromAttempt } from '../process/protocol.ts';
import { digestOfVariable } from '../start-state.ts';
import type { Variables } from '../variables.ts';
import { asAskedHere } from './same-here.ts';

/** A message from another machine as one of this: what was asked of files has the answers that it has here. */
export function asFromHere(message: FromAttempt): FromAttempt {
  if (message.type !== 'done') return message;
  const filesRead = message.result.filesRead.flatMap((read) => asAskedHere(read) ?? []);
  return { ...message, result: { ...message.result, filesRead } };
}

/** Why something that an attempt on another machine did has to be done on the notebook's own, in words for the user; undefined: it has not. */
export function whyHome(message: FromAttempt, variables: Variables): string | undefined {
  switch (message.type) {
    case 'effect':
      return `${describeDoing(message.reason, 'it')} (${message.detail})`;
    case 'one-process':
      return message.reason;
    case 'damaged':
      return `a stored value could not be had there (${message.object})`;
    case 'broken':
      return `the worker failed there: ${message.traceback.trim().split('\n').at(-1) ?? ''}`;
    case 'done':
      return whyNotBelieved(message.result, variables);
    default:
      return undefined;
  }
}

/**
 * A result from another machine counts when all that it found around it is so here as well. An error is made again here: it may come
 * from what is not on that machine.
 */
function whyNotBelieved(result: AttemptResult, variables: Variables): string | undefined {
  if (result.status === 'error') return 'it raised an error there, which is only believed here';
  const file = result.filesRead.find((read) => asAskedHere(read) === undefined);
  if (file !== undefined) return `it looks at ${file.path}, which is not the same there`;
  const [done] = result.outside;
  if (done !== undefined) return describeDoing(done, 'it');
  const other = Object.entries(result.variables).find(([name, digest]) => digestOfVariable(variables, name) !== digest);
  return other === undefined ? undefined : `it reads the environment variable ${other[0]}, which is another one there`;
}
