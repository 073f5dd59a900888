import type { EnginePlan } from '../bundle/engine-plan.ts';

/**
 * Functions of a POSIX shell script that runs steps one after the other: `step NAME NEEDED…`, and `collect`. The script has set
 * `python`, `bundle`, `store`, `cwd`, `out` and `results`, a folder for what each step gives.
 */
export const stepFunctions = `task=$bundle/worker/task.py

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
  "$python" "$task" run --bundle "$bundle" --store "$store" --cwd "$cwd" --step "$name" "$@" --output "$results/$name.json"
  code=$?
  if [ "$code" -ne 0 ]; then
    echo "$name ended with exit code $code" >&2
    collect
    exit "$code"
  fi
}
`;

/** A call of `step` for each step, in an order in which each has what it needs. */
export function stepCalls({ steps }: Pick<EnginePlan, 'steps'>): string {
  return steps.map(({ name, needs }) => `${['step', ...[name, ...needs].map(quoted)].join(' ')}\n`).join('');
}

/** One word of the shell, whatever is in it. */
export function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
