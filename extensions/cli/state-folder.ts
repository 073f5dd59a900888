import path from 'node:path';
import { defaultState } from '../../runtime/index.ts';
import { lastValue, type ParsedArguments } from './args.ts';
import { statOf } from './files.ts';
import { usage, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';
import { prepareFolder } from './output-file.ts';

/** The interpreter, and where the values, the cache and the logs of a notebook are kept. */
export interface Place {
  readonly state: string;
  readonly python: string | undefined;
  readonly kernel: string | undefined;
  /** Absolute path of a lock from which alone modules come. */
  readonly lock?: string | undefined;
  readonly environment: Host['environment'];
}

/** Where this notebook's state is, whether it exists or not. */
export function stateOf(host: Host, parsed: ParsedArguments, input: Input): string {
  const named = lastValue(parsed, 'state');
  if (named !== undefined) return path.resolve(host.cwd, named);
  return defaultState(input.isStream ? input.folder : path.resolve(host.cwd, input.path), host.environment);
}

/** The interpreter and the state of a notebook; its folder is made, so that nobody meets later that it cannot be. */
export function findPlace(host: Host, parsed: ParsedArguments, input: Input): Outcome<Place> {
  const state = stateOf(host, parsed, input);
  const help = 'Name a folder for stored values with --state, or set XDG_CACHE_HOME.';
  const problem = prepareFolder(state, help);
  if (problem !== undefined) return { ok: false, result: problem };
  // Loading a stored value runs what its writer wants.
  if (process.getuid !== undefined && statOf(state)?.uid !== process.getuid()) {
    return {
      ok: false,
      result: usage(`${state} belongs to somebody else, and so would the values stored there.`, help),
    };
  }
  const python = lastValue(parsed, 'python');
  const place = {
    state,
    python: python?.includes('/') === true ? path.resolve(host.cwd, python) : python,
    kernel: lastValue(parsed, 'kernel'),
    environment: host.environment,
  };
  return { ok: true, value: place };
}
