import type { Start } from '../start-state.ts';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { Bundle } from '../../compiler/bundle/format.ts';
import type { RunEvent } from '../event.ts';
import type { Variant } from '../history/origin.ts';
import {
  clearUp,
  codesOf,
  keepStoreBelow,
  newRunId,
  openCommon,
  parentStarter,
  roomFor,
  run,
  secretsOf,
  type Common,
  type RunOptions,
} from '../run-bundle.ts';
import type { RunRecord } from '../record.ts';
import { wholeRoom, type Room } from '../room.ts';
import { saveDigests } from '../store/digests.ts';
import { claim, release } from '../store/owner.ts';
import { inMemory } from '../store/local.ts';
import { Team } from './team.ts';

/** One combination of values, compiled. */
export interface VariantNotebook {
  readonly bundle: Bundle;
  /** nbformat 4 JSON text. */
  readonly document: string;
  /** By the task's id, which of many values reach it; see `shelvesOf`. */
  readonly shelves: ReadonlyMap<string, string>;
  readonly origin: RunOptions['origin'];
  readonly values: Variant['values'];
}

/** What became of one combination. */
export interface VariantRecord {
  /** From 0. */
  readonly place: number;
  readonly notebook: VariantNotebook;
  readonly record: RunRecord;
  readonly counts: VariantCounts;
}

/** How many tasks ran, and whose results the others have. */
export interface VariantCounts {
  readonly ran: number;
  /** Reused from another variant of this matrix. */
  readonly shared: number;
  /** Reused from an earlier run. */
  readonly reused: number;
}

/** How to run variants. */
export interface VariantsOptions extends Omit<RunOptions, 'onEvent' | 'origin' | 'seat' | 'shelves'> {
  /** How many there are. */
  readonly number: number;
  /** Compiles one of them when its time comes; it must have been seen that it can be. */
  readonly open: (place: number) => Promise<VariantNotebook>;
  readonly onEvent: (place: number, event: RunEvent) => void;
  /** One has come to its end; what it gave is not kept any longer. They come in order. */
  readonly onEnd: (ended: VariantRecord) => void;
}

/** How all of them together came to their end. */
export interface VariantsOutcome {
  /** What joins the runs. */
  readonly matrix: string;
  readonly seconds: number;
  /** Set when nothing could be run. */
  readonly diagnostic?: Diagnostic;
}

/** So many ended runs may wait for an earlier one to end. */
const mostResting = 64;

/** Runs the variants of one notebook: each gives what it would give if they ran one after the other, and what they share is done once. */
export async function runVariants(options: VariantsOptions): Promise<VariantsOutcome> {
  const started = performance.now();
  const matrix = options.followed ?? newRunId();
  const folder = join(options.state, 'runs', matrix);
  mkdirSync(folder, { recursive: true });
  claim(folder);
  try {
    await clearUp(options.state);
    const first = await options.open(0);
    const common = openCommon(first.bundle, folder, { ...options, origin: first.origin, onEvent: () => undefined });
    if ('diagnostic' in common) return { matrix, seconds: 0, diagnostic: common.diagnostic };
    const driver = new Driver(options, { matrix, common: { ...common, store: inMemory(common.store) }, first });
    await driver.run();
    common.notes.save(common.store);
    saveDigests(common.store);
    if (driver.ran) keepStoreBelow(options.state, matrix, driver.codes);
    return { matrix, seconds: (performance.now() - started) / 1000 };
  } finally {
    release(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts runs while there is room, in order. */
class Driver {
  readonly #options: VariantsOptions;
  readonly #matrix: string;
  readonly #common: Common;
  readonly #team: Team;
  readonly #room: Room;
  readonly #stops = new Set<AbortController>();
  readonly codes = new Set<string>();
  /** True when some task did. */
  ran = false;
  #next = 0;
  #described: { readonly acts: number; readonly start: Start } | undefined;
  #finish: () => void = () => undefined;
  #crash: (error: unknown) => void = () => undefined;

  constructor(
    options: VariantsOptions,
    { matrix, common, first }: { readonly matrix: string; readonly common: Common; readonly first: VariantNotebook },
  ) {
    this.#options = options;
    this.#matrix = matrix;
    this.#common = { ...common, describe: () => this.#describe(common), source: remembered(common.source) };
    const whole = { ...options, origin: first.origin, onEvent: () => undefined };
    const secrets = secretsOf(first.document, whole, common.variables);
    const room = roomFor(options);
    const emit = (event: RunEvent): void => {
      options.onEvent(0, event);
    };
    this.#room = room;
    this.#team = new Team({
      room,
      startParent: async () => {
        const startState = this.#describe(common).whole;
        return await parentStarter(first.bundle, whole, { common, startState, secrets, room, emit })();
      },
      onRoom: () => {
        this.#start();
      },
    });
  }

  async run(): Promise<void> {
    const stop = (): void => {
      for (const one of this.#stops) one.abort();
    };
    this.#options.signal?.addEventListener('abort', stop, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#finish = resolve;
        this.#crash = reject;
        this.#start();
      });
    } finally {
      this.#options.signal?.removeEventListener('abort', stop);
      await this.#team.end();
    }
  }

  /** What cells start from. Asked again when a variant has changed the outside: it may have installed a package. */
  #describe(common: Common): Start {
    const { acts } = this.#team;
    if (this.#described?.acts === acts) return this.#described.start;
    const start = common.describe();
    if (this.#described !== undefined && this.#described.start.whole !== start.whole) void this.#team.renew();
    this.#described = { acts, start };
    return start;
  }

  #start(): void {
    const { number, signal } = this.#options;
    const jobs = wholeRoom(this.#room);
    const stopped = signal?.aborted === true;
    // Some may wait for their turn to act on the outside, so there are more than can work.
    while (!stopped && this.#next < number && this.#team.busy < 2 * jobs && this.#team.size < mostResting + 2 * jobs) {
      this.#startOne(this.#next++);
    }
    if (this.#team.size === 0 && (stopped || this.#next >= number)) this.#finish();
  }

  #startOne(place: number): void {
    const id = `${this.#matrix}-${String(place + 1).padStart(4, '0')}`;
    const works = new Map<string, string>();
    const member = this.#team.add(id, works);
    const stop = new AbortController();
    this.#stops.add(stop);
    const work = async (): Promise<void> => {
      const notebook = await this.#options.open(place);
      // What is not remembered nobody finds in the cache.
      const shared = this.#options.cache
        ? notebook.bundle.tasks.filter(({ executionCount }) => executionCount > 0)
        : [];
      for (const { id: task, code } of shared) works.set(task, `${code} ${notebook.shelves.get(task) ?? ''}`);
      for (const code of codesOf(notebook.bundle, this.#options.until)) this.codes.add(code);
      const counts = { ran: 0, shared: 0, reused: 0 };
      const record = await run(notebook.bundle, notebook.document, {
        ...this.#options,
        shelves: notebook.shelves,
        origin: { ...notebook.origin, variant: { matrix: this.#matrix, values: notebook.values } },
        signal: stop.signal,
        seat: { id, member, common: this.#common },
        onEvent: (event) => {
          this.#count(event, id, counts);
          this.#options.onEvent(place, event);
        },
      });
      this.#options.onEnd({ place, notebook, record, counts });
    };
    work().then(
      () => {
        this.#stops.delete(stop);
        this.#team.remove(member);
      },
      (error: unknown) => {
        this.#crash(error);
      },
    );
  }

  #count(event: RunEvent, id: string, counts: { ran: number; shared: number; reused: number }): void {
    if (event.type === 'restarted' || event.type === 'lane') Object.assign(counts, { ran: 0, shared: 0, reused: 0 });
    if (event.type !== 'task-finished' || event.status === 'not-run') return;
    // What it did before it was made again is its own.
    if (event.status !== 'cached' || event.from === id) {
      counts.ran++;
      this.ran = true;
    } else if (event.from !== undefined && this.#team.isOwn(event.from)) counts.shared++;
    else counts.reused++;
  }
}

function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return async () => await (answer ??= ask());
}
