import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { defaultState, interruptOwner, isGoingOn, listRunsOf, readRun, runFolder } from '../../runtime/index.ts';
import { refuseCommand, refuseOptions } from './allowed.ts';
import type { Program } from './call-command.ts';
import { startDetached } from './detached-run.ts';
import { findReport } from './find-report.ts';
import { followRun, isThereToFollow } from './follow-run.ts';
import { checkParams } from './params.ts';
import {
  errorCodes,
  protocolVersion,
  type Method,
  type Notification,
  type ParamsOf,
  type ResultOf,
} from './protocol.ts';
import { refused } from './refused.ts';
import { watchFile } from './watch-file.ts';

/** One connection: what somebody asks, and whom to tell. It ends with {@link close}; runs do not. */
export class NotebookService {
  readonly #program: Program;
  readonly #tell: (notification: Notification) => void;
  readonly #closed = new AbortController();
  readonly #followed = new Map<string, AbortController>();
  readonly #watched = new Map<string, () => void>();
  /** The notebook that `cellwright open` was asked to show. */
  readonly #notebook: string | undefined;
  #isReady = false;

  constructor(program: Program, tell: (notification: Notification) => void, notebook?: string) {
    this.#program = program;
    this.#tell = tell;
    this.#notebook = notebook;
  }

  /** Answers a request; rejects with {@link Refused} when it is refused. */
  async answer(method: string, params: unknown): Promise<unknown> {
    const known = checkParams(method, params);
    if (!this.#isReady && known.method !== 'initialize')
      throw refused(errorCodes.notInitialized, 'The first request has to be initialize.');
    switch (known.method) {
      case 'initialize':
        return this.#initialize(known.params);
      case 'command':
        return await this.#command(known.params);
      case 'start':
        return await this.#start(known.params);
      case 'follow':
        return this.#follow(known.params);
      case 'unfollow':
        this.#followed.get(known.params.run)?.abort();
        this.#followed.delete(known.params.run);
        return null;
      case 'stop':
        return this.#stop(known.params);
      case 'active':
        return this.#active(known.params);
      case 'read-notebook':
        return this.#readNotebook(known.params);
      case 'watch-notebook':
        return this.#watchNotebook(known.params);
      case 'read-report':
        return this.#readReport(known.params);
    }
  }

  /** Ends everything that was asked for but runs. */
  close(): void {
    this.#closed.abort();
    for (const followed of this.#followed.values()) followed.abort();
    for (const stop of this.#watched.values()) stop();
  }

  #initialize({ protocol }: ParamsOf<'initialize'>): ResultOf<'initialize'> {
    const { version, command } = this.#program;
    if (protocol !== protocolVersion) {
      const message = `Cellwright ${version} speaks version ${protocolVersion} of this protocol, the editor's part version ${protocol}. Bring both to the same version of Cellwright.`;
      throw refused(errorCodes.otherVersion, message, { protocol: protocolVersion, cellwright: version });
    }
    this.#isReady = true;
    const notebook = this.#notebook === undefined ? {} : { notebook: this.#notebook };
    return { protocol: protocolVersion, cellwright: version, program: command, ...notebook };
  }

  async #command({ arguments: words, folder }: ParamsOf<'command'>): Promise<ResultOf<'command'>> {
    const problem = refuseCommand(words);
    if (problem !== undefined) throw refused(problem.code, problem.message);
    const { state } = this.#program;
    const place = state === undefined || words.includes('--state') || !takesState(words) ? [] : ['--state', state];
    const where = { folder: path.resolve(this.#program.folder, folder), signal: this.#closed.signal };
    const [name = '', ...rest] = words;
    return await this.#program.call([name, ...place, ...rest], where);
  }

  async #start({ notebook, arguments: words, folder }: ParamsOf<'start'>): Promise<ResultOf<'start'>> {
    const problem = refuseOptions(words);
    if (problem !== undefined) throw refused(problem.code, problem.message);
    const file = this.#fileOf(notebook);
    const where = folder === undefined ? path.dirname(file) : path.resolve(this.#program.folder, folder);
    const run = await startDetached(this.#program, {
      notebook: file,
      words,
      folder: where,
      state: this.#stateOf(file),
    });
    return { run };
  }

  #follow({ notebook, run, from = 0 }: ParamsOf<'follow'>): ResultOf<'follow'> {
    const state = this.#stateOf(this.#fileOf(notebook));
    if (!isRunName(run) || !isThereToFollow(state, run))
      throw refused(errorCodes.notFound, `There is no run ${run} of ${notebook}. cellwright runs lists them.`);
    this.#followed.get(run)?.abort();
    const stop = new AbortController();
    this.#followed.set(run, stop);
    // The answer comes before what is told.
    setImmediate(() => {
      void followRun({ state, run, from, tell: this.#tell, signal: stop.signal }).then(() => {
        if (this.#followed.get(run) === stop) this.#followed.delete(run);
      });
    });
    return { run };
  }

  #stop({ notebook, run }: ParamsOf<'stop'>): ResultOf<'stop'> {
    const state = this.#stateOf(this.#fileOf(notebook));
    if (!isRunName(run)) throw refused(errorCodes.notFound, `There is no run ${run}.`);
    return { stopped: interruptOwner(runFolder(state, run)) };
  }

  #active({ notebook }: ParamsOf<'active'>): ResultOf<'active'> {
    const state = this.#stateOf(this.#fileOf(notebook));
    const going = listRunsOf([state]).filter((kept) => isGoingOn(kept));
    const since = new Map<string, string>();
    for (const { id } of going) {
      // The runs of a matrix are followed together.
      const { matrix = id } = /^(?<matrix>\w+-[0-9a-f]{4})-\d+$/.exec(id)?.groups ?? {};
      const began = readRun(state, id)?.from ?? '';
      if (began < (since.get(matrix) ?? '~')) since.set(matrix, began);
    }
    const runs = [...since].map(([run, began]) => ({ run, since: began }));
    return { runs: runs.sort((left, right) => left.since.localeCompare(right.since)) };
  }

  #readNotebook({ notebook }: ParamsOf<'read-notebook'>): ResultOf<'read-notebook'> {
    const file = this.#fileOf(notebook);
    return { text: readFileSync(file, 'utf8'), name: path.basename(file) };
  }

  #watchNotebook({ notebook }: ParamsOf<'watch-notebook'>): ResultOf<'watch-notebook'> {
    const file = this.#fileOf(notebook);
    if (this.#watched.has(file)) return null;
    const stop = watchFile(file, (text) => this.#tell({ method: 'notebook-saved', params: { notebook, text } }));
    this.#watched.set(file, stop);
    return null;
  }

  #readReport({ notebook, run }: ParamsOf<'read-report'>): ResultOf<'read-report'> {
    const file = this.#fileOf(notebook);
    const state = this.#stateOf(file);
    const found = findReport({ notebook: file, state, run: run !== undefined && isRunName(run) ? run : undefined });
    if (found === undefined) throw refused(errorCodes.notFound, 'There is no report: a run writes one at its end.');
    return { path: found, html: readFileSync(found, 'utf8') };
  }

  #fileOf(notebook: string): string {
    const file = path.resolve(this.#program.folder, notebook);
    if (!existsSync(file)) throw refused(errorCodes.notFound, `There is no notebook ${notebook}. Save it first.`);
    return file;
  }

  #stateOf(file: string): string {
    return this.#program.state ?? defaultState(realpathSync(file), this.#program.environment);
  }
}

export type KnownRequest = { readonly [M in Method]: { readonly method: M; readonly params: ParamsOf<M> } }[Method];

/** Runs and matrices: no path. */
function isRunName(run: string): boolean {
  return /^[\w-]+$/.test(run);
}

/** Commands without a state of their own. */
function takesState([name = '']: readonly string[]): boolean {
  return !['compile', 'graph', 'emit', 'image', 'lock'].includes(name);
}
