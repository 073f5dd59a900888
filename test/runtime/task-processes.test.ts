import { expect, test } from 'vitest';
import { TaskProcesses, type ProcessParent } from '../../runtime/process/task-processes.ts';

/** A warm parent that has served, and answers no request until it is stopped. */
function silentParent(): ProcessParent {
  const waiting: ((gone: undefined) => void)[] = [];
  const end = (): void => {
    for (const resolve of waiting.splice(0)) resolve(undefined);
  };
  return {
    wasReady: true,
    complaint: '',
    problem: undefined,
    prepare: () => undefined,
    fork: () => new Promise((resolve) => waiting.push(resolve)),
    stop: end,
    rest: () => {
      end();
      return Promise.resolve();
    },
  };
}

test('a request that is under way when the run ends starts no other parent', async () => {
  let started = 0;
  const processes = new TaskProcesses(() => {
    started++;
    return Promise.resolve(silentParent());
  });
  const asked = processes.fork([], { isFresh: false, isHome: true });
  await Promise.resolve();
  await processes.stop([]);
  expect(await asked).toBeUndefined();
  expect(started).toBe(1);
});
