import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { languageOfNotebook } from '../../runtime/index.ts';
import type { CommandResult } from './host.ts';
import type { Input } from './input.ts';

/** True for a notebook whose cells run where all commands know their way. */
export function isPython({ bundle }: Pick<Input, 'bundle'>): boolean {
  return languageOfNotebook(bundle.notebook.language).knowsEverything;
}

interface Reason {
  readonly why: string;
  /** What to do instead. */
  readonly next: string;
}

/** Commands that make something of Python, and what helps in other languages. */
const reasons: Readonly<Record<string, Reason>> = {
  image: {
    why: 'an image runs the steps of a notebook by a worker of Python',
    next: 'Make an image with Node, Deno, this program and the notebook beside its deno.lock: cellwright lock --check NB fetches the modules while it is built, and cellwright run NB --env lock runs it without a network.',
  },
  test: {
    why: 'a check calls the function of a cell in Python',
    next: 'Write the check as a cell that throws an error and tag it gate, or keep a run with cellwright freeze NB.',
  },
};

/** Engines other than a shell, whose machines have Python alone. */
const otherEngines: Reason = {
  why: 'its machines are set up with Python alone',
  next: 'Emit it for the shell (--target shell) and call run.sh where Node and Deno are, or let the engine have one step that runs cellwright run NB --env lock.',
};

/** True for a command that is for notebooks in Python alone. */
export function isForPython(command: string): boolean {
  return command in reasons;
}

/** Why a command is not for a notebook, and what helps. */
export function refuseLanguage({ bundle, path: notebook, sources }: Input, command: string): CommandResult {
  const { why, next } = reasons[command] ?? otherEngines;
  const message = `${command} is for notebooks in Python so far, and this one is in ${bundle.notebook.language}: ${why}.`;
  const diagnostics: Diagnostic[] = [{ code: 'CW401', severity: 'error', message, help: next, related: [] }];
  return { status: 'refused', diagnostics, text: '', document: { notebook }, sources };
}
