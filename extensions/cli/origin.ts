import path from 'node:path';
import type { Origin } from '../../runtime/index.ts';
import type { Host } from './host.ts';
import type { Input } from './input.ts';
import { recordParameters } from './recorded-parameters.ts';
import { programName } from './version.ts';

/** What the record of a run says of where it comes from. */
export function originOf(host: Host, input: Input, lock?: Origin['lock']): Origin {
  return {
    notebook: input.isStream ? '-' : path.resolve(host.cwd, input.path),
    parameters: recordParameters(input.values),
    program: programName,
    ...(lock !== undefined && { lock }),
  };
}
