import { realpathSync } from 'node:fs';
import { describeEnvironment, type Interpreter } from './process/interpreter.ts';
import { isFileError } from './store/local.ts';

/** What every cell of a run starts from, as the cache compares it: the interpreter with its packages, and the folder. */
export function describeStart(interpreter: Interpreter, cwd: string): string {
  return `${describeEnvironment(interpreter)} in ${realFolder(cwd)}`;
}

/** The part of two different start states that differs, in words for the user. */
export function differenceOfStarts(before: string, now: string): string {
  return packagesOf(before) === packagesOf(now)
    ? 'the folder that the cells run in'
    : 'installed packages or interpreter';
}

function packagesOf(start: string): string {
  return start.slice(0, start.indexOf(' in '));
}

/** As `os.getcwd()` gives it. */
function realFolder(cwd: string): string {
  try {
    return realpathSync(cwd);
  } catch (error) {
    if (isFileError(error)) return cwd;
    throw error;
  }
}
