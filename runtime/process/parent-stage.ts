import type { ImportStep, ToWorker } from './protocol.ts';
import type { TaskProcess } from './worker-parent.ts';

/** How a stage came about: as a process of its own, as none because it would be the same, or not at all. */
export type StageOrigin = 'new' | 'same' | 'lost';

/** What stages share: how they are reached, and who waits for what. */
export interface StageHost {
  /** Sends to a stage's process. */
  readonly send: (stage: string, message: ToWorker) => void;
  /** The child that will connect as `attempt`; undefined when the parents are gone. */
  readonly child: (attempt: string) => Promise<TaskProcess | undefined>;
  /** What becomes of a stage that was asked for; undefined when the parents are gone. */
  readonly stage: (stage: string) => Promise<StageOrigin | undefined>;
  /** A name that no attempt and no stage has. */
  readonly nextName: () => string;
}

/**
 * One of the warm parents, with the imports that it has. One child more than was asked for is kept ready, so that its start is not
 * on the way of the next task.
 */
export class ParentStage {
  readonly #host: StageHost;
  readonly name: string;
  #spare: Promise<TaskProcess | undefined> | undefined;

  constructor(host: StageHost, name: string) {
    this.#host = host;
    this.name = name;
  }

  /**
   * A child that nobody has used; undefined when the parent is gone.
   * @param fresh true: forked now. A child that was kept ready may be about to end with its parent.
   */
  async fork(fresh: boolean): Promise<TaskProcess | undefined> {
    if (fresh) return await this.#request();
    const ready = this.#spare ?? this.#request();
    this.#spare = this.#request();
    const child = await ready;
    return child?.isGone === true ? await this.#request() : child;
  }

  /** A parent forked from this one that has taken some steps more; this one when they would do nothing, or cannot be taken. */
  async grow(steps: readonly ImportStep[]): Promise<ParentStage> {
    const name = this.#host.nextName();
    const origin = this.#host.stage(name);
    // Only what the next cell is going to show is left to it.
    const last = steps.length - 1;
    const sent = steps.map((step, place) => (place === last ? step : { ...step, ahead: false }));
    this.#host.send(this.name, { type: 'stage', stage: name, steps: sent });
    return (await origin) === 'new' ? new ParentStage(this.#host, name) : this;
  }

  async #request(): Promise<TaskProcess | undefined> {
    const attempt = this.#host.nextName();
    const child = this.#host.child(attempt);
    this.#host.send(this.name, { type: 'fork', attempt });
    return await child;
  }
}

/** The stages of one run, each made when a task first needs it, from the nearest one before it. */
export class ParentStages {
  /** By the key of the steps that they have taken; undefined for one that did not come. */
  readonly #known: Map<string, Promise<ParentStage | undefined>>;
  /** Those that are there already. */
  readonly #made = new Map<string, ParentStage>();

  /** @param known by the key of the steps that they have taken; the first one's is empty, and it is there */
  constructor(known: ReadonlyMap<string, Promise<ParentStage | undefined>>) {
    this.#known = new Map(known);
    for (const [key, coming] of known) void this.#arrival(key, coming);
  }

  /** Those that have taken the first of these steps or all, with the number of steps. */
  madeOnTheWay(steps: readonly ImportStep[]): readonly (readonly [number, ParentStage])[] {
    return keysOf(steps).flatMap((key, taken) => {
      const stage = this.#made.get(key);
      return stage === undefined ? [] : [[taken, stage] as const];
    });
  }

  /** The parent that has taken these steps and no others. */
  async after(steps: readonly ImportStep[]): Promise<ParentStage> {
    const keys = keysOf(steps);
    for (;;) {
      let taken = steps.length;
      while (!this.#known.has(keys[taken] ?? '')) taken--;
      const key = keys[taken] ?? '';
      const nearest = this.#known.get(key);
      if (nearest === undefined) throw new Error('the first stage is always known');
      if (taken === steps.length) {
        const stage = await nearest;
        if (stage !== undefined) return stage;
      } else {
        const grown = nearest.then(async (stage) => await stage?.grow(steps.slice(taken)));
        this.#known.set(keys.at(-1) ?? '', grown);
        const stage = await this.#arrival(keys.at(-1) ?? '', grown);
        if (stage !== undefined) return stage;
      }
      if ((await nearest) === undefined && this.#known.get(key) === nearest) this.#known.delete(key);
    }
  }

  async #arrival(key: string, coming: Promise<ParentStage | undefined>): Promise<ParentStage | undefined> {
    const stage = await coming;
    if (stage !== undefined) this.#made.set(key, stage);
    else if (this.#known.get(key) === coming) this.#known.delete(key);
    return stage;
  }
}

/** Of no step, of the first, of the first two … */
export function keysOf(steps: readonly ImportStep[]): readonly string[] {
  const keys = [''];
  for (const { state, imports } of steps) keys.push(`${keys.at(-1) ?? ''}\n${JSON.stringify([state, imports])}`);
  return keys;
}
