import path from 'node:path';
import type { Bundle, Task } from '../../../compiler/bundle/format.ts';
import { readDocument, runFolder, valuesBefore, type RecordedRun, type RecordedTask } from '../../../runtime/index.ts';
import { lastValue, nearest, type ParsedArguments } from '../args.ts';
import { debugNotebook } from '../debug-notebook.ts';
import { shownPath, readNamedFile } from '../files.ts';
import { findRun, type FoundRun } from '../find-run.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { findTask } from '../input.ts';
import { writeOutput } from '../output-file.ts';
import { compileNotebook } from '../toolchain.ts';

/** `cellwright debug RUN --task T [-o FILE]`: writes a notebook that opens at a cell of a run with what the cell started with. */
export async function debugCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const [word] = parsed.positionals;
  if (word === undefined)
    return usage('No run was named.', 'Name one as cellwright runs lists it, or its notebook for the last.');
  const found = findRun(host, parsed, { word });
  if (!found.ok) return found.result;
  const cell = await findCell(host, parsed, found.value);
  if (!cell.ok) return cell.result;
  const { state, run } = found.value;
  const { task, recorded, bundle, metadata } = cell.value;
  const inputs = inputsOf(found.value, task, bundle);
  if (!inputs.ok) return inputs.result;
  const shown = lastValue(parsed, 'output') ?? `${recorded.name}.debug.ipynb`;
  const file = path.resolve(host.cwd, shown);
  const text = debugNotebook({
    run,
    task: recorded,
    source: task.source,
    lowered: task.lowered,
    state,
    installation: host.installation,
    language: bundle.notebook.language,
    before: bundle.tasks.slice(0, bundle.tasks.indexOf(task)),
    ...inputs.value,
    metadata,
  });
  const problem = writeOutput(file, text, shownPath(host, file));
  if (problem !== undefined) return problem;
  const absent = Object.entries(inputs.value.absent);
  return {
    status: 'ok',
    diagnostics: absent.map(([name, why]) => ({
      code: 'CW711',
      severity: 'warning',
      message: `${name} cannot be loaded: ${why}.`,
      help: 'Make it in the notebook before the cell.',
      related: [],
    })),
    text: `${recorded.name} of run ${run.id}, with ${inputs.value.names.length} variables\nnotebook  ${shownPath(host, file)}\n`,
    document: {
      run: run.id,
      task: recorded.id,
      name: recorded.name,
      notebook: file,
      inputs: inputs.value.names,
      absent: inputs.value.absent,
    },
  };
}

interface DebuggedCell {
  readonly task: Task;
  readonly recorded: RecordedTask;
  readonly bundle: Bundle;
  readonly metadata: unknown;
}

/** The task that is meant, as the run's own notebook has it. */
async function findCell(host: Host, parsed: ParsedArguments, { state, run }: FoundRun): Promise<Outcome<DebuggedCell>> {
  const file = path.join(runFolder(state, run.id), 'notebook.ipynb');
  const bytes = readNamedFile(host, file);
  if (!bytes.ok) return bytes;
  const { bundle } = await compileNotebook(host.installation, { bytes: bytes.value, name: 'notebook.ipynb' });
  if (bundle === undefined) throw new Error(`${file} does not compile`);
  const word = lastValue(parsed, 'task') ?? firstFailed(run)?.id;
  if (word === undefined) {
    const help = 'Name one with --task: its number in In [n], its id, its label or its name.';
    return { ok: false, result: usage('No cell was named, and none failed in this run.', help) };
  }
  const task = findTask(bundle, word);
  if (!task.ok) return task;
  const recorded = run.tasks.get(task.value.id);
  if (recorded === undefined) {
    const near = nearest(
      word,
      [...run.tasks.values()].map(({ name }) => name),
    );
    const help = near === undefined ? 'cellwright show lists the cells of the run.' : `Did you mean ${near}?`;
    return { ok: false, result: usage(`${task.value.name} did not run.`, help) };
  }
  const document = readDocument(file) as { readonly metadata?: unknown };
  return { ok: true, value: { task: task.value, recorded, bundle, metadata: document.metadata ?? {} } };
}

function firstFailed(run: RecordedRun): RecordedTask | undefined {
  return [...run.tasks.values()].find(({ status }) => status === 'failed');
}

interface Inputs {
  readonly names: readonly string[];
  readonly absent: Readonly<Record<string, string>>;
  /** By name, the object of everything that the store has. */
  readonly references: Readonly<Record<string, string>>;
}

/** What the cell read or may read, and what shares objects with it: those came with it. */
function inputsOf({ run, state }: FoundRun, task: Task, bundle: Bundle): Outcome<Inputs> {
  const values = valuesBefore(
    run,
    bundle.tasks.slice(0, bundle.tasks.indexOf(task)).map(({ id }) => id),
    state,
  );
  if (values === undefined) {
    const help = 'Run it again without --one-process, or look at the whole notebook with a debugger.';
    const why = run.lane === undefined ? '' : ` (${run.lane})`;
    const message = `Run ${run.id} has stored no values: all its cells ran in one process${why}.`;
    return { ok: false, result: { ...usage(message, help, 'CW710'), status: 'refused' } };
  }
  const { stored, absent } = values;
  const read = new Set([...mayRead(task), ...Object.keys(run.tasks.get(task.id)?.stored?.reads ?? {})]);
  const isRead = (name: string): boolean => !name.includes(':') && (task.preload === '*' || read.has(name));
  const objects = new Set([...stored].flatMap(([name, object]) => (isRead(name) ? [object] : [])));
  const names = [...stored].flatMap(([name, object]) => (!name.includes(':') && objects.has(object) ? [name] : []));
  return {
    ok: true,
    value: {
      names: names.sort(),
      references: Object.fromEntries(stored),
      absent: Object.fromEntries(Object.entries(absent).filter(([name]) => isRead(name))),
    },
  };
}

function mayRead({ accesses, preload }: Task): readonly string[] {
  const names = accesses.flatMap(({ resource }) => (resource.kind === 'variable' ? [resource.name] : []));
  return preload === '*' ? names : [...names, ...preload];
}
