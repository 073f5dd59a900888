import { setTimeout as wait } from 'node:timers/promises';
import type { ProcessParent } from './process/task-processes.ts';
import type { TaskProcess } from './process/worker-parent.ts';

/**
 * For tests: lets a run go on in another order than the one the scheduler thinks best. Predictions may cost time and nothing else,
 * so whatever is answered here, the run must give the same.
 */
export interface Disorder {
  /** The order in which tasks that are near are looked at. */
  readonly order: <T>(near: readonly T[]) => readonly T[];
  /** Whether a task starts early that could. `isWorthIt`: it would without disorder. */
  readonly startsEarly: (isWorthIt: boolean) => boolean;
  /** Milliseconds before a task starts, or before a message of its process is looked at. */
  readonly delay: () => number;
}

/** A parent whose processes come later, and whatever they say too. */
export function delayProcesses(parent: ProcessParent, disorder: Disorder | undefined): ProcessParent {
  if (disorder === undefined) return parent;
  return {
    fork: async (steps, how) => {
      await wait(disorder.delay());
      const process = await parent.fork(steps, how);
      return process === undefined ? undefined : delayMessages(process, disorder);
    },
    prepare: (steps) => {
      parent.prepare(steps);
    },
    stop: () => {
      parent.stop();
    },
    rest: async (steps) => {
      await parent.rest(steps);
    },
    get wasReady() {
      return parent.wasReady;
    },
    get complaint() {
      return parent.complaint;
    },
    get problem() {
      return parent.problem;
    },
  };
}

/** A process whose messages, and whose end, come later, in the order in which they were sent. */
function delayMessages(process: TaskProcess, { delay }: Disorder): TaskProcess {
  let earlier = Promise.resolve();
  const afterDelay = (deliver: () => void): void => {
    earlier = earlier.then(async () => await wait(delay())).then(deliver);
  };
  const delayed: TaskProcess = {
    pid: process.pid,
    place: process.place,
    get isGone() {
      return process.isGone;
    },
    send: (message) => {
      process.send(message);
    },
    interrupt: () => {
      process.interrupt();
    },
    kill: () => {
      process.kill();
    },
    memory: () => process.memory?.(),
    onMessage: () => undefined,
    onExit: () => undefined,
    onDisplaced: () => undefined,
  };
  process.onMessage = (message) => {
    afterDelay(() => {
      delayed.onMessage(message);
    });
  };
  process.onExit = () => {
    afterDelay(() => {
      delayed.onExit();
    });
  };
  process.onDisplaced = (displacement) => {
    afterDelay(() => {
      delayed.onDisplaced(displacement);
    });
  };
  return delayed;
}
