import { quoted, stepCalls, stepFunctions } from '../shell-steps.ts';
import { dataFiles } from './data-files.ts';
import { neededPython, requirementsFile } from './requirements-file.ts';
import type { Emission, Target } from './target.ts';

/** A script that runs the steps one after the other, for any machine with a shell and the notebook's Python. */
export const shellTarget: Target = {
  name: 'shell',
  isHere: true,
  help: 'a POSIX shell script: sh run.sh',
  without: ['matrix', 'schedule', 'image', 'store', 'signed'],
  emit: (emission) => [
    { path: 'run.sh', text: script(emission), isProgram: true },
    ...requirementsFile(emission.settings),
  ],
};

function script(emission: Emission): string {
  const { plan } = emission;
  return `${head(emission)}${lookForFiles(dataFiles(plan))}${stepFunctions}
${stepCalls(plan)}
collect
`;
}

/** Tells of files that have to be brought where the cells run. */
function lookForFiles(files: readonly string[]): string {
  if (files.length === 0) return '';
  return `
# What the cells read and no cell writes; elsewhere than beside the notebook it has to be brought.
for file in ${files.map(quoted).join(' ')}; do
  if [ ! -e "$cwd/$file" ]; then
    echo "$file is not in $cwd: bring it there, or name the folder that has it with CELLWRIGHT_CWD" >&2
  fi
done
`;
}

function head({ stem, notebookFolder, settings }: Emission): string {
  return `#!/bin/sh
# ${stem.replaceAll(/[\r\n]/g, ' ')}, step by step. Each step is a process of its own that gets its inputs from the store.
#
#   CELLWRIGHT_PYTHON  ${neededPython(settings)} (default: python3)
#   CELLWRIGHT_STORE   where values and files are kept (default: store, beside this file)
#   CELLWRIGHT_CWD     the folder that the cells run in (default: the notebook's)
#   CELLWRIGHT_OUT     the executed notebook (default: executed.ipynb, beside this file)
#
# Exit codes: 0 ok, 1 a cell raised or did what the plan does not allow for, 4 a gate does not hold.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 2
python=\${CELLWRIGHT_PYTHON:-python3}
store=\${CELLWRIGHT_STORE:-$here/store}
cwd=\${CELLWRIGHT_CWD:-$here/${quotedInside(notebookFolder)}}
out=\${CELLWRIGHT_OUT:-$here/executed.ipynb}
results=$here/results
rm -rf "$results"
mkdir -p "$results"
bundle=$here/bundle
`;
}

/** Text inside of double quotes or of a default value. */
function quotedInside(text: string): string {
  return text.replaceAll(/[\\$\`"}]/g, String.raw`\$&`);
}
