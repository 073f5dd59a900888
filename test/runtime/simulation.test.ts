import { describe, expect, test } from 'vitest';
import { simulate, type SimulationOptions } from '../simulation/simulate.ts';

const usual: SimulationOptions = { tasks: 1500, workers: 100, failures: 0.05, retries: 4, seed: 1, cache: false };

describe('a simulated run of many tasks over many workers, with real scheduling', () => {
  test('gives what a run in order gives although one attempt in twenty dies, and keeps all workers busy', async () => {
    const { outcome, counts, events, wrong } = await simulate(usual);
    expect({ status: outcome.status, lane: outcome.lane, wrong }).toEqual({ status: 'ok', lane: false, wrong: [] });
    expect(outcome.tasks.every(({ status }) => status === 'ran')).toBe(true);
    expect(counts.deaths).toBeGreaterThan(usual.tasks * 0.03);
    expect(counts.attempts).toBe(usual.tasks + counts.deaths);
    expect(events.get('task-finished')).toBe(usual.tasks);
    expect(counts.most).toBe(usual.workers);
  });

  test('ends in one process where a task at its turn dies and nothing asks for another try', async () => {
    const { outcome } = await simulate({ ...usual, tasks: 600, failures: 0.9, retries: 0 });
    expect(outcome).toMatchObject({ status: 'refused', lane: true });
    expect(outcome.diagnostics.at(-1)?.code).toBe('CW502');
  });

  test('looks at no more tasks the longer the notebook is: every name is found without going through all cells', async () => {
    const cost = async (tasks: number): Promise<number> =>
      (await simulate({ ...usual, tasks, failures: 0, workers: 20 })).cpu / tasks;
    await cost(400);
    const few = await cost(500);
    const many = await cost(4000);
    // Eight times as long a notebook cost eight times as much for each task; noise is well below three.
    expect(many / few).toBeLessThan(3);
  });
});
