/** Says what did not work and what to do, without standing in the way. */
import * as vscode from 'vscode';
import type { CommandDocument } from '../service/protocol.ts';

/** What a command refused, in its own words. */
export function tellProblems(what: string, { diagnostics }: Pick<CommandDocument, 'diagnostics'>): void {
  const [first] = diagnostics.filter(({ severity }) => severity === 'error');
  const why = first === undefined ? '' : ` ${first.message} ${first.help}`;
  void vscode.window.showErrorMessage(`${what}${why}`);
}
