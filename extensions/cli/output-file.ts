import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describeFileError, isFileError, statOf } from './files.ts';
import { fileProblem, usage, type CommandResult } from './host.ts';

/** A problem when the file could not be written later on: said before the work is done, not after it. Makes nothing. */
export function checkWritable(file: string, shown: string): CommandResult | undefined {
  try {
    if (statOf(file)?.isDirectory()) return usage(`${shown} is a folder.`, 'Name a file.');
    checkFolder(path.dirname(findTarget(file)));
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
  return write(file, text, { shown, flush: true });
}

/** The same for one of many results: each is not waited for until it is on the disk. */
export function writeOneOfMany(file: string, text: string, shown: string): CommandResult | undefined {
  return write(file, text, { shown, flush: false });
}

/** The same for a program, which the user may run. */
export function writeProgram(file: string, text: string, shown: string): CommandResult | undefined {
  const problem = write(file, text, { shown, flush: false });
  if (problem === undefined) chmodSync(file, 0o755);
  return problem;
}

function write(
  file: string,
  text: string,
  { shown, flush }: { readonly shown: string; readonly flush: boolean },
): CommandResult | undefined {
  let temporary: string | undefined;
  try {
    const existing = statOf(file);
    const target = findTarget(file);
    makeFolder(path.dirname(target));
    if (existing !== undefined && !existing.isFile()) {
      writeFileSync(file, text);
      return undefined;
    }
    temporary = temporaryBeside(target);
    writeFileSync(temporary, text, { flag: 'wx', flush });
    if (existing !== undefined) chmodSync(temporary, existing.mode & 0o777);
    renameSync(temporary, target);
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    if (temporary !== undefined) rmSync(temporary, { force: true });
    return cannotWrite(shown, error);
  }
}

/** What a link leads to is written, not the link, also when nothing is there yet. */
function findTarget(file: string): string {
  let target = file;
  // The system follows no more; a circle was refused before.
  for (let links = 0; links < 40 && isLink(target); links++) {
    // From where the folder really is: it may be reached by a link too.
    target = path.resolve(realpathSync(path.dirname(target)), readlinkSync(target));
  }
  return target;
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** A name of its own: with anything added, a long name might be too long. */
export function temporaryBeside(target: string): string {
  return path.join(path.dirname(target), `.cellwright-${process.pid}.tmp`);
}

function cannotWrite(shown: string, error: NodeJS.ErrnoException): CommandResult {
  return fileProblem(`${shown} cannot be written: ${describeFileError(error)}.`, 'Name another place.');
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
