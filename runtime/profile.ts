import type { Task } from '../compiler/bundle/format.ts';
import type { AttemptResult } from './process/protocol.ts';
import type { LocalStore } from './store/local.ts';

const path = 'profile.json';
const formatVersion = 1;
const mostWaits = 2000;
const mostModules = 5000;

/**
 * What earlier runs of a notebook observed and the compiler could not know. It changes when tasks start, never what they give:
 * deleting it costs time only. Tasks are named by the digest of their code, so what it says of code that has changed is ignored.
 */
export interface Profile {
  /** Modules that libraries imported while cells ran, in that order; the warm parent imports them beforehand. */
  readonly modules: readonly string[];
  /** Pairs of code digests: the second task read what the first changed. */
  readonly waits: readonly (readonly [string, string])[];
}

/** Reads the profile; empty when there is none, or one of another version. */
export function readProfile(store: LocalStore): Profile {
  const document = store.readDocument(path);
  if (typeof document !== 'object' || document === null || !('formatVersion' in document))
    return { modules: [], waits: [] };
  return document.formatVersion === formatVersion ? (document as unknown as Profile) : { modules: [], waits: [] };
}

/** Collects what one run observed. */
export class ProfileNotes {
  readonly #modules: Set<string>;
  readonly #waits: Map<string, readonly [string, string]>;
  #changed = false;

  constructor(before: Profile) {
    this.#modules = new Set(before.modules);
    this.#waits = new Map(before.waits.map((pair) => [pair.join(' '), pair]));
  }

  /** A result that was retired. */
  retired(result: AttemptResult): void {
    for (const name of result.imported) {
      if (this.#modules.has(name) || this.#modules.size >= mostModules) continue;
      this.#modules.add(name);
      this.#changed = true;
    }
  }

  /** `reader` was started too early: it read what `writer` changed. */
  tooEarly(writer: Task, reader: Task): void {
    const key = `${writer.code} ${reader.code}`;
    if (this.#waits.has(key) || this.#waits.size >= mostWaits) return;
    this.#waits.set(key, [writer.code, reader.code]);
    this.#changed = true;
  }

  /** Writes the profile when the run has taught something. */
  save(store: LocalStore): void {
    if (!this.#changed) return;
    const modules = [...this.#modules];
    store.writeDocument(path, { formatVersion, modules, waits: [...this.#waits.values()] });
  }
}
