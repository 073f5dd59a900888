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

/** A command that is for notebooks in Python alone. */
export type ForPython = 'test';

/** Commands that make something of Python, and what helps in other languages. */
const reasons: Readonly<Record<ForPython, Reason>> = {
  test: {
    why: 'a check calls the function of a cell in Python',
    next: 'Write the check as a cell that throws an error and tag it gate, or keep a run with cellwright freeze NB.',
  },
};

/** True for a command that is for notebooks in Python alone. */
export function isForPython(command: string): command is ForPython {
  return Object.hasOwn(reasons, command);
}

/** Why a command is not for a notebook, and what helps. */
export function refuseLanguage({ bundle, path: notebook, sources }: Input, command: ForPython): CommandResult {
  const { why, next } = reasons[command];
  const message = `${command} is for notebooks in Python so far, and this one is in ${bundle.notebook.language}: ${why}.`;
  const diagnostics: Diagnostic[] = [{ code: 'CW401', severity: 'error', message, help: next, related: [] }];
  return { status: 'refused', diagnostics, text: '', document: { notebook }, sources };
}
