import path from 'node:path';
import { observedTypes, readLastRun, type ObservedTypes } from '../../runtime/index.ts';
import type { Host } from './host.ts';
import type { Input } from './input.ts';
import type { Place } from './state-folder.ts';

/** The types of the variables of a notebook as its last run saw them; none when there is no run. */
export function findTypes(
  host: Host,
  { input, place }: { readonly input: Input; readonly place: Place },
): ObservedTypes {
  const last = readLastRun(place.state);
  if (last === undefined) return {};
  return observedTypes(
    { state: place.state, run: last.id },
    {
      script: path.join(host.installation, 'python', 'observed_types.py'),
      cwd: input.folder,
      python: place.python,
      kernel: place.kernel ?? input.bundle.notebook.kernelName,
      environment: host.environment,
    },
  );
}
