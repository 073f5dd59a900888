import type { DiagnosticCode } from '../compiler/bundle/codes.ts';
import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import type { Task } from '../compiler/bundle/format.ts';
import { memoryInWords, type MemoryLimit } from './memory-limit.ts';
import { inWords } from './time-limit.ts';

function told(code: DiagnosticCode, message: string, help: string, task?: Task): Diagnostic {
  const location = task === undefined ? {} : { location: { cell: task.id, index: task.index } };
  return { code, severity: 'error', message, help, related: [], ...location };
}

/** The interpreter did not start; `complaint` is what it wrote. */
export function interpreterUnusable(executable: string, complaint: string): Diagnostic {
  const said = lastLine(complaint);
  return told(
    'CW501',
    `The Python interpreter ${executable} could not be used: ${said === '' ? 'it ended without a word.' : said}`,
    'Name an interpreter that has IPython with --python, or install ipykernel in this one.',
  );
}

/** The process ended in the middle of a cell, in the plainest way of running as well. */
export function processDied(task: Task): Diagnostic {
  return told(
    'CW502',
    `The process of ${task.name} ended before the cell did.`,
    'The cell may have used more memory than there is, or crashed the interpreter; run it alone with --only.',
    task,
  );
}

/** The cell was stopped; no result is refused, but the run fails. */
export function tookTooLong(task: Task, seconds: number): Diagnostic {
  return told(
    'CW505',
    `${task.name} was stopped after ${inWords(seconds)}, the limit of its time.`,
    'Give it more with #| timeout: SECONDS at its top, or with --execution-timeout where the cell says nothing.',
    task,
  );
}

/** The process of the cell was ended; no result is refused, but the run fails. */
export function usedTooMuch(task: Task, { peak, bytes }: MemoryLimit): Diagnostic {
  return told(
    'CW506',
    `${task.name} was ended at ${memoryInWords(peak)} of memory, beyond its limit of ${memoryInWords(bytes)}.`,
    'Give it more with #| mem: AMOUNT at its top; suggest NB says what recorded runs have used.',
    task,
  );
}

/** A cell gave its result, but not at the first try. */
export function wasRetried(task: Task, failures: readonly string[]): Diagnostic {
  const times = failures.length === 1 ? 'once' : `${String(failures.length)} times`;
  const message = `${task.name} failed ${times} before it gave its result: ${failures.join('; ')}.`;
  const help = 'Restart & Run All would have stopped there; its directive retries let it go on.';
  return { ...told('CW513', message, help, task), severity: 'warning' };
}

/** A cell that failed has a directive that asks for another try, and there is none. @param obstacle what it did, after its name */
export function couldNotRetry(task: Task, obstacle: string): Diagnostic {
  const message = `${task.name} was not tried again, because it ${obstacle}.`;
  const help = 'Try again inside the cell, around the one call that fails now and then.';
  return { ...told('CW514', message, help, task), severity: 'warning' };
}

/** The worker itself failed. */
export function workerFailed(task: Task, traceback: string): Diagnostic {
  const help = 'This is a fault of Cellwright; please report it with the notebook.';
  return told('CW503', `The worker failed in ${task.name}: ${lastLine(traceback)}`, help, task);
}

/** All cells would have to run again, but some did what cannot be undone. */
export function effectsLast(reason: string, lasting: readonly string[]): Diagnostic {
  return told(
    'CW504',
    `${reason}, and the cells cannot be run again from the start, because they ${lasting.join(', and ')}.`,
    'Run the notebook with --one-process.',
  );
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
