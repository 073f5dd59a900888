/** Room for tasks on this machine and on others: what `cpu` takes there, and what is left when a host is lost. */
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import type { Task } from '../../compiler/bundle/format.ts';
import { Alone } from '../../runtime/crew.ts';
import { FreeRoom } from '../../runtime/free-room.ts';
import { WideRoom } from '../../runtime/hosts/hosts.ts';
import { slotsOf } from '../../runtime/processor-share.ts';
import { initialState, type State } from '../../runtime/run-state.ts';
import { Standing } from '../../runtime/standing.ts';

function task(name: string, cpu?: number): Task {
  return {
    ...{ id: name, name, index: 0, executionCount: 1, source: name, code: 'sha256:0', accesses: [], exposes: [] },
    ...{ preload: [], imports: [], leadingImports: 0, module: '' },
    directives: {
      ...{ skip: false, cache: true, gate: false, raisesException: false },
      ...(cpu === undefined ? {} : { cpu }),
    },
  };
}

/** A run with attempts on other machines, and what it was asked to look at again. */
class Running {
  readonly room = new WideRoom(4);
  readonly standings: Standing[] = [];
  looks = 0;
  readonly #crew = new Alone(this.room, () => Promise.reject(new Error('no process is asked for')));

  constructor() {
    this.#crew.join({
      active: (isHome) => this.standings.reduce((sum, standing) => sum + standing.taken(isHome), 0),
      look: () => {
        this.looks++;
      },
    });
  }

  start(name: string, cpu?: number): State {
    const state = initialState(task(name, cpu), 0, false);
    this.standings.push(new Standing([state], this.room));
    state.status = 'running';
    return state;
  }

  /** As a step of the scheduler sees it. */
  get free(): FreeRoom {
    return new FreeRoom(this.#crew);
  }
}

test('on other machines a task takes as many places as it asks for processors, at home its share of the machine', () => {
  const wide = { home: 4 };
  expect([slotsOf(task('a'), wide, false), slotsOf(task('a', 3), wide, false)]).toEqual([1, 3]);
  expect([slotsOf(task('a', 0.5), wide, false), slotsOf(task('a', 2.5), wide, false)]).toEqual([1, 3]);
  const share = Math.max(1, Math.ceil((3 * 4) / availableParallelism()));
  expect(slotsOf(task('a', 3), wide, true)).toBe(share);
});

test('a task for several places waits until they are free, and one for more than there are takes them all', () => {
  const run = new Running();
  run.room.set(3);
  run.start('a');
  run.start('b', 2);
  expect([run.free.in(false), run.free.isTooLittle(1, false)]).toEqual([0, true]);
  run.standings.splice(1);
  expect([run.free.in(false), run.free.isTooLittle(2, false), run.free.isTooLittle(3, false)]).toEqual([
    2,
    false,
    true,
  ]);
  run.standings.splice(0);
  expect(run.free.isTooLittle(1000, false)).toBe(false);
  // What runs elsewhere takes nothing of this machine.
  expect(run.free.in(true)).toBe(4);
});

test('the room of a lost host is gone at once, and what still ran there keeps nobody out once it has ended', () => {
  const run = new Running();
  run.room.set(3);
  const [first, , third] = [run.start('a'), run.start('b'), run.start('c')];
  expect(run.free.in(false)).toBe(0);
  const before = run.looks;
  run.room.set(2);
  expect([run.looks - before, run.free.in(false)]).toEqual([1, -1]);
  // The attempt on the lost host is given up; the two others fill what is left.
  third.status = 'waiting';
  expect(run.free.in(false)).toBe(0);
  first.status = 'ended';
  expect(run.free.in(false)).toBe(1);
  run.room.set(3);
  expect([run.looks - before, run.free.in(false)]).toEqual([2, 2]);
});

test('before the first host comes, and when none is left, one task may ask for one', () => {
  const run = new Running();
  expect([run.room.away(), run.free.in(false)]).toEqual([1, 1]);
  run.room.set(2);
  run.room.set(0);
  expect(run.room.away()).toBe(1);
});
