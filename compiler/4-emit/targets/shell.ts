import type { PlanStep } from '../../bundle/engine-plan.ts';
import type { Emission, Target } from './target.ts';

/** A script that runs the steps one after the other, for any machine with a shell and the notebook's Python. */
export const shellTarget: Target = {
  name: 'shell',
  help: 'a POSIX shell script: sh run.sh',
  emit: (emission) => [{ path: 'run.sh', text: script(emission), isProgram: true }],
};

function script({ plan, stem, notebookFolder }: Emission): string {
  return `${head(stem, notebookFolder)}${plan.steps.map((step) => `${callOf(step)}\n`).join('')}
collect
`;
}

function head(stem: string, folder: string): string {
  return `#!/bin/sh
# ${stem.replaceAll(/[\r\n]/g, ' ')}, step by step. Each step is a process of its own that gets its inputs from the store.
#
#   CELLWRIGHT_PYTHON  the interpreter, with IPython and what the notebook imports (default: python3)
#   CELLWRIGHT_STORE   where values and files are kept (default: store, beside this file)
#   CELLWRIGHT_CWD     the folder that the cells run in (default: the notebook's)
#   CELLWRIGHT_OUT     the executed notebook (default: executed.ipynb, beside this file)
#
# Exit codes: 0 ok, 1 a cell raised or did what the plan does not allow for, 4 a gate does not hold.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 2
python=\${CELLWRIGHT_PYTHON:-python3}
store=\${CELLWRIGHT_STORE:-$here/store}
cwd=\${CELLWRIGHT_CWD:-$here/${quotedInside(folder)}}
out=\${CELLWRIGHT_OUT:-$here/executed.ipynb}
results=$here/results
rm -rf "$results"
mkdir -p "$results"

# Writes the executed notebook from the steps that have run.
collect() {
  "$python" "$here/bundle/worker/task.py" collect --bundle "$here/bundle" --store "$store" --output "$out" "$results"/*.json
}

# step NAME NEEDED…
step() {
  name=$1
  shift
  for needed in "$@"; do
    set -- "$@" --input "$needed=$results/$needed.json"
    shift
  done
  "$python" "$here/bundle/worker/task.py" run --bundle "$here/bundle" --store "$store" --cwd "$cwd" \\
    --step "$name" "$@" --output "$results/$name.json"
  code=$?
  if [ "$code" -ne 0 ]; then
    echo "$name ended with exit code $code" >&2
    collect
    exit "$code"
  fi
}

`;
}

function callOf({ name, needs }: PlanStep): string {
  return ['step', ...[name, ...needs].map(quoted)].join(' ');
}

/** One word of the shell, whatever is in it. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Text inside of double quotes or of a default value. */
function quotedInside(text: string): string {
  return text.replaceAll(/[\\$\`"}]/g, String.raw`\$&`);
}
