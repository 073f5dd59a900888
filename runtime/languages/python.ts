import { join } from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { describePython } from '../certificate/environment.ts';
import { modulesImported } from '../certificate/imported-modules.ts';
import { findInterpreter } from '../process/interpreter.ts';
import { languageOf } from '../process/language.ts';
import { listPackages } from '../process/search-path.ts';
import { WorkerParent } from '../process/worker-parent.ts';
import { describeStart } from '../start-state.ts';
import type { InterpreterAsked, LanguageRuntime } from './language-runtime.ts';

function noInterpreter({ python, kernel }: InterpreterAsked): Diagnostic {
  const what = python ?? (kernel === '' ? 'python3' : kernel);
  return {
    code: 'CW500',
    severity: 'error',
    message: `No interpreter was found for ${what}.`,
    help: 'Name one that has IPython with --python EXE, or a kernel with -k NAME.',
    related: [],
  };
}

/** Cells of Python, under IPython. */
export const python: LanguageRuntime = {
  runs: (language) => language.startsWith('python'),
  findInterpreter,
  noInterpreter,
  describeStart,
  listPackages,
  describeEnvironment: describePython,
  importedBy: modulesImported,
  languageInfo: languageOf,
  engineOf: (interpreter, environment, store) => {
    const version = languageOf(interpreter, environment, store)?.version;
    return version === undefined ? undefined : { name: 'python', version };
  },
  startProcesses: async (options) => await WorkerParent.start(options),
  plainCommand: (interpreter, { environment }, scripts) => ({
    executable: interpreter.executable,
    words: [join(scripts, 'plain_run.py')],
    last: [],
    environment: { ...environment, ...interpreter.environment, PYTHONHASHSEED: '0' },
  }),
  plainNeeds: 'verify needs nbclient and ipykernel in the interpreter that runs the notebook.',
  modulesOf: () => undefined,
  stepsOf: () => ({ files: [], programs: [], takesValues: true }),
  typeNames: {},
  knowsEverything: true,
};
