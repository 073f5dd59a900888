import { stepFunctions } from '../shell-steps.ts';
import type { ImagePlaces } from './environment.ts';

/**
 * What a container does: one step, as an engine asks for it; the whole notebook, where nothing is asked for; else the command that it is
 * given, since engines put their own agent into an image.
 */
export function entryScript({ home, environment }: ImagePlaces): string {
  return `#!/bin/sh
#   run --step NAME --store DIR …   one step
#   collect --store DIR …           the executed notebook from what steps gave
#   (nothing)                       all steps, one after the other, and the executed notebook
#   anything else                   is run as it is
#
# For all steps:
#   CELLWRIGHT_STORE   where values and files are kept (default: /work/.cellwright/store)
#   CELLWRIGHT_OUT     the executed notebook (default: /work/executed.ipynb)
#
# Exit codes: 0 ok, 1 a cell raised or did what the plan does not allow for, 4 a gate does not hold.
set -u
bundle=${home}/bundle
python=${environment}/bin/python

case \${1-} in
  run | collect)
    command=$1
    shift
    exec "$python" "$bundle/worker/task.py" "$command" --bundle "$bundle" "$@"
    ;;
  ?*) exec "$@" ;;
esac

store=\${CELLWRIGHT_STORE:-/work/.cellwright/store}
out=\${CELLWRIGHT_OUT:-/work/executed.ipynb}
results=$(mktemp -d) || exit 2
mkdir -p "$store" || exit 2
cwd=/work
${stepFunctions}
. "$bundle/steps.sh"
collect
`;
}
