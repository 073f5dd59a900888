import { readFileSync } from 'node:fs';
import { listFolder } from '../list-folder.ts';
import { isFileError } from '../store/local.ts';

const closesOnStart = 0o2000000;

/**
 * Numbers of the files that a program which is started from here would find open beside its own three, in order: what started this process
 * has left them open. Nothing of ours is among them. Empty where the system does not tell.
 */
export function inheritedFiles(): readonly number[] {
  const numbers = listFolder('/proc/self/fd').map(Number);
  return numbers.filter((number) => number > 2 && !closesByItself(number)).sort((left, right) => left - right);
}

function closesByItself(number: number): boolean {
  try {
    const [, flags = '0'] = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${String(number)}`, 'utf8')) ?? [];
    return (Number.parseInt(flags, 8) & closesOnStart) !== 0;
  } catch (error) {
    // It is closed already: that by which the folder was read.
    if (isFileError(error)) return true;
    throw error;
  }
}
