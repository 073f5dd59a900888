import { createHash, randomBytes } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import { canonicalJson } from '../compiler/bundle/canonical.ts';
import type { Bundle } from '../compiler/bundle/format.ts';
import { describeMiss, findCached, identityOf, type Around, type Miss } from './cache.ts';
import { delayProcesses, type Disorder } from './disorder.ts';
import type { RunEvent, RunStarted } from './event.ts';
import { describeRunner, type Origin } from './history/origin.ts';
import { SourceControlQuestion } from './history/source-control.ts';
import { findLane, laneUnit, reuseLane } from './lane-cache.ts';
import { findInterpreter, type Interpreter } from './process/interpreter.ts';
import { listPackages } from './process/search-path.ts';
import { languageOf } from './process/language.ts';
import { dismissAll } from './process/standby.ts';
import { WorkerParent } from './process/worker-parent.ts';
import { ProfileNotes, readProfile } from './profile.ts';
import { openRunLog, type RunRecord } from './record.ts';
import { executedNotebook } from './report/notebook.ts';
import { Run } from './run.ts';
import type { RunContext, RunOutcome, TaskOutcome } from './run-state.ts';
import { describeStart } from './start-state.ts';
import { removeDamaged } from './store/damage.ts';
import { loadDigests, saveDigests } from './store/digests.ts';
import { objectsFolder, openLocalStore, writeAtomically } from './store/local.ts';
import { keepBelow, sweepRuns, sweepTemporary, untilCleaned } from './store/sweep.ts';
import type { Progress } from './versions.ts';

export type { Disorder } from './disorder.ts';
export type { RunEvent, TaskStatus } from './event.ts';
export type { Origin, Variant } from './history/origin.ts';
export type { TaskOutcome } from './run-state.ts';
export type { RunRecord } from './record.ts';
export { learnedWaits, readLastRun } from './observed.ts';
export type { Observation, RecordedFile } from './history/observation.ts';
export {
  findRuns,
  isGoingOn,
  listRuns,
  listRunsOf,
  readRun,
  readRuns,
  runFolder,
  type KeptRun,
} from './history/read-runs.ts';
export {
  compareRecords,
  type CellChange,
  type LoggedRun,
  type RecordChange,
  type RecordComparison,
} from './history/compare-records.ts';
export { renderComparison } from './report/comparison-html.ts';
export { isRecorded, traceLineage, type Lineage, type LineageNode, type Traced } from './history/lineage.ts';
export { isPinned, pinRun, retainedRuns, type KeptBecause, type Retention } from './history/retention.ts';
export { openLineageEvents, type LineageEvent } from './export/open-lineage.ts';
export { describeCrate, describeCrateForPeople } from './export/ro-crate.ts';
export { summariseRun, type RunSummary } from './history/summary.ts';
export { dataOf, requestsOf, type DataUse, type RequestUse } from './history/data.ts';
export { compareWithNow } from './history/changed-data.ts';
export type { RecordedRun, RecordedTask } from './history/recorded-run.ts';
export type { SourceControl } from './history/source-control.ts';
export { renderReport, type ReportInput } from './report/html.ts';
export { compareRuns, type CellVerdict, type ExecutedNotebook } from './verify/compare.ts';
export { judgeRuns, runPlainly, type PlainRun, type VerifiedTask } from './verify/verify.ts';
export { checkRun, type Checked, type CheckedCell } from './certificate/check.ts';
export type { Cause } from './certificate/cause.ts';
export { describeEnvironment, type EnvironmentDescription } from './certificate/environment.ts';
export { gatherFacts, type Witness } from './certificate/facts.ts';
export type { Certificate, Facts, RecordedValue } from './certificate/format.ts';
export { digestOfFacts, readCertificate, writeCertificate } from './certificate/read.ts';
export { certificateSchema } from './certificate/schema.ts';
export { frozenSchema, frozenVersion, type Frozen } from './frozen/format.ts';
export { changedSince, freezeNow, freezeRun, type NotebookPlace } from './frozen/freeze.ts';
export { compareFrozen, type Thawed } from './frozen/compare.ts';
export { readFrozen, writeFrozen } from './frozen/read.ts';
export { foldOutputs, type NotebookOutput } from './report/outputs.ts';
export { writeAtomically } from './store/local.ts';
export { cleanState, type Cleaned, type Swept } from './store/sweep.ts';

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
  readonly jobs: number;
  /** False: nothing is read from or written to the cache. */
  readonly cache: boolean;
  /** True: everything runs, and the cache is written. */
  readonly force: boolean;
  readonly keepGoing: boolean;
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
  /** What the record says of where the run comes from. */
  readonly origin: Origin;
  /** For tests: another order than the usual one. */
  readonly disorder?: Disorder | undefined;
  readonly onEvent: (event: RunEvent) => void;
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

function noInterpreter(options: {
  readonly kernel?: string | undefined;
  readonly python?: string | undefined;
}): Diagnostic {
  const what = options.python ?? options.kernel ?? 'python3';
  return {
    code: 'CW500',
    severity: 'error',
    message: `No interpreter was found for ${what}.`,
    help: 'Name one that has IPython with --python EXE, or a kernel with -k NAME.',
    related: [],
  };
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
  return { status: 'refused', tasks, diagnostics: [diagnostic], seconds: 0, lane: false, notebook };
}

/**
 * Runs a bundle.
 * @param document the notebook as nbformat 4 JSON text
 */
export async function run(bundle: Bundle, document: string, options: RunOptions): Promise<RunRecord> {
  const started = performance.now();
  const id = `${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}-${randomBytes(2).toString('hex')}`;
  const log = openRunLog(options.state, id);
  await untilCleaned(options.state);
  sweepOnce(options.state);
  const emit = (event: RunEvent): void => {
    log.add(event);
    options.onEvent(event);
  };
  emit(describeBeginning(bundle, id, options));
  const sourceControl = new SourceControlQuestion(options.cwd, options.environment);
  const interpreter = findInterpreter({
    python: options.python,
    kernel: options.kernel ?? bundle.notebook.kernelName,
    environment: options.environment,
  });
  if (interpreter === undefined) {
    const diagnostic = noInterpreter({ kernel: options.kernel ?? bundle.notebook.kernelName, python: options.python });
    emit({ type: 'diagnostic', diagnostic });
    log.close();
    return { id, ...nothingRan(bundle, document, diagnostic), folder: log.folder };
  }
  const store = openLocalStore(options.state);
  loadDigests(store);
  const variables = { ...options.environment, ...interpreter.environment };
  const environment = describeStart(store, { interpreter, cwd: options.cwd, variables });
  const { executable } = interpreter;
  emit({ type: 'environment', executable, digest: `sha256:${sha256(environment)}`, ...listPackages(store) });
  const journal = join(log.folder, 'effects');
  const profile = readProfile(store);
  const notes = new ProfileNotes(profile);
  const outcome = await runOnSoundStore({
    bundle,
    id,
    store,
    profile,
    notes,
    journal,
    environment,
    variables,
    jobs: options.jobs,
    useCache: options.cache,
    readCache: options.cache && !options.force,
    keepGoing: options.keepGoing,
    lane: options.lane ? 'asked for' : lookAtHistory(bundle),
    executable,
    until: options.until ?? Number.MAX_SAFE_INTEGER,
    startParent: parentStarter(bundle, options, { interpreter, environment, journal, objects: store.objects }),
    signal: options.signal,
    disorder: options.disorder,
    onEvent: emit,
  });
  const language = languageOf(interpreter, environment, store);
  if (language !== undefined) emit({ type: 'language', name: language.name, version: language.version });
  const source = await sourceControl.answer(gitPatience);
  if (source !== undefined) emit({ type: 'source-control', ...source });
  notes.save(store);
  saveDigests(store);
  rmSync(journal, { recursive: true, force: true });
  const seconds = (performance.now() - started) / 1000;
  const ended = options.signal?.aborted === true ? 'interrupted' : outcome.status;
  emit({ type: 'run-finished', status: ended, seconds });
  const notebook = executedNotebook(document, outcome.tasks, () => language);
  writeAtomically(`${log.folder}/notebook.ipynb`, notebook);
  if (outcome.tasks.some(({ status }) => status === 'ran')) {
    const lane = laneUnit(bundle, options.until ?? Number.MAX_SAFE_INTEGER);
    const units = lane === undefined ? bundle.tasks : [...bundle.tasks, lane.task];
    const codes = new Set(units.map(({ code }) => code.slice(code.indexOf(':') + 1)));
    keepBelow(options.state, { most: largestStore, own: id, codes });
  }
  log.close();
  return { id, ...outcome, seconds, notebook, folder: log.folder };
}

const swept = new Set<string>();

/** What dead runs left goes; nothing of a record. Once is enough for a process that makes many runs. */
function sweepOnce(state: string): void {
  if (swept.has(state)) return;
  swept.add(state);
  sweepRuns(state, { isKept: () => true });
  sweepTemporary();
}

interface Surroundings {
  readonly interpreter: Interpreter;
  /** What every cell starts from. */
  readonly environment: string;
  readonly journal: string;
  readonly objects: string;
}

function parentStarter(
  bundle: Bundle,
  options: RunOptions,
  { interpreter, environment, journal, objects }: Surroundings,
): RunContext['startParent'] {
  return async () => {
    const parent = await WorkerParent.start({
      interpreter,
      script: options.worker,
      store: objects,
      cwd: options.cwd,
      start: options.startMethod,
      startState: environment,
      standBy: options.standBy,
      journal,
      cells: cellsOf(bundle),
      environment: options.environment,
      signal: options.signal,
    });
    return delayProcesses(parent, options.disorder);
  };
}

/** Execution count, source and digest of the code of what is executed. */
function cellsOf(bundle: Bundle): [number, string, string][] {
  const executed = bundle.tasks.filter((task) => task.executionCount > 0);
  return executed.map((task) => [task.executionCount, task.source, task.code]);
}

/** The first cell that looks at what cells were and gave, which only one process has; undefined when none does. */
function lookAtHistory(bundle: Bundle): string | undefined {
  for (const task of bundle.tasks) {
    const found = task.accesses.find(({ resource }) => resource.kind === 'state' && resource.name === 'output-history');
    if (found !== undefined) return `${task.name} looks at what earlier cells were or gave (${found.reason})`;
  }
  return undefined;
}

/** Runs; when the store turns out to be damaged, what is damaged is removed and the run starts again. */
async function runOnSoundStore(context: RunContext): Promise<RunOutcome> {
  const lane = reuseLane(context);
  if (lane !== undefined && 'tasks' in lane) return lane;
  const laneMiss = lane === undefined || lane.part === 'no earlier run' ? '' : describeMiss(lane);
  const outcome = await new Run({ ...context, laneMiss }).execute();
  if (outcome.damaged === undefined) return outcome;
  const removed = removeDamaged(context.store.objects);
  const reason = `the store was damaged (${outcome.damaged}); ${removed} damaged objects were removed`;
  context.onEvent({ type: 'restarted', reason });
  return await runOnSoundStore(context);
}

/** Ends the processes that wait for the next run of notebooks, by the folders of their states. */
export async function endStandBy(states: readonly string[]): Promise<void> {
  await dismissAll(new Set(states.map((state) => objectsFolder(state))));
}

/** What a run would do with one task. */
export interface TaskPlan {
  readonly task: string;
  readonly name: string;
  readonly plan: 'cached' | 'run' | 'unknown';
  readonly miss?: Miss;
}

/** What would run and what is cached; a task after one that must run is unknown until that has run. */
export function status(
  bundle: Bundle,
  options: Pick<RunOptions, 'state' | 'cwd' | 'python' | 'kernel' | 'environment' | 'until'>,
): readonly TaskPlan[] {
  const interpreter = findInterpreter({
    python: options.python,
    kernel: options.kernel ?? bundle.notebook.kernelName,
    environment: options.environment,
  });
  const store = openLocalStore(options.state);
  loadDigests(store);
  const variables = { ...options.environment, ...interpreter?.environment };
  const environment =
    interpreter === undefined ? '' : describeStart(store, { interpreter, cwd: options.cwd, variables });
  const lane = planLane(bundle, { store, environment, variables }, options.until ?? Number.MAX_SAFE_INTEGER);
  if (lane !== undefined) return lane;
  const progress: Progress[] = bundle.tasks.map((task) => ({ task, result: undefined }));
  const plans: TaskPlan[] = [];
  const unsettled = new Set<string>();
  bundle.tasks.forEach((task, index) => {
    if (task.executionCount === 0) return;
    const found = findCached({ store, environment, variables }, progress, index);
    const waits = bundle.edges.some((edge) => edge.to === task.id && unsettled.has(edge.from));
    const own = progress[index];
    if ('entry' in found && own !== undefined) {
      own.result = found.entry.result;
      own.identity = identityOf(task, found.entry);
      plans.push({ task: task.id, name: task.name, plan: waits ? 'unknown' : 'cached' });
    } else {
      unsettled.add(task.id);
      plans.push({
        task: task.id,
        name: task.name,
        plan: waits ? 'unknown' : 'run',
        ...('miss' in found ? { miss: found.miss } : {}),
      });
    }
  });
  return plans;
}

/** All cells in one process are reused together or not at all; undefined when the next run tries them one by one. */
function planLane(bundle: Bundle, around: Around, until: number): readonly TaskPlan[] | undefined {
  const unit = laneUnit(bundle, until);
  if (unit === undefined) return undefined;
  const found = findLane(around, unit);
  if ('miss' in found && lookAtHistory(bundle) === undefined) return undefined;
  const plan = 'miss' in found ? ({ plan: 'run', miss: found.miss } as const) : ({ plan: 'cached' } as const);
  return unit.cells.map(({ id, name }) => ({ task: id, name, ...plan }));
}
