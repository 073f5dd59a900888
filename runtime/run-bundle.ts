import { createHash, randomBytes } from 'node:crypto';
import { realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import { canonicalJson } from '../compiler/bundle/canonical.ts';
import { whyOneProcess } from '../compiler/bundle/one-process.ts';
import type { Bundle, Task } from '../compiler/bundle/format.ts';
import { describeMiss } from './cache.ts';
import { delayProcesses, type Disorder } from './disorder.ts';
import type { EnvironmentFound, RunEvent, RunStarted } from './event.ts';
import { describeRunner, type Origin } from './history/origin.ts';
import { SourceControlQuestion, type SourceControl } from './history/source-control.ts';
import { tellSteps } from './ladder.ts';
import type { EngineAsked } from './hosts/engine.ts';
import { isExpectedAtHome } from './hosts/home.ts';
import { Hosts, WideRoom, type HostsOptions } from './hosts/hosts.ts';
import { laneUnit, mayReuseLane, reuseLane } from './lane-cache.ts';
import { Alone } from './crew.ts';
import { AcceptedRuns } from './measures/accepted.ts';
import { Gates } from './measures/gates.ts';
import { runtimeOf } from './languages/registry.ts';
import type { Interpreter } from './process/interpreter.ts';
import { dismissAll } from './process/standby.ts';
import type { ParentOptions } from './process/worker-parent.ts';
import type { ProcessParent } from './process/task-processes.ts';
import { notesOnPlaces } from './placement-notes.ts';
import { ProfileNotes, readProfile, type Profile } from './profile.ts';
import { openRunLog, type RunLog, type RunRecord } from './record.ts';
import { executedNotebook } from './report/notebook.ts';
import { roomHere, type Room } from './room.ts';
import { Run } from './run.ts';
import type { RunContext, RunOutcome, TaskOutcome } from './run-state.ts';
import { secretNames, Secrets } from './secrets.ts';
import { ShownOutputs } from './shown-outputs.ts';
import type { Start } from './start-state.ts';
import { removeDamaged } from './store/damage.ts';
import { loadDigests, saveDigests } from './store/digests.ts';
import { objectsFolder, openLocalStore, writeAtomically, type LocalStore } from './store/local.ts';
import { sharedAddress, sharedFolder, type SharedObjects } from './store/shared.ts';
import { keepBelow, sweepRuns, sweepTemporary, untilCleaned } from './store/sweep.ts';
import { tellReachedByTasks } from './tell-reached.ts';
import { tellWhatRan } from './tell-what-ran.ts';
import type { Variables } from './variables.ts';
import type { Member } from './variants/team.ts';

/** How to run a bundle. */
export interface RunOptions {
  /** Path of `worker.py`. */
  readonly worker: string;
  /** Folder the cells run in. */
  readonly cwd: string;
  /** Where the store, the cache and the logs of this notebook are. */
  readonly state: string;
  readonly python?: string | undefined;
  readonly kernel?: string | undefined;
  /** Absolute path of a lock of modules: what cells import comes from it, and from nowhere else. */
  readonly lock?: string | undefined;
  readonly jobs: number;
  /** Where tasks run besides this machine; undefined: nowhere. */
  readonly engine?: EngineAsked | undefined;
  /** False: nothing is read from or written to the cache. */
  readonly cache: boolean;
  /** True: everything runs, and the cache is written. */
  readonly force: boolean;
  readonly keepGoing: boolean;
  /** Seconds that a cell may run whose directive does not say it; undefined: any number. */
  readonly timeout?: number | undefined;
  /** Index in `bundle.tasks` of the last task to run. */
  readonly until?: number | undefined;
  /** How processes of tasks come about: forked where that is safe, or each as a new interpreter. */
  readonly startMethod: 'fork' | 'spawn';
  /** Run all cells in one process. */
  readonly lane: boolean;
  /** How many seconds processes with the notebook's imports wait for the next run; 0: they end with this one. */
  readonly standBy: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted: no more cells run, those that run are killed, what has retired stays. */
  readonly signal?: AbortSignal | undefined;
  /** False: metrics and gates are left alone, for who only compares what cells give. */
  readonly judges?: boolean | undefined;
  /** What the record says of where the run comes from. */
  readonly origin: Origin;
  /** Environment variables that hold secrets, besides those that the document refers to. */
  readonly secrets?: readonly string[] | undefined;
  /** By the task's id, which of many values reach it. */
  readonly shelves?: ReadonlyMap<string, string> | undefined;
  /** The run is one of a team. */
  readonly seat?: Seat | undefined;
  /** Somebody follows the run under this name: what its cells show is kept beside its log as they retire. */
  readonly followed?: string | undefined;
  /** For tests: another order than the usual one. */
  readonly disorder?: Disorder | undefined;
  readonly onEvent: (event: RunEvent) => void;
}

/** A run's place in a team, and what the runs of the team have in common. */
export interface Seat {
  readonly id: string;
  readonly member: Member;
  readonly common: Common;
}

/** Milliseconds after its end for which a run waits for git. */
const gitPatience = 1500;
/** Bytes of stored values of one notebook beyond which what is not needed is removed. */
const largestStore = 10 * 2 ** 30;

/** The folder of all states that are kept where nothing else is said. */
export function statesFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const named = environment['XDG_CACHE_HOME'] ?? '';
  // The specification of base directories wants one that is not absolute left out of account.
  return join(isAbsolute(named) ? named : join(homedir(), '.cache'), 'cellwright');
}

/** Where the state of a notebook is kept when nothing else is said: outside its folder, so that a cell that lists it sees no change. */
export function defaultState(notebook: string, environment: Readonly<Record<string, string | undefined>>): string {
  const name = sha256(realpathSync(notebook)).slice(0, 16);
  return join(statesFolder(environment), name);
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function describeBeginning(bundle: Bundle, id: string, { origin, cwd, jobs }: RunOptions): RunStarted {
  return {
    type: 'run-started',
    id,
    tasks: bundle.tasks.filter((task) => task.executionCount > 0).length,
    bundle: `sha256:${sha256(canonicalJson(bundle))}`,
    notebook: bundle.notebook.digest,
    origin,
    runner: describeRunner(),
    cwd,
    jobs,
  };
}

function nothingRan(bundle: Bundle, document: string, diagnostic: Diagnostic): Omit<RunRecord, 'id' | 'folder'> {
  const tasks: TaskOutcome[] = bundle.tasks.map((task) => ({
    task,
    status: 'not-run',
    outputs: [],
    seconds: 0,
    reason: '',
    result: undefined,
  }));
  const notebook = executedNotebook(document, tasks);
  return { status: 'refused', tasks, diagnostics: [diagnostic], seconds: 0, lane: false, packages: [], notebook };
}

/**
 * Runs a bundle.
 * @param document the notebook as nbformat 4 JSON text
 */
export async function run(bundle: Bundle, document: string, options: RunOptions): Promise<RunRecord> {
  const started = performance.now();
  const { seat } = options;
  const id = seat?.id ?? options.followed ?? newRunId();
  const log = openRunLog(options.state, id, seat === undefined);
  const shown = options.followed === undefined ? undefined : new ShownOutputs(log.folder);
  if (seat === undefined) await clearUp(options.state);
  let secrets = new Secrets([], {});
  const emit = teller({ log, shown, mask: () => secrets, listen: options.onEvent });
  emit(describeBeginning(bundle, id, options));
  const common = seat?.common ?? openCommon(bundle, log.folder, options);
  if ('diagnostic' in common) {
    const { diagnostic } = common;
    emit({ type: 'diagnostic', diagnostic });
    log.close();
    return { id, ...nothingRan(bundle, document, diagnostic), folder: log.folder };
  }
  const { cells, store, interpreter, variables, journal, profile, notes } = common;
  secrets = secretsOf(document, options, variables);
  const start = common.describe();
  const { executable } = interpreter;
  const installed = common.packages();
  emit({ type: 'environment', executable, digest: `sha256:${sha256(start.whole)}`, ...installed });
  const previous = common.accepted.before(options.origin);
  const gates = new Gates({ judges: options.judges ?? true, previous, onEvent: emit });
  const seen = await runAndTell({
    bundle,
    cells,
    secrets,
    id,
    store,
    profile,
    notes,
    journal,
    ...start,
    variables,
    useCache: options.cache,
    readCache: options.cache && !options.force,
    keepGoing: options.keepGoing,
    timeout: options.timeout,
    lane: options.lane ? 'asked for' : whyOneProcess(bundle),
    isLaneAsked: options.lane,
    executable,
    until: options.until ?? Number.MAX_SAFE_INTEGER,
    crew: seat?.member ?? crewOfOne(bundle, options, { common, startState: start.whole, secrets, emit }),
    isHome: homeRule(options, profile),
    shelves: options.shelves ?? new Map(),
    isVariant: seat !== undefined,
    signal: options.signal,
    disorder: options.disorder,
    onEvent: emit,
    gates,
  });
  const { source } = common;
  const asked = { ...options, interpreter, variables, store, source, start: start.whole, installed, emit };
  const { language, packages } = await tellWhatRan(bundle, seen.tasks, asked);
  // Of tasks that came from the cache as well.
  const outcome = {
    ...seen,
    diagnostics: secrets.maskAll(seen.diagnostics),
    tasks: seen.tasks.map((task) => veiled(task, secrets)),
  };
  if (seat === undefined) {
    notes.save(store);
    saveDigests(store);
  }
  if (seat === undefined || seat.member.isTurn) rmSync(journal, { recursive: true, force: true });
  const seconds = (performance.now() - started) / 1000;
  const ended = options.signal?.aborted === true ? 'interrupted' : outcome.status;
  emit({ type: 'run-finished', status: ended, seconds });
  const notebook = executedNotebook(document, outcome.tasks, () => language);
  keepExecuted(log, notebook, seat);
  shown?.remove();
  if (seat === undefined && outcome.tasks.some(({ status }) => status === 'ran')) {
    keepBelow(options.state, { most: largestStore, own: id, codes: codesOf(bundle, options.until) });
  }
  log.close();
  const diagnostics = [...outcome.diagnostics, ...gates.diagnostics];
  return { id, ...outcome, diagnostics, seconds, packages, notebook, folder: log.folder };
}

interface Telling {
  readonly log: RunLog;
  readonly shown: ShownOutputs | undefined;
  /** They are known only when the run has begun. */
  readonly mask: () => Secrets;
  readonly listen: RunOptions['onEvent'];
}

/** Writes what happens into the log, and what cells show beside it, both without secrets. */
function teller({ log, shown, mask, listen }: Telling): RunContext['onEvent'] {
  return (event, outputs) => {
    const told = mask().maskAll(event);
    if (told.type === 'task-finished' && outputs !== undefined) shown?.keep(told, mask().maskOutputs(outputs));
    log.add(told);
    listen(told);
  };
}

/** Of many runs each is as good as its log, which a kill may cut short as well. */
function keepExecuted(log: RunLog, notebook: string, seat: Seat | undefined): void {
  const file = join(log.folder, 'notebook.ipynb');
  if (seat === undefined) writeAtomically(file, notebook);
  else writeFileSync(file, notebook, { mode: 0o600 });
}

/** A name for a run, or for what joins several. */
export function newRunId(): string {
  return `${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}-${randomBytes(2).toString('hex')}`;
}

/** Waits until nobody is cleaning, and removes what earlier runs left. */
export async function clearUp(state: string): Promise<void> {
  await untilCleaned(state);
  // Nothing of a record goes unasked.
  sweepRuns(state, { isKept: () => true });
  sweepTemporary();
}

/** Keeps the store below its size. @param codes hexadecimal digests of the code of all tasks */
export function keepStoreBelow(state: string, own: string, codes: ReadonlySet<string>): void {
  keepBelow(state, { most: largestStore, own, codes });
}

/** Hexadecimal digests of the code of all tasks, and of the lane of them. */
export function codesOf(bundle: Bundle, until: number | undefined): ReadonlySet<string> {
  const lane = laneUnit(bundle, until ?? Number.MAX_SAFE_INTEGER);
  const units = lane === undefined ? bundle.tasks : [...bundle.tasks, lane.task];
  return new Set(units.map(({ code }) => code.slice(code.indexOf(':') + 1)));
}

type Installed = Pick<EnvironmentFound, 'packages' | 'folders' | 'caches'>;

/** What does not depend on the values of parameters. */
export interface Common {
  /** What warm parents are started with; of several runs, the cells of the first. */
  readonly cells: RunContext['cells'];
  readonly store: LocalStore;
  readonly interpreter: Interpreter;
  readonly variables: Variables;
  /** Folder of the journal of effects: of several runs only one at a time has any. */
  readonly journal: string;
  readonly profile: Profile;
  readonly notes: ProfileNotes;
  /** What every cell starts from, now. */
  readonly describe: () => Start;
  /** What is installed, once it was described. */
  readonly packages: () => Installed;
  readonly source: () => Promise<SourceControl | undefined>;
  /** What runs are compared with. */
  readonly accepted: AcceptedRuns;
}

/** Finds the interpreter, and reads what is known of the notebook. */
export function openCommon(
  bundle: Bundle,
  folder: string,
  options: RunOptions,
): Common | { readonly diagnostic: Diagnostic } {
  const { python, environment, cwd, state, lock } = options;
  const kernel = options.kernel ?? bundle.notebook.kernelName;
  const sourceControl = new SourceControlQuestion(cwd, environment);
  const refusal = refuseFor(bundle, options);
  if (refusal !== undefined) return { diagnostic: refusal };
  const language = runtimeOf(bundle.notebook.language);
  const asked = { python, kernel, environment, cwd, lock };
  const interpreter = language.findInterpreter(asked);
  if (interpreter === undefined) return { diagnostic: language.noInterpreter(asked) };
  const store = openLocalStore(state, sharedObjects(options));
  loadDigests(store);
  let packages: Installed | undefined;
  const variables = { ...environment, ...interpreter.environment };
  const profile = readProfile(store);
  return {
    cells: cellsOf(bundle),
    store,
    interpreter,
    variables,
    journal: join(folder, 'effects'),
    profile,
    notes: new ProfileNotes(profile, bundle),
    describe: () => language.describeStart(store, { interpreter, cwd, variables }),
    packages: () => (packages ??= language.listPackages(store, { interpreter, cwd, variables })),
    source: async () => await sourceControl.answer(gitPatience),
    accepted: new AcceptedRuns(state),
  };
}

/** What a run is asked for that the language of its notebook does not know. */
function refuseFor({ notebook }: Bundle, { engine }: RunOptions): Diagnostic | undefined {
  if (runtimeOf(notebook.language).knowsEverything) return undefined;
  if (engine === undefined) return undefined;
  const message = `Tasks on other machines are for notebooks in Python so far, and this one is in ${notebook.language}: a host starts workers of Python.`;
  return {
    code: 'CW401',
    severity: 'error',
    message,
    help: 'Run it without --on; -j says how many tasks run at once here.',
    related: [],
  };
}

function sharedObjects({ state, engine }: RunOptions): SharedObjects | undefined {
  if (engine?.store === undefined) return undefined;
  return engine.store.kind === 'folder' ? sharedFolder(engine.store.path) : sharedAddress(state, engine.store.url);
}

/** The secrets of a run: those that its document refers to, and those of the runs that it belongs to. */
export function secretsOf(document: string, options: RunOptions, variables: Variables): Secrets {
  return new Secrets([...new Set([...secretNames(document), ...(options.secrets ?? [])])], variables);
}

interface Surroundings {
  readonly common: Common;
  /** Digest of all that processes start from. */
  readonly startState: string;
  readonly secrets: Secrets;
  readonly room: Room;
  readonly emit: (event: RunEvent) => void;
}

/** How many tasks may run at once, where tasks can run. */
export function roomFor({ jobs, engine }: Pick<RunOptions, 'jobs' | 'engine'>): Room {
  return engine === undefined ? roomHere(jobs) : new WideRoom(jobs);
}

function crewOfOne(bundle: Bundle, options: RunOptions, around: Omit<Surroundings, 'room'>): Alone {
  const room = roomFor(options);
  return new Alone(room, parentStarter(bundle, options, { ...around, room }));
}

/** Which tasks are expected to need this machine. */
function homeRule({ engine }: RunOptions, profile: Profile): (task: Task) => boolean {
  if (engine === undefined) return () => true;
  return (task) => isExpectedAtHome(task, profile, engine.isShared);
}

/** Starts the first of the processes that those of tasks are forked from. */
export function parentStarter(
  bundle: Bundle,
  options: RunOptions,
  { common, startState, secrets, room, emit }: Surroundings,
): () => Promise<ProcessParent> {
  const { engine } = options;
  return async () => {
    const start: ParentOptions = {
      interpreter: common.interpreter,
      script: options.worker,
      store: common.store.objects,
      cwd: options.cwd,
      start: options.startMethod,
      startState,
      // A process that waits would have them in memory, and a later run may have others.
      standBy: secrets.names.length > 0 ? 0 : options.standBy,
      secrets: secrets.names,
      journal: common.journal,
      cells: common.cells,
      environment: options.environment,
      signal: options.signal,
    };
    const parent =
      engine === undefined || !(room instanceof WideRoom)
        ? await runtimeOf(bundle.notebook.language).startProcesses(start)
        : await Hosts.start({
            engine,
            parent: start,
            variables: common.variables,
            room,
            ...telling(emit),
            ...sharing(common),
          });
    return delayProcesses(parent, options.disorder);
  };
}

function sharing({ store }: Common): Pick<HostsOptions, 'onShared'> {
  return {
    onShared: (digests) => {
      store.shared?.note(digests);
    },
  };
}

function telling(emit: (event: RunEvent) => void): Pick<HostsOptions, 'onNotice' | 'onDiagnostic'> {
  return {
    onNotice: (text) => {
      emit({ type: 'notice', text });
    },
    onDiagnostic: (diagnostic) => {
      emit({ type: 'diagnostic', diagnostic });
    },
  };
}

function veiled(outcome: TaskOutcome, secrets: Secrets): TaskOutcome {
  return { ...outcome, reason: secrets.mask(outcome.reason), outputs: secrets.maskOutputs(outcome.outputs) };
}

/** Execution count, source and digest of the code of what is executed. */
function cellsOf(bundle: Bundle): [number, string, string][] {
  const executed = bundle.tasks.filter((task) => task.executionCount > 0);
  return executed.map((task) => [task.executionCount, task.source, task.code]);
}

/** Runs, and says in the end which step of the ladder the cells were on. */
async function runAndTell(context: RunContext): Promise<RunOutcome> {
  const outcome = await runOnSoundStore(context);
  tellReachedByTasks(context, outcome);
  const steps = [...tellSteps(outcome), ...notesOnPlaces(context, outcome)];
  for (const diagnostic of steps) context.onEvent({ type: 'diagnostic', diagnostic });
  return { ...outcome, diagnostics: [...outcome.diagnostics, ...steps] };
}

/** Runs; when the store turns out to be damaged, what is damaged is removed and the run starts again. */
async function runOnSoundStore(context: RunContext): Promise<RunOutcome> {
  // What all cells together depend on must be as it is when it is their turn.
  if (context.isVariant && mayReuseLane(context)) await context.crew.turn();
  const lane = reuseLane(context);
  if (lane !== undefined && 'tasks' in lane) return lane;
  const laneMiss = lane === undefined || lane.part === 'no earlier run' ? '' : describeMiss(lane);
  const outcome = await new Run({ ...context, laneMiss }).execute();
  if (outcome.outdated !== undefined) {
    const reason = `${outcome.outdated} has changed since it was used`;
    context.onEvent({ type: 'restarted', reason });
    return await runOnSoundStore(context);
  }
  if (outcome.damaged === undefined) return outcome;
  context.store.shared?.forget(/sha256:[0-9a-f]{64}/.exec(outcome.damaged)?.[0] ?? '');
  const removed = removeDamaged(context.store.objects);
  const reason = `the store was damaged (${outcome.damaged}); ${removed} damaged objects were removed`;
  context.onEvent({ type: 'restarted', reason });
  return await runOnSoundStore(context);
}

/** Ends the processes that wait for the next run of notebooks, by the folders of their states. */
export async function endStandBy(states: readonly string[]): Promise<void> {
  await dismissAll(new Set(states.map((state) => objectsFolder(state))));
}
