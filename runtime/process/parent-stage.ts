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
  readonly #name: string;
  #spare: Promise<TaskProcess | undefined> | undefined;

  constructor(host: StageHost, name: string) {
    this.#host = host;
    this.#name = name;
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
    this.#host.send(this.#name, { type: 'stage', stage: name, steps: sent });
    return (await origin) === 'new' ? new ParentStage(this.#host, name) : this;
  }

  async #request(): Promise<TaskProcess | undefined> {
    const attempt = this.#host.nextName();
    const child = this.#host.child(attempt);
    this.#host.send(this.#name, { type: 'fork', attempt });
    return await child;
  }
}

/** The stages of one run, each made when a task first needs it, from the nearest one before it. */
export class ParentStages {
  readonly #known: Map<string, Promise<ParentStage>>;

  constructor(first: ParentStage) {
    this.#known = new Map([['', Promise.resolve(first)]]);
  }

  /** The parent that has taken these steps and no others. */
  async after(steps: readonly ImportStep[]): Promise<ParentStage> {
    const keys = [''];
    for (const { state, imports } of steps) keys.push(`${keys.at(-1) ?? ''}\n${JSON.stringify([state, imports])}`);
    let taken = steps.length;
    while (!this.#known.has(keys[taken] ?? '')) taken--;
    const nearest = this.#known.get(keys[taken] ?? '');
    if (nearest === undefined) throw new Error('the first stage is always known');
    if (taken === steps.length) return await nearest;
    const made = nearest.then(async (stage) => await stage.grow(steps.slice(taken)));
    this.#known.set(keys.at(-1) ?? '', made);
    return await made;
  }
}
