import path from 'node:path';
import type { Bundle } from '../../compiler/bundle/format.ts';
import { endStandBy, type RunEvent } from '../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { isFolder, isPipe, isSameFile, isThere } from './files.ts';
import { usage, type CommandResult, type Host } from './host.ts';
import { openInput, type Input } from './input.ts';
import { formatSeconds } from './progress.ts';
import { renderDiagnostics } from './render.ts';
import { SavedFile } from './saved-file.ts';
import { stateOf } from './state-folder.ts';

/** Runs the notebook of a command line once. */
export type RunOnce = (
  host: Host,
  parsed: ParsedArguments,
  listen: (event: RunEvent) => void,
) => Promise<CommandResult>;

/** Minutes for which what the cells import waits for the next save. */
const warmMinutes = '60';

/** `cellwright run --watch NB`: runs the notebook, and again after every save, until it is interrupted. */
export async function watchRuns(host: Host, parsed: ParsedArguments, runOnce: RunOnce): Promise<CommandResult> {
  const refused = misuse(host, parsed);
  if (refused !== undefined) return refused;
  const file = path.resolve(host.cwd, parsed.positionals[0] ?? '');
  const watched = new Watched({ host, parsed: keepingWarm(parsed), file: new SavedFile(file), runOnce });
  await watched.untilInterrupted();
  return { status: 'interrupted', diagnostics: [], text: '', document: { notebook: parsed.positionals[0] ?? '' } };
}

function misuse(host: Host, parsed: ParsedArguments): CommandResult | undefined {
  const [name, out] = parsed.positionals;
  if (name === undefined) return usage('No notebook was named.', 'Name an .ipynb or percent-format .py file.');
  const file = path.resolve(host.cwd, name);
  if (name === '-' || (isThere(file) && isPipe(file))) {
    return usage('What comes through a pipe is never saved again.', 'Name a file, or leave --watch out.');
  }
  if (!isThere(file)) return usage(`There is no notebook ${name}.`, 'Check the path.');
  if (isFolder(file))
    return usage(`${name} is a bundle, which nobody edits.`, 'Name its notebook, or leave --watch out.');
  if (hasFlag(parsed, 'matrix')) return usage('--watch runs one notebook, not a matrix.', 'Leave one of the two out.');
  if (hasFlag(parsed, 'json')) {
    return usage(
      '--watch writes a line for every run, not one JSON document.',
      'Leave --json out; docs/json.md says how to read a single run.',
    );
  }
  const target = lastValue(parsed, 'output') ?? out;
  if (target === '-' || (target !== undefined && isSameFile(path.resolve(host.cwd, target), file))) {
    return usage('A watched notebook cannot be written over by its own runs.', 'Name another file as OUT.');
  }
  return undefined;
}

/** What the cells import is kept between the runs, unless something else is said. */
function keepingWarm(parsed: ParsedArguments): ParsedArguments {
  if (lastValue(parsed, 'keep-warm') !== undefined) return parsed;
  return { ...parsed, uses: [...parsed.uses, { flag: 'keep-warm', values: [warmMinutes] }] };
}

interface Setting {
  readonly host: Host;
  readonly parsed: ParsedArguments;
  readonly file: SavedFile;
  readonly runOnce: RunOnce;
}

/** A run that goes on. */
interface Going {
  readonly bundle: Bundle;
  readonly stop: AbortController;
  /** Cells whose result is settled. */
  readonly settled: Set<string>;
  /** Names of the cells that have another text in what was saved meanwhile. */
  edited: readonly string[];
  /** Those cells, and all that depend on them. */
  outdated: ReadonlySet<string>;
}

class Watched {
  readonly #setting: Setting;
  readonly #ended: AbortSignal;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#ended = setting.host.interruption();
  }

  async untilInterrupted(): Promise<void> {
    const { host, parsed, file } = this.#setting;
    let state: string | undefined;
    while (!this.#ended.aborted) {
      const input = await this.#read();
      if (input === undefined) {
        await file.nextSave(this.#ended);
        continue;
      }
      state = stateOf(host, parsed, input);
      const savedAgain = await this.#run(input);
      if (!savedAgain) await file.nextSave(this.#ended);
    }
    if (state !== undefined) await endStandBy([state]);
  }

  /** The notebook; undefined when it cannot be run as it is, which is shown: somebody is in the middle of an edit. */
  async #read(): Promise<Input | undefined> {
    const { host, parsed } = this.#setting;
    const opened = await openInput(host, parsed);
    const { diagnostics, sources } = opened.ok ? opened.value : opened.result;
    const shown = diagnostics.filter(({ severity, code }) => severity === 'error' || code === 'CW201');
    if (opened.ok && shown.length === 0) return opened.value;
    host.err(renderDiagnostics(shown, sources ?? new Map()));
    host.out(`${clock()}  waiting for the next save\n`);
    return undefined;
  }

  /** True when the notebook was saved again while it ran. */
  async #run(input: Input): Promise<boolean> {
    const { host, parsed, runOnce } = this.#setting;
    const going: Going = {
      bundle: input.bundle,
      stop: new AbortController(),
      settled: new Set(),
      edited: [],
      outdated: new Set(),
    };
    const over = new AbortController();
    const either = AbortSignal.any([this.#ended, over.signal]);
    const saves = this.#lookForSaves(going, either);
    const signal = AbortSignal.any([this.#ended, going.stop.signal]);
    const hostOfRun: Host = {
      ...host,
      // Of the run as it goes on only a terminal shows something.
      err: (text) => {
        if (host.isTerminal) host.err(text);
      },
      interruption: () => signal,
    };
    const result = await runOnce(hostOfRun, parsed, (event) => note(going, event));
    over.abort();
    const savedAgain = await saves;
    if (!this.#ended.aborted) this.#show(result, going);
    return savedAgain;
  }

  /** Looks at every save until the run is over. */
  async #lookForSaves(going: Going, over: AbortSignal): Promise<boolean> {
    const { host, parsed, file } = this.#setting;
    let any = false;
    while (await file.nextSave(over)) {
      any = true;
      const opened = await openInput(host, parsed);
      if (!opened.ok) continue;
      const codes = new Map(opened.value.bundle.tasks.map(({ id, code }) => [id, code]));
      const edited = going.bundle.tasks.filter(({ id, code }) => codes.get(id) !== code);
      going.edited = edited.map(({ executionCount, name }) => `[${executionCount}] ${name}`);
      going.outdated = withDependents(
        going.bundle,
        edited.map(({ id }) => id),
      );
      stopIfOutdated(going);
    }
    return any;
  }

  #show(result: CommandResult, going: Going): void {
    const { host } = this.#setting;
    if (going.stop.signal.aborted) {
      host.out(`${clock()}  stopped: ${going.edited.join(', ')} was edited\n`);
      return;
    }
    const shown = result.diagnostics.filter(({ severity }) => severity !== 'info');
    if (shown.length > 0) host.err(renderDiagnostics(shown, result.sources ?? new Map()));
    if (result.errors !== undefined) host.err(result.errors);
    host.out(`${clock()}  ${summaryOf(result)}\n`);
  }
}

function note(going: Going, event: RunEvent): void {
  if (event.type === 'task-finished') going.settled.add(event.task);
  else if (event.type === 'lane' || event.type === 'restarted') going.settled.clear();
  else return;
  stopIfOutdated(going);
}

/**
 * Stops a run when the next result that it waits for is one that will be made again. A cell before that, which the edit does not
 * touch, may come to its end: it is remembered, and the next run goes on from there.
 */
function stopIfOutdated({ bundle, outdated, settled, stop }: Going): void {
  const next = bundle.tasks.find(({ id, executionCount }) => executionCount > 0 && !settled.has(id));
  if (next !== undefined && outdated.has(next.id)) stop.abort();
}

function withDependents({ edges }: Bundle, ids: readonly string[]): ReadonlySet<string> {
  const found = new Set(ids);
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const { from, to } of edges) if (found.has(from)) found.add(to);
  }
  return found;
}

interface ToldTask {
  readonly name: string;
  readonly executionCount: number;
  readonly status: string;
}

function summaryOf({ document }: CommandResult): string {
  const tasks = document['tasks'] as readonly ToldTask[] | undefined;
  if (tasks === undefined) return 'nothing was run';
  const named = (status: string): string[] =>
    tasks.filter((task) => task.status === status).map((task) => `[${task.executionCount}] ${task.name}`);
  const number = (status: string): number => tasks.filter((task) => task.status === status).length;
  const ran = named('ran');
  const parts = [ran.length === 0 ? 'nothing ran' : `ran ${ran.join(', ')}`];
  const failed = named('failed');
  if (failed.length > 0) parts.push(`FAILED ${failed.join(', ')}`);
  if (number('not-run') > 0) parts.push(`${number('not-run')} not run`);
  parts.push(`${number('reused')} reused`);
  return `${parts.join('; ')}, in ${formatSeconds(Number(document['seconds']))}`;
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
