import { accessSync, chmodSync, constants, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { usage, type CommandResult } from './host.ts';
import { describeFileError, isFileError } from './input.ts';

/** A problem when the file could not be written later on: said before the work is done, not after it. Makes nothing. */
export function checkWritable(file: string, shown: string): CommandResult | undefined {
  const existing = statSync(file, { throwIfNoEntry: false });
  if (existing?.isDirectory()) return usage(`${shown} is a folder.`, 'Name a file with -o.');
  let place = path.dirname(file);
  while (statSync(place, { throwIfNoEntry: false }) === undefined) place = path.dirname(place);
  try {
    if (!statSync(place).isDirectory()) return usage(`${place} is no folder.`, `Name another place than ${shown}.`);
    accessSync(place, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return cannotWrite(shown, error);
  }
}

/** Writes a result whole or not at all, with its parent folders and with the permissions that the user's other files have. */
export function writeOutput(file: string, text: string, shown: string): CommandResult | undefined {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    makeFolder(path.dirname(file));
    const existing = statSync(file, { throwIfNoEntry: false });
    writeFileSync(temporary, text, { flag: 'wx', flush: true });
    if (existing !== undefined) chmodSync(temporary, existing.mode & 0o777);
    renameSync(temporary, file);
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    rmSync(temporary, { force: true });
    return cannotWrite(shown, error);
  }
}

function cannotWrite(shown: string, error: NodeJS.ErrnoException): CommandResult {
  return usage(`${shown} cannot be written: ${describeFileError(error)}.`, 'Name another place with -o.');
}

/** Step by step: Node's own recursion does not end in a folder that refuses by saying that it is not there. */
export function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder);
}
