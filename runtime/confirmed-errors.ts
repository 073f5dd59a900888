import { createHash } from 'node:crypto';
import type { Task } from '../compiler/bundle/format.ts';
import type { AttemptResult, OutputMessage } from './process/protocol.ts';
import { hashFile, type LocalStore } from './store/local.ts';

/** An error of a cell that was fed from the store: what it was made from, and all that the cell showed. */
export interface FedError {
  readonly task: Task;
  readonly result: Pick<AttemptResult, 'reads' | 'filesRead'>;
  readonly outputs: readonly OutputMessage[];
}

/**
 * Errors that a run of all cells in one process has shown to be the notebook's own. The same error from the same inputs needs no
 * second proof: whoever mends a late cell does not wait for all earlier ones each time.
 */
export class ConfirmedErrors {
  readonly #store: LocalStore;
  readonly #environment: string;

  constructor(store: LocalStore, environment: string) {
    this.#store = store;
    this.#environment = environment;
  }

  /** True when this very error was confirmed before. */
  has(error: FedError): boolean {
    return this.#store.readDocument(this.#path(error)) !== undefined;
  }

  /** Keeps an error that all cells in one process gave too. */
  add(error: FedError): void {
    const { task } = error;
    this.#store.writeDocument(this.#path(error), { code: task.code });
  }

  #path({ task, result, outputs }: FedError): string {
    const reads = Object.entries(result.reads).sort(([left], [right]) => (left < right ? -1 : 1));
    const files = result.filesRead.map(({ path, kind, signature }) => [
      path,
      kind === 'listing' ? signature : hashFile(path),
    ]);
    const key = JSON.stringify([task.code, this.#environment, reads, files, outputs]);
    return `errors/${createHash('sha256').update(key, 'utf8').digest('hex')}.json`;
  }
}
