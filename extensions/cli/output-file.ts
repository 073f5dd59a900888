import { accessSync, chmodSync, constants, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeFileError, isFileError, statOf } from './files.ts';
import { fileProblem, usage, type CommandResult } from './host.ts';

/** A problem when the file could not be written later on: said before the work is done, not after it. Makes nothing. */
export function checkWritable(file: string, shown: string): CommandResult | undefined {
  try {
    if (statOf(file)?.isDirectory()) return usage(`${shown} is a folder.`, 'Name a file with -o.');
    checkFolder(path.dirname(file));
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return cannotWrite(shown, error);
  }
}

/** Makes a folder that is going to be written into, or says why that cannot be. */
export function prepareFolder(folder: string, help: string): CommandResult | undefined {
  try {
    checkFolder(folder);
    makeFolder(folder);
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return fileProblem(`${folder} cannot be written: ${describeFileError(error)}.`, help);
  }
}

/** Throws the error of the file system that writing into the folder would meet. */
function checkFolder(folder: string): void {
  let place = folder;
  while (statOf(place) === undefined) place = path.dirname(place);
  // With the slash a file in the place of a folder is refused.
  accessSync(`${place}${path.sep}`, constants.W_OK | constants.X_OK);
}

/** Writes a result whole or not at all, with its parent folders and with the permissions that the user's other files have. */
export function writeOutput(file: string, text: string, shown: string): CommandResult | undefined {
  let temporary: string | undefined;
  try {
    makeFolder(path.dirname(file));
    const existing = statOf(file);
    // What a link leads to is replaced, not the link.
    const target = existing === undefined ? file : realpathSync(file);
    if (existing !== undefined && !existing.isFile()) {
      writeFileSync(file, text);
      return undefined;
    }
    temporary = `${target}.${process.pid}.tmp`;
    writeFileSync(temporary, text, { flag: 'wx', flush: true });
    if (existing !== undefined) chmodSync(temporary, existing.mode & 0o777);
    renameSync(temporary, target);
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    if (temporary !== undefined) rmSync(temporary, { force: true });
    return cannotWrite(shown, error);
  }
}

function cannotWrite(shown: string, error: NodeJS.ErrnoException): CommandResult {
  return fileProblem(`${shown} cannot be written: ${describeFileError(error)}.`, 'Name another place with -o.');
}

/** Step by step: Node's own recursion does not end in a folder that refuses by saying that it is not there. */
export function makeFolder(folder: string): void {
  if (statOf(folder) !== undefined) return;
  makeFolder(path.dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Somebody else may have made it in the same moment.
    if (!isFileError(error) || error.code !== 'EEXIST') throw error;
  }
}
