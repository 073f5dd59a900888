import { availableParallelism } from 'node:os';
import type { DiagnosticCode } from '../compiler/bundle/codes.ts';
import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import { countGraphicsProcessors } from './graphics-processors.ts';
import { memoryUse } from './process/memory-use.ts';
import type { RunContext, RunOutcome, TaskOutcome } from './run-state.ts';

/** What a run on this machine has to say of directives that ask for a place: what it does not have, and what means nothing here. */
export function notesOnPlaces(
  { variables, isVariant }: Pick<RunContext, 'variables' | 'isVariant'>,
  { tasks, lane }: Pick<RunOutcome, 'tasks' | 'lane'>,
): readonly Diagnostic[] {
  const executed = tasks.filter(({ task }) => task.executionCount > 0);
  const ran = executed.filter(({ status }) => status === 'ran' || status === 'failed');
  const here = ran.filter(({ place }) => place === undefined);
  const notes = missingGraphics(here, countGraphicsProcessors(variables));
  // Many variants would all say the same.
  return isVariant ? notes : [...notes, ...withoutEffect(executed, ran, lane)];
}

function missingGraphics(ran: readonly TaskOutcome[], found: number): readonly Diagnostic[] {
  const lacking = ran.filter(({ task }) => (task.directives.gpu ?? 0) > found);
  if (lacking.length === 0) return [];
  const most = Math.max(...lacking.map(({ task }) => task.directives.gpu ?? 0));
  const has = found === 0 ? 'none' : String(found);
  const message = `${namesOf(lacking)} asked for ${most === 1 ? 'a GPU' : `${String(most)} GPUs`}, and this machine has ${has}.`;
  const help = 'The cell ran without, as it does under Restart & Run All; an engine finds one by its directive gpu.';
  return [say('CW507', 'warning', { message, help, tasks: lacking })];
}

function withoutEffect(
  executed: readonly TaskOutcome[],
  ran: readonly TaskOutcome[],
  lane: boolean,
): readonly Diagnostic[] {
  const cores = availableParallelism();
  const away = ran.filter(({ place }) => place !== undefined);
  const isBlind = memoryUse(process.pid) === undefined;
  const found: (readonly [string, readonly TaskOutcome[]])[] = [
    ['image: cells run in the interpreter of the notebook', having(executed, 'image')],
    ['env: cells have the variables of the run', having(executed, 'env')],
    [
      `cpu: this machine has ${String(cores)}`,
      ran.filter(({ task, place }) => place === undefined && (task.directives.cpu ?? 0) > cores),
    ],
    [
      lane ? 'mem: all cells ran in one process' : 'mem: this system does not tell what a process uses',
      lane || isBlind ? having(ran, 'mem') : [],
    ],
    ['mem: nobody looks at what a cell uses on another machine', having(away, 'mem')],
    ['retries: all cells ran in one process', lane ? having(ran, 'retries') : []],
  ];
  return found.flatMap(([why, tasks]) => {
    if (tasks.length === 0) return [];
    const message = `${namesOf(tasks)}: no effect here of ${why}.`;
    const help = 'Nothing must be done: the result is that of Restart & Run All.';
    return [say('CW512', 'info', { message, help, tasks })];
  });
}

function having(tasks: readonly TaskOutcome[], name: 'image' | 'env' | 'mem' | 'retries'): readonly TaskOutcome[] {
  return tasks.filter(({ task }) => task.directives[name] !== undefined);
}

function namesOf(tasks: readonly TaskOutcome[]): string {
  const names = tasks.map(({ task }) => task.name);
  return names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${String(names.length - 2)} more` : names.join(', ');
}

interface Said {
  readonly message: string;
  readonly help: string;
  readonly tasks: readonly TaskOutcome[];
}

function say(code: DiagnosticCode, severity: 'warning' | 'info', { message, help, tasks }: Said): Diagnostic {
  const [first] = tasks;
  const location = first === undefined ? {} : { location: { cell: first.task.id, index: first.task.index } };
  return { code, severity, message, help, related: [], ...location };
}
