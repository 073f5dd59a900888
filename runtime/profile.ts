import type { Task } from '../compiler/bundle/format.ts';
import type { AttemptResult } from './process/protocol.ts';
import type { LocalStore } from './store/local.ts';

const path = 'profile.json';
const formatVersion = 2;
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
}

/** Reads the profile; empty when there is none, or one of another version. */
export function readProfile(store: LocalStore): Profile {
  const document = store.readDocument(path);
  if (typeof document !== 'object' || document === null || !('formatVersion' in document))
    return { imports: {}, waits: [] };
  return document.formatVersion === formatVersion ? (document as unknown as Profile) : { imports: {}, waits: [] };
}

/** Collects what one run observed. */
export class ProfileNotes {
  readonly #imports: Map<string, readonly string[]>;
  readonly #waits: Map<string, readonly [string, string]>;
  #changed = false;

  constructor(before: Profile) {
    this.#imports = new Map(Object.entries(before.imports));
    this.#waits = new Map(before.waits.map((pair) => [pair.join(' '), pair]));
  }

  /** A result that was retired. */
  retired(task: Task, result: AttemptResult): void {
    const known = this.#imports.get(task.code) ?? [];
    const more = result.imported.filter((name) => !known.includes(name));
    if (more.length === 0 || known.length + more.length > mostModules) return;
    // The newest come last, and the oldest go first.
    this.#imports.delete(task.code);
    this.#imports.set(task.code, [...known, ...more]);
    for (const [oldest] of [...this.#imports].slice(0, -mostTasks)) this.#imports.delete(oldest);
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
    return { imports: Object.fromEntries(this.#imports), waits: [...this.#waits.values()] };
  }

  /** Writes the profile when the run has taught something. */
  save(store: LocalStore): void {
    if (!this.#changed) return;
    store.writeDocument(path, { formatVersion, ...this.profile });
  }
}
