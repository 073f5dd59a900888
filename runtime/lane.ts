import type { AttemptResult } from './process/protocol.ts';
import type { TaskProcess } from './process/worker-parent.ts';
import { inputHistory, type RunContext, type State } from './run-state.ts';

/** How a lane ended: the task that raised, the task whose process died, or neither. */
export interface LaneEnd {
  readonly failed: boolean;
  readonly died: State | undefined;
  /** What the worker said when it failed itself. */
  readonly broken: string | undefined;
}

/** Runs all cells in order in one process: exactly Restart & Run All, with nothing loaded, observed or stored. */
export async function runLane(context: RunContext, states: readonly State[], process: TaskProcess): Promise<LaneEnd> {
  let failed = false;
  for (const state of states) {
    if (state.task.executionCount === 0 || state.index > context.until) continue;
    const started = performance.now();
    const result = await runOne(states, state, process);
    if (typeof result !== 'object') return { failed, died: state, broken: result };
    const seconds = (performance.now() - started) / 1000;
    Object.assign(state, { result, seconds, status: 'retired' });
    const raised = result.status === 'error';
    const { id, name, directives } = state.task;
    const status = raised ? 'failed' : 'ran';
    context.onEvent({ type: 'task-finished', task: id, name, status, seconds, reason: 'in one process' });
    if (raised && !directives.raisesException) {
      failed = true;
      if (!context.keepGoing) break;
    }
  }
  return { failed, died: undefined, broken: undefined };
}

async function runOne(
  states: readonly State[],
  state: State,
  process: TaskProcess,
): Promise<AttemptResult | string | undefined> {
  state.outputs = [];
  state.cached = undefined;
  return await new Promise((resolve) => {
    process.onExit = () => {
      resolve(undefined);
    };
    process.onMessage = (message) => {
      if (message.type === 'output') state.outputs.push(message.output);
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
      executionCount: state.task.executionCount,
      inputHistory: inputHistory(states, state.index),
      preload: {},
      exposes: [],
      shadowedBuiltins: [],
      variables: [],
      head: true,
      keep: ['*'],
      allowErrors: state.task.directives.raisesException,
      lane: true,
    });
  });
}
