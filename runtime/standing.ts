import { followProperty } from './follow-property.ts';
import { slotsOf } from './processor-share.ts';
import type { Room } from './room.ts';
import { isActive, isAsking, type State } from './run-state.ts';

/** Where the tasks of a run stand. It follows each of them, so that nobody goes through all to find those that are to be looked at. */
export class Standing {
  /** In the order in which they began. */
  readonly running: Set<State> = new Set<State>();
  readonly #states: readonly State[];
  readonly #room: Pick<Room, 'home'>;
  readonly #asking = new Set<State>();
  /** What each attempt takes that has a core to itself, and where. */
  readonly #share = new Map<State, { readonly isHome: boolean; readonly slots: number }>();
  readonly #taken = { home: 0, away: 0 };
  /** All tasks before this place have been near. */
  #met = 0;
  /** Of those, what may start, in notebook order; some of it may have started since, or been put aside. */
  #near: readonly State[] = [];
  /** How many of them that is, at least. */
  #gone = 0;
  /** What has become near, or may start again. */
  #come: State[] = [];
  /** Tasks that are not looked at before another one has ended, by that one. */
  readonly #behind = new Map<State, Set<State>>();
  readonly #aside = new Set<State>();

  constructor(states: readonly State[], room: Pick<Room, 'home'>) {
    this.#states = states;
    this.#room = room;
    for (const state of states) {
      followProperty(state, 'status', (before, status) => {
        if (status === 'running') this.running.add(state);
        else this.running.delete(state);
        if (before === 'waiting') this.#gone++;
        if (status === 'waiting' && state.index < this.#met) this.#come.push(state);
        if (status === 'ended' || status === 'retired') this.#ended(state);
        this.#count(state);
      });
      for (const name of ['permit', 'needs'] as const)
        followProperty(state, name, () => {
          this.#count(state);
        });
    }
  }

  /** How many of the tasks that may run at once the attempts take in one of the two places that have a core to themselves now. */
  taken(isHome: boolean): number {
    return this.#taken[isHome ? 'home' : 'away'];
  }

  /** Attempts that wait for an answer, in notebook order. */
  asking(): readonly State[] {
    return [...this.#asking].sort((left, right) => left.index - right.index);
  }

  /** The tasks before the place `end` that wait and were not put aside, in notebook order. */
  *near(end: number): Generator<State> {
    this.#come = [...this.#come, ...this.#states.slice(this.#met, end)];
    this.#met = Math.max(this.#met, Math.min(end, this.#states.length));
    if (this.#come.length > 0 || 2 * this.#gone > this.#near.length) this.#tidy();
    for (const state of this.#near) if (this.#mayStart(state)) yield state;
  }

  /** A task that waits need not be looked at before `other` has ended. */
  putAside(state: State, other: State): void {
    const list = this.#behind.get(other);
    if (list === undefined) this.#behind.set(other, new Set([state]));
    else list.add(state);
    this.#aside.add(state);
    this.#gone++;
  }

  #count(state: State): void {
    if (isAsking(state)) this.#asking.add(state);
    else this.#asking.delete(state);
    const share = this.#share.get(state);
    if (isActive(state) === (share !== undefined)) return;
    if (share === undefined) {
      const slots = slotsOf(state.task, this.#room, state.isHome);
      this.#share.set(state, { isHome: state.isHome, slots });
      this.#taken[state.isHome ? 'home' : 'away'] += slots;
    } else {
      this.#share.delete(state);
      this.#taken[share.isHome ? 'home' : 'away'] -= share.slots;
    }
  }

  #ended(other: State): void {
    for (const state of this.#behind.get(other) ?? []) {
      this.#aside.delete(state);
      this.#come.push(state);
    }
    this.#behind.delete(other);
  }

  #mayStart(state: State): boolean {
    return state.status === 'waiting' && !this.#aside.has(state);
  }

  /** Whoever goes through the list meanwhile keeps the one that was there. */
  #tidy(): void {
    const all = new Set([...this.#near, ...this.#come].filter((state) => this.#mayStart(state)));
    this.#near = [...all].sort((left, right) => left.index - right.index);
    this.#come = [];
    this.#gone = 0;
  }
}
