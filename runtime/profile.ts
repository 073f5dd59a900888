import type { Bundle, Task } from '../compiler/bundle/format.ts';
import { effectsOf, joinEffects, keysOf, type StoredEffects } from './observed-effects.ts';
import type { State } from './run-state.ts';
import type { Secrets } from './secrets.ts';
import type { LocalStore } from './store/local.ts';

const path = 'profile.json';
const formatVersion = 4;
const mostWaits = 2000;
const mostModules = 5000;
const mostTasks = 1000;

/**
 * What earlier runs of a notebook observed and the compiler could not know. It changes when tasks start, never what they give:
 * deleting it costs time only. Tasks are named by the digest of their code, so what it says of code that has changed is ignored.
 */
export interface Profile {
  /** By the digest of a task's code: modules that were imported while it ran, in that order. Later tasks' processes have them from the start. */
  readonly imports: Readonly<Record<string, readonly string[]>>;
  /** Pairs of code digests: the second task read what the first changed. */
  readonly waits: readonly (readonly [string, string])[];
  /** By the digest of a task's code: what it was seen to do. No run uses it; `cellwright profile` writes a file of it, which the compiler reads. */
  readonly effects: Readonly<Record<string, StoredEffects>>;
  /** Digests of code that turned out to need the machine that the notebook is on, when it ran on another one. */
  readonly atHome?: readonly string[];
  /** Why the last run went into one process; empty when it did not. */
  readonly oneProcess: string;
}

const nothing: Profile = { imports: {}, waits: [], effects: {}, oneProcess: '' };

/** Reads the profile; empty when there is none, or one of another version. */
export function readProfile(store: LocalStore): Profile {
  const document = store.readDocument(path);
  if (typeof document !== 'object' || document === null || !('formatVersion' in document)) return nothing;
  return document.formatVersion === formatVersion ? (document as unknown as Profile) : nothing;
}

/** Collects what one run observed. */
export class ProfileNotes {
  readonly #imports: Map<string, readonly string[]>;
  readonly #waits: Map<string, readonly [string, string]>;
  readonly #effects: Map<string, StoredEffects>;
  readonly #parameters: ReadonlySet<string>;
  readonly #keys = new WeakMap<readonly State[], readonly string[]>();
  readonly #atHome: Set<string>;
  #oneProcess: string;
  #changed = false;

  constructor(before: Profile, bundle: Pick<Bundle, 'parameters'>) {
    this.#parameters = new Set(bundle.parameters.map(({ name }) => name));
    this.#effects = new Map(Object.entries(before.effects));
    this.#oneProcess = before.oneProcess;
    this.#atHome = new Set(before.atHome);
    this.#imports = new Map(Object.entries(before.imports));
    this.#waits = new Map(before.waits.map((pair) => [pair.join(' '), pair]));
  }

  /** A task that was retired with a result; the earlier ones have theirs. */
  retired(states: readonly State[], state: State, secrets: Pick<Secrets, 'maskAll'>): void {
    const { task, result } = state;
    if (result === undefined) return;
    // Later tasks that need what only its process has may need this machine as well.
    if (state.place !== undefined && Object.keys(result.held).length > 0) this.belongsHome(task);
    this.#retiredImports(task, result.imported);
    // A file may be named after a secret.
    const effects = secrets.maskAll(effectsOf(states, state.index, this.#parameters));
    if (effects === undefined) return;
    const key = this.#keysOf(states)[state.index] ?? '';
    const before = this.#effects.get(key);
    const now = joinEffects(before, effects);
    if (before !== undefined && JSON.stringify(now) === JSON.stringify(before)) return;
    this.#effects.delete(key);
    this.#effects.set(key, now);
    dropOldest(this.#effects);
    this.#changed = true;
  }

  /** Runs of many values teach one profile. */
  #keysOf(states: readonly State[]): readonly string[] {
    const known = this.#keys.get(states) ?? keysOf(states.map(({ task }) => task));
    this.#keys.set(states, known);
    return known;
  }

  /** The task was made on another machine, and had to be made again on this one, or has what only its process has. */
  belongsHome({ code }: Task): void {
    if (this.#atHome.has(code) || this.#atHome.size >= mostTasks) return;
    this.#atHome.add(code);
    this.#changed = true;
  }

  /** The run is over; `reason` says why all cells ran in one process, if they did and nobody had asked for it. */
  ended(reason: string): void {
    this.#changed ||= reason !== this.#oneProcess;
    this.#oneProcess = reason;
  }

  #retiredImports(task: Task, imported: readonly string[]): void {
    const known = this.#imports.get(task.code) ?? [];
    const more = imported.filter((name) => !known.includes(name));
    if (more.length === 0 || known.length + more.length > mostModules) return;
    // The newest come last, and the oldest go first.
    this.#imports.delete(task.code);
    this.#imports.set(task.code, [...known, ...more]);
    dropOldest(this.#imports);
    this.#changed = true;
  }

  /** `reader` was started too early: it read what `writer` changed. */
  tooEarly(writer: Task, reader: Task): void {
    const key = `${writer.code} ${reader.code}`;
    if (this.#waits.has(key) || this.#waits.size >= mostWaits) return;
    this.#waits.set(key, [writer.code, reader.code]);
    this.#changed = true;
  }

  /** What the next run will know. */
  get profile(): Profile {
    return {
      imports: Object.fromEntries(this.#imports),
      waits: [...this.#waits.values()],
      effects: Object.fromEntries(this.#effects),
      oneProcess: this.#oneProcess,
      ...(this.#atHome.size > 0 && { atHome: [...this.#atHome] }),
    };
  }

  /** Writes the profile when the run has taught something. */
  save(store: LocalStore): void {
    if (!this.#changed) return;
    store.writeDocument(path, { formatVersion, ...this.profile });
  }
}

/** What is known of the newest tasks stays. */
function dropOldest(known: Map<string, unknown>): void {
  for (const oldest of known.keys()) {
    if (known.size <= mostTasks) return;
    known.delete(oldest);
  }
}
