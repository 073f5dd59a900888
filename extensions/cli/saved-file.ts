import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isFileError, statOf } from './files.ts';

/** Milliseconds between two looks at the file; a content counts when it was the same at two of them. */
const interval = 150;

/**
 * Looks at a file for saves. Editors write in place, or to another file that they give its name, and now and then it is not there
 * for a moment: only the content counts, once it has settled.
 */
export class SavedFile {
  readonly #path: string;
  #known: Buffer;
  #signature = '';

  /** @param path of the file; it is read now */
  constructor(path: string) {
    this.#path = path;
    this.#known = this.#read() ?? Buffer.alloc(0);
    this.#signature = this.#look();
  }

  /** Waits until the file is saved with another content than at the last save; false when the signal ends the wait. */
  async nextSave(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (signal.aborted) return false;
      await pause(interval);
      const now = this.#look();
      if (now === this.#signature) continue;
      await pause(interval);
      // Still being written.
      if (this.#look() !== now) continue;
      this.#signature = now;
      const content = this.#read();
      if (content === undefined || content.length === 0 || content.equals(this.#known)) continue;
      this.#known = content;
      return true;
    }
  }

  #look(): string {
    try {
      const found = statOf(this.#path);
      return found === undefined ? '' : `${found.size}:${found.mtimeMs}:${found.ctimeMs}:${found.ino}`;
    } catch (error) {
      if (isFileError(error)) return '';
      throw error;
    }
  }

  #read(): Buffer | undefined {
    try {
      return readFileSync(this.#path);
    } catch (error) {
      if (isFileError(error)) return undefined;
      throw error;
    }
  }
}
