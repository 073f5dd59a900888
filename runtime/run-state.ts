import type { PackageAnswers } from './process/reached-packages.ts';
import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import type { Bundle, Task } from '../compiler/bundle/format.ts';
import type { Crew } from './crew.ts';
import type { Disorder } from './disorder.ts';
import type { RunEvent } from './event.ts';
import type { Holder } from './holders.ts';
import type { SharedValue } from './ladder.ts';
import type { Gates, Judged } from './measures/gates.ts';
import { withVerdicts } from './measures/verdict-output.ts';
import type { GateVerdict } from './measures/verdict.ts';
import type { AttemptResult, OutputMessage } from './process/protocol.ts';
import type { MemoryLimit } from './memory-limit.ts';
import type { Secrets } from './secrets.ts';
import type { Profile, ProfileNotes } from './profile.ts';
import type { LocalStore } from './store/local.ts';
import type { TimeLimit } from './time-limit.ts';
import { followResults } from './writers.ts';
import type { Variables } from './variables.ts';
import type { Progress } from './versions.ts';

/** What a run knows of one task. */
export interface State extends Progress, Judged {
  readonly task: Task;
  result: AttemptResult | undefined;
  readonly index: number;
  status: 'waiting' | 'running' | 'ended' | 'retired';
  outputs: OutputMessage[];
  holder: Holder | undefined;
  cached: string | undefined;
  /** Of a reused task: the digest of what it reached of installed packages. */
  reached?: string;
  /** Files as the cached task left them, which must still be so. */
  left: Readonly<Record<string, string>>;
  /** What only the process of an earlier task had, when it ran in that; of a reused task, when it ran. */
  fused: readonly SharedValue[];
  /** The contents of the names that were loaded before the attempt started. */
  given: Readonly<Record<string, string>>;
  /** Names a running attempt asked for that an unfinished task is expected to write. */
  needs: readonly { readonly name: string; readonly companion: boolean }[];
  permit: 'none' | 'asked' | 'given';
  /** True when it has to run on the machine that the notebook is on. */
  isHome: boolean;
  /** The other machine that its last attempt ran on. */
  place: string | undefined;
  /** How many of its attempts were lost with other machines. */
  losses: number;
  /** What the attempt had read when it asked for the permit. */
  readSoFar: Pick<AttemptResult, 'reads' | 'shadowed' | 'filesRead'> | undefined;
  /** The clock of the attempt, when there is a limit. */
  limit: TimeLimit | undefined;
  /** The same for memory. */
  memory: MemoryLimit | undefined;
  /** Attempts so far; a late message of a dropped one is known by it. */
  attempts: number;
  /** How often an attempt was thrown away. */
  drops: number;
  /** How often a result was thrown away although every earlier task had retired. */
  dropsAtHead: number;
  seconds: number;
  /** Why it ran: the part of the cache key that differed. */
  because: string;
}

/** What a run needs besides the bundle. */
export interface RunContext {
  readonly bundle: Bundle;
  /** Execution count, source and digest of the code of the cells that processes are started with: of many runs, those of the first. */
  readonly cells: readonly (readonly [number, string, string])[];
  readonly id: string;
  readonly store: LocalStore;
  readonly profile: Profile;
  readonly notes: ProfileNotes;
  /** Folder of this run's journal of effects. */
  readonly journal: string;
  readonly environment: string;
  readonly packages: PackageAnswers;
  /** Environment variables of the cells. */
  readonly variables: Variables;
  readonly secrets: Secrets;
  readonly useCache: boolean;
  readonly readCache: boolean;
  readonly keepGoing: boolean;
  /** Seconds that a cell may run whose directive does not say it. */
  readonly timeout?: number | undefined;
  /** Why all cells run in one process from the beginning, if they do. */
  readonly lane: string | undefined;
  /** True when that is because somebody asked for it. */
  readonly isLaneAsked: boolean;
  /** Why no lane of an earlier run was used again, as far as there is something to tell. */
  readonly laneMiss?: string;
  /** The interpreter, for messages. */
  readonly executable: string;
  /** The last task to run; later ones are left untouched. */
  readonly until: number;
  readonly signal: AbortSignal | undefined;
  readonly disorder: Disorder | undefined;
  readonly crew: Crew;
  /** True when a task is expected to need the machine that the notebook is on. */
  readonly isHome: (task: Task) => boolean;
  /** By the task's id, which of many values reach it. */
  readonly shelves: ReadonlyMap<string, string>;
  /** True for one of many runs with other values. */
  readonly isVariant: boolean;
  /** With what the cell showed when the event tells that its task has retired. */
  readonly onEvent: (event: RunEvent, outputs?: readonly OutputMessage[]) => void;
  readonly gates: Gates;
}

/** What became of each task. */
export interface TaskOutcome {
  readonly task: Task;
  readonly status: 'ran' | 'cached' | 'failed' | 'not-run';
  readonly outputs: readonly OutputMessage[];
  readonly seconds: number;
  readonly reason: string;
  readonly result: AttemptResult | undefined;
  /** What only the process of an earlier task had, in which it ran therefore. */
  readonly fused?: readonly SharedValue[];
  /** Of a reused task: the digest of what it reached of installed packages. */
  readonly reached?: string;
  /** True when the cell was stopped because it took longer, or more memory, than it may. */
  readonly timedOut?: boolean;
  /** The other machine that it ran on; absent for this one. */
  readonly place?: string;
  /** Of its gates, in this run. */
  readonly verdicts?: readonly GateVerdict[];
}

/** The end of a run. */
export interface RunOutcome {
  readonly status: 'ok' | 'failed' | 'refused';
  readonly tasks: readonly TaskOutcome[];
  readonly diagnostics: readonly Diagnostic[];
  /** True when all cells ran in one process. */
  readonly lane: boolean;
  /** Why they did. */
  readonly why?: string | undefined;
  /** What was found damaged in the store; the run ended there and every effect of it was undone. */
  readonly damaged: string | undefined;
  /** What runs before this one have changed meanwhile that it had used; it has to be made again. */
  readonly outdated?: string | undefined;
}

/** After so many attempts that were lost with other machines, a task runs on this one. */
export const mostLosses = 2;

/** A task before anything happened to it. */
export function initialState(task: Task, index: number, isHome = true): State {
  return {
    isHome,
    place: undefined,
    losses: 0,
    task,
    index,
    status: 'waiting',
    result: undefined,
    outputs: [],
    holder: undefined,
    cached: undefined,
    left: {},
    fused: [],
    given: {},
    needs: [],
    permit: 'none',
    readSoFar: undefined,
    limit: undefined,
    memory: undefined,
    timedOut: false,
    attempts: 0,
    drops: 0,
    dropsAtHead: 0,
    seconds: 0,
    because: '',
    verdicts: [],
  };
}

/** Makes a task what it was before anything happened to it. What is still under way for an earlier attempt must not count as this one's. */
export function forget(state: State): void {
  Object.assign(state, initialState(state.task, state.index, state.isHome), { attempts: state.attempts + 1 });
}

/** Makes a task wait again, as though it had not run. */
export function putBack(state: State): void {
  const nothing = {
    status: 'waiting',
    result: undefined,
    outputs: [],
    given: {},
    needs: [],
    permit: 'none',
    cached: undefined,
    left: {},
    fused: [],
    timedOut: false,
    verdicts: [],
    place: undefined,
  };
  Object.assign(state, nothing);
}

/** All tasks before anything happened to them. @param isHome which have to run on the machine that the notebook is on */
export function initialStates(tasks: readonly Task[], isHome: RunContext['isHome']): State[] {
  const states = tasks.map((task, index) => initialState(task, index, isHome(task)));
  followResults(states);
  return states;
}

/** What became of a task. */
export function outcomeOf(state: State): TaskOutcome {
  const { task, outputs, seconds, result, because, verdicts } = state;
  const status =
    state.status !== 'retired' || result === undefined
      ? 'not-run'
      : result.status === 'error'
        ? 'failed'
        : state.cached === undefined
          ? 'ran'
          : 'cached';
  return {
    task,
    status,
    outputs: status === 'not-run' ? [] : withVerdicts(outputs, verdicts),
    seconds,
    reason: because,
    result: status === 'not-run' ? undefined : result,
    ...(state.fused.length > 0 && { fused: state.fused }),
    ...(status === 'cached' && state.reached !== undefined && { reached: state.reached }),
    ...(state.timedOut === true && { timedOut: true }),
    ...(status === 'ran' && state.place !== undefined && { place: state.place }),
    verdicts,
  };
}

/** What became of all tasks. @param lane why all cells ran in one process, if they did */
export function whatCameOf(
  states: readonly State[],
  lane: string | undefined,
): Pick<RunOutcome, 'tasks' | 'lane' | 'why'> {
  return { tasks: states.map((state) => outcomeOf(state)), lane: lane !== undefined, why: lane };
}

/** True when somebody has stopped the run. */
export function isStopped({ signal }: Pick<RunContext, 'signal'>): boolean {
  return signal?.aborted === true;
}

/** A cell that came to a limit has failed, and nothing is refused. */
const ofLimits: ReadonlySet<string> = new Set(['CW505', 'CW506']);

/** How a run ended. */
export function statusOf(diagnostics: readonly Diagnostic[], failed: boolean): RunOutcome['status'] {
  if (diagnostics.some(({ code, severity }) => severity === 'error' && !ofLimits.has(code))) return 'refused';
  return failed ? 'failed' : 'ok';
}

/** True when the cell raised and is not tagged as one that may, or took longer than it may. */
export function isFailure({ task, result, timedOut }: Progress): boolean {
  return result?.status === 'error' && (timedOut === true || !task.directives.raisesException);
}

/** True when an attempt has a core to itself: it runs, and waits neither for a value nor for its turn. */
export function isActive(state: State): boolean {
  return state.status === 'running' && !isAsking(state);
}

/** True when an attempt waits for an answer. */
export function isAsking({ status, needs, permit }: State): boolean {
  return status === 'running' && (needs.length > 0 || permit === 'asked');
}
