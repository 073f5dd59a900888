import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeFileError, isFileError, statOf } from './files.ts';
import { fileProblem, usage, type CommandResult } from './host.ts';
import { makeFolder, temporaryBeside } from './output-file.ts';

/** What an export writes into a folder. */
export interface ExportedFolder {
  readonly target: string;
  readonly shown: string;
  /** Texts by path from the folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Why a folder that has these names in it is somebody else's; undefined when it may be written into. */
  readonly foreign: (names: readonly string[]) => CommandResult | undefined;
  /** Puts the files, which are whole in a folder beside it, in the place of those of an earlier export. */
  readonly moveIn: (staging: string) => void;
}

/** Writes the files of an export beside the folder first, and moves them in when all are there. */
export function writeExportedFolder({
  target,
  shown,
  files,
  foreign,
  moveIn,
}: ExportedFolder): CommandResult | undefined {
  const staging = temporaryBeside(target);
  try {
    const existing = statOf(target);
    if (existing?.isDirectory() === false) return usage(`${shown} is no folder.`, 'Name a folder with --modules.');
    const problem = existing === undefined ? undefined : foreign(readdirSync(target));
    if (problem !== undefined) return problem;
    makeFolder(staging);
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(staging, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    makeFolder(target);
    moveIn(staging);
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return fileProblem(
      `${shown} cannot be written: ${describeFileError(error)}.`,
      'Name another folder with --modules.',
    );
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
