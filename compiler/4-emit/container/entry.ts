import type { EnginePlan } from '../../bundle/engine-plan.ts';

/** Where things are in the image. */
interface Places {
  readonly home: string;
  readonly environment: string;
}

/**
 * What a container does: one step, as an engine asks for it; the whole notebook, where nothing is asked for; else the command that it is
 * given, since engines put their own agent into an image.
 */
export function entryScript({ home, environment }: Places): string {
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
task=$bundle/worker/task.py

case \${1-} in
  run | collect)
    command=$1
    shift
    exec "$python" "$task" "$command" --bundle "$bundle" "$@"
    ;;
  ?*) exec "$@" ;;
esac

store=\${CELLWRIGHT_STORE:-/work/.cellwright/store}
out=\${CELLWRIGHT_OUT:-/work/executed.ipynb}
results=$(mktemp -d) || exit 2
mkdir -p "$store" || exit 2

# Writes the executed notebook from the steps that have run.
collect() {
  "$python" "$task" collect --bundle "$bundle" --store "$store" --output "$out" "$results"/*.json
}

# step NAME NEEDED…
step() {
  name=$1
  shift
  for needed in "$@"; do
    set -- "$@" --input "$needed=$results/$needed.json"
    shift
  done
  "$python" "$task" run --bundle "$bundle" --store "$store" --cwd /work --step "$name" "$@" --output "$results/$name.json"
  code=$?
  if [ "$code" -ne 0 ]; then
    echo "$name ended with exit code $code" >&2
    collect
    exit "$code"
  fi
}

. "$bundle/steps.sh"
collect
`;
}

/** The steps in an order in which each has what it needs. */
export function stepsScript({ steps }: EnginePlan): string {
  return steps.map(({ name, needs }) => `${['step', ...[name, ...needs].map(quoted)].join(' ')}\n`).join('');
}

/** One word of the shell, whatever is in it. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
