/** What a person set in the editor. */
import * as vscode from 'vscode';
import type { ProblemLevel } from './problem-list.ts';

/** The settings that apply to a notebook. */
export interface Settings {
  readonly python: string;
  readonly jobs: number;
  readonly keepGoing: boolean;
  readonly runArguments: readonly string[];
  readonly cellStatus: boolean;
  readonly problems: ProblemLevel;
}

/** Reads them. In a workspace that is not trusted the editor leaves out what its files say of interpreters and arguments. */
export function settingsOf(notebook: vscode.Uri): Settings {
  const found = vscode.workspace.getConfiguration('cellwright', notebook);
  return {
    python: found.get('python', ''),
    jobs: found.get('jobs', 0),
    keepGoing: found.get('keepGoing', false),
    runArguments: found.get<string[]>('runArguments', []),
    cellStatus: found.get('cellStatus', true),
    problems: found.get<ProblemLevel>('problems', 'info'),
  };
}

/** Arguments of a run, beside those that say where it runs. */
export function runOnlyArguments({ jobs, keepGoing, runArguments }: Settings): readonly string[] {
  return [...(jobs > 0 ? ['--jobs', String(jobs)] : []), ...(keepGoing ? ['--keep-going'] : []), ...runArguments];
}
