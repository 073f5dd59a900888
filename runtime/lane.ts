import { finishedEvent } from './history/finished.ts';
import { longestFarewell } from './holders.ts';
import type { AttemptResult, LaneObservation } from './process/protocol.ts';
import type { TaskProcess } from './process/worker-parent.ts';
import { limitIn, limitOf, markKilled, markTimeout } from './timed-out.ts';
import { unmetNeed, type Precedence } from './schedule.ts';
import { inputHistory } from './input-history.ts';
import { isFailure, type RunContext, type State } from './run-state.ts';
import { askedMeasures } from './measures/asked.ts';
import { isClosed } from './measures/gates.ts';

/** How a lane ended: the task that raised, the task whose process died, or neither. */
export interface LaneEnd {
  readonly failed: boolean;
  readonly died: State | undefined;
  /** What the worker said when it failed itself. */
  readonly broken: string | undefined;
  /** What all cells together depended on and did; undefined unless they all ran and nothing raised. */
  readonly observed?: LaneObservation | undefined;
}

/** What a lane runs. */
export interface LaneWork {
  readonly context: RunContext;
  /** As they were before anything ran. */
  readonly states: readonly State[];
  readonly precedence: Precedence;
}

/** Runs all cells in order in one process: exactly Restart & Run All, with nothing loaded or stored. */
export async function runLane(work: LaneWork, process: TaskProcess): Promise<LaneEnd> {
  const { context, states, precedence } = work;
  let failed = false;
  let ok = true;
  const because = ['in one process', context.laneMiss ?? ''].filter((text) => text !== '').join('; ');
  for (const state of states) {
    if (state.index > context.until) break;
    if (state.task.executionCount === 0) {
      state.status = 'retired';
      continue;
    }
    const unmet = failed ? unmetNeed(state, precedence) : undefined;
    if (unmet !== undefined) {
      skip(context, state, unmet);
      continue;
    }
    const started = performance.now();
    const given = await runOne(work, state, process);
    const isKilled = state.limit?.isKilled === true;
    if (typeof given !== 'object' && !isKilled) return { failed, died: state, broken: given };
    const result = typeof given === 'object' ? context.secrets.maskMeasured(given) : undefined;
    const seconds = (performance.now() - started) / 1000;
    const outputs = context.secrets.maskOutputs(state.outputs);
    Object.assign(state, { result, outputs: [...outputs], seconds, status: 'retired', because });
    if (isKilled) markKilled(state);
    else markTimeout(state);
    const raised = state.result?.status === 'error';
    ok &&= !raised;
    context.onEvent(finishedEvent(state, raised ? 'failed' : 'ran'), outputs);
    context.gates.judge(state);
    if (isFailure(state) || isClosed(state)) {
      failed = true;
      if (!context.keepGoing) break;
    }
    if (isKilled) {
      for (const later of states.slice(state.index + 1))
        if (later.index <= context.until && later.task.executionCount > 0)
          skip(context, later, `the process of all cells was ended with ${state.task.name}`);
      break;
    }
  }
  return { failed, died: undefined, broken: undefined, observed: ok ? await conclude(process) : undefined };
}

/** Lets a process do what is to be done at its end; undefined when it does not come to one, and so does not tell what it did. */
async function conclude(process: TaskProcess): Promise<LaneObservation | undefined> {
  const late = process.onMessage;
  return await new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(undefined);
    }, longestFarewell);
    const end = (observed: LaneObservation | undefined): void => {
      clearTimeout(timer);
      resolve(observed);
    };
    process.onExit = () => {
      end(undefined);
    };
    process.onMessage = (message) => {
      if (message.type === 'concluded') end(message.observed);
      else late(message);
    };
    if (process.isGone) end(undefined);
    else process.send({ type: 'conclude' });
  });
}

/** A task that needs what a failed one would have given. */
export function skip(context: Pick<RunContext, 'onEvent'>, state: State, reason: string): void {
  Object.assign(state, { status: 'retired', result: undefined, outputs: [], because: reason, seconds: 0 });
  context.onEvent(finishedEvent(state, 'not-run'));
}

async function runOne(
  { context, states }: LaneWork,
  state: State,
  process: TaskProcess,
): Promise<AttemptResult | string | undefined> {
  state.outputs = [];
  state.cached = undefined;
  state.limit = limitOf(context, state.task, process);
  return await new Promise((resolve) => {
    process.onExit = () => {
      state.limit?.stop();
      resolve(undefined);
    };
    process.onMessage = (message) => {
      if (message.type === 'clock') state.limit?.hear(message);
      else if (message.type === 'output') state.outputs.push(message.output);
      else if (message.type === 'done') resolve(message.result);
      else if (message.type === 'broken') resolve(message.traceback);
      else if (message.type === 'need')
        process.send({ type: 'binding', name: message.name, binding: { kind: 'absent' } });
      else if (message.type === 'effect') process.send({ type: 'permit', variables: [] });
    };
    process.send({
      type: 'run',
      attempt: 'lane',
      task: state.task.id,
      source: state.task.source,
      ...(state.task.script !== undefined && { script: state.task.script }),
      executionCount: state.task.executionCount,
      inputHistory: inputHistory(context, states, state.index),
      imports: [],
      certainImports: [],
      preload: {},
      exposes: [],
      shadowedBuiltins: [],
      variables: [],
      head: true,
      keep: ['*'],
      allowErrors: state.task.directives.raisesException,
      ...askedMeasures(state.task),
      lane: true,
      ...limitIn(context, state.task),
    });
  });
}
