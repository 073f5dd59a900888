import { join } from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { describeModules } from '../javascript/describe-modules.ts';
import { describeJavaScript } from '../javascript/environment.ts';
import { findJavaScript, isJavaScript, kernelCommand, kernelOf } from '../javascript/interpreter.ts';
import { javaScriptEngine, javaScriptInfo } from '../javascript/language-info.ts';
import { denoLocks } from '../javascript/lock/deno-locks.ts';
import { packageLocks } from '../javascript/lock/package-locks.ts';
import { listModules } from '../javascript/list-modules.ts';
import { JavaScriptProcesses } from '../javascript/processes.ts';
import { executableOnPath } from '../process/interpreter.ts';
import type { InterpreterAsked, LanguageRuntime, StepNeeds } from './language-runtime.ts';
import type { ModuleLocks } from './module-locks.ts';

function noInterpreter({ kernel }: InterpreterAsked): Diagnostic {
  const known = kernelOf(kernel);
  return {
    code: 'CW500',
    severity: 'error',
    message: known === undefined ? `The kernel ${kernel} is not one whose cells can be run.` : `No ${known} was found.`,
    help:
      known === undefined
        ? 'Cells in JavaScript and TypeScript run as in the kernels deno, tslab and jslab: name one with -k NAME.'
        : known === 'deno'
          ? 'Install it: npm install deno in the folder of the notebook, pip install deno, or from deno.com.'
          : 'Install it: npm install tslab in the folder of the notebook.',
    related: [],
  };
}

function stepsOf(kernel: string): StepNeeds {
  const files = ['node/worker.mjs', 'node/steps.mjs'];
  if (kernelOf(kernel) === 'deno') return { files, programs: ['node', 'deno'], takesValues: false };
  const staysHere = {
    why: `cells of ${kernel} all run in one process, with what npm has installed beside the notebook, so there is nothing that an engine could divide`,
    next: 'Let the engine have one step: npm ci && cellwright run NB, or --target shell. Notebooks of the kernel deno can be divided.',
  };
  return { files, programs: ['node'], takesValues: false, staysHere };
}

function locksOf(kernel: string): ModuleLocks {
  return kernelOf(kernel) === 'deno' ? denoLocks : packageLocks;
}

/** Cells of TypeScript and JavaScript, under Deno or Node. */
export const javascript: LanguageRuntime = {
  runs: (language) => /^(?:typescript|javascript)\b/.test(language),
  findInterpreter: findJavaScript,
  noInterpreter,
  describeStart: describeJavaScript,
  listPackages: (_store, asked) => listModules(asked),
  describeEnvironment: describeModules,
  importedBy: ({ script }, imported, kernel) => {
    const names = [...(script?.modules ?? []).map(({ specifier }) => specifier), ...imported];
    return new Set(names.flatMap((name) => locksOf(kernel).moduleOf(name) ?? []));
  },
  languageInfo: javaScriptInfo,
  engineOf: javaScriptEngine,
  startProcesses: async (options) => {
    const { interpreter } = options;
    if (!isJavaScript(interpreter)) throw new Error('the interpreter is none of JavaScript');
    return await JavaScriptProcesses.start(options, interpreter);
  },
  plainCommand: (interpreter, { environment, kernel, python }, scripts) => {
    const names = python === undefined ? ['python3', 'python'] : [python];
    const executable = names.map((name) => executableOnPath(name, environment)).find((found) => found !== undefined);
    const command = kernelCommand(interpreter, kernel, environment);
    if (executable === undefined || command === undefined) return undefined;
    return { executable, words: [join(scripts, 'plain_run_kernel.py')], last: ['--', ...command], environment };
  },
  plainNeeds:
    'verify needs a Python with jupyter_client, and the kernel of the notebook: --python EXE names the Python.',
  modulesOf: locksOf,
  stepsOf,
  typeNames: {
    str: 'string',
    int: 'number',
    float: 'number',
    bool: 'boolean',
    None: 'null',
    list: 'array',
    dict: 'object',
  },
  knowsEverything: false,
};
