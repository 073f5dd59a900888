import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Task } from '../../compiler/bundle/format.ts';
import type { DebugSubject } from './debug-notebook.ts';

/** The cell that loads what a cell started with, and how it is asked for more. */
export interface Loading {
  readonly source: (subject: DebugSubject) => string;
  /** In words of Markdown. */
  readonly more: string;
}

const python: Loading = {
  source: ({ installation, state, run, task, names }) => {
    const listed = names.map((name) => JSON.stringify(name)).join(', ');
    return [
      'import sys',
      '',
      `sys.path.append(${JSON.stringify(path.join(installation, 'python'))})`,
      'from cellwright_worker.stored_inputs import open_inputs',
      '',
      `inputs = open_inputs(${JSON.stringify(state)}, run=${JSON.stringify(run.id)}, task=${JSON.stringify(task.id)}, names=[${listed}])`,
    ].join('\n');
  },
  more: '`inputs.names` lists the other variables, `inputs.load("NAME")` loads one.',
};

const javascript: Loading = {
  source: ({ installation, state, run, names, references, before }) => {
    const module = pathToFileURL(path.join(installation, 'node', 'stored-inputs.mjs')).href;
    const given = { store: path.join(state, 'store'), cwd: run.started?.cwd ?? '', references };
    return [
      `const { openInputs } = await import(${JSON.stringify(module)});`,
      `const inputs = await openInputs(${JSON.stringify(given, null, 2)}, (name) => import(name));`,
      ...names.map((name) => `${wordFor(name, before)} ${name} = inputs.value(${JSON.stringify(name)});`),
    ].join('\n');
  },
  more: '`inputs.names` lists the other variables, `inputs.value("NAME")` gives one.',
};

/** As the last cell that did so has declared it. */
function wordFor(name: string, before: readonly Task[]): string {
  const declared = before.flatMap(({ script }) => script?.declares ?? []);
  return declared.findLast((one) => one.name === name)?.how ?? 'let';
}

const byLanguage = new Map([
  ['typescript', javascript],
  ['javascript', javascript],
]);

/** How notebooks in a language load stored values. */
export function loadingIn(language: string): Loading {
  return byLanguage.get(language) ?? python;
}
