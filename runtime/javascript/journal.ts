import { appendFileSync, cpSync, lstatSync, mkdirSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Secrets } from '../secrets.ts';
import { isFileError } from '../store/local.ts';

const largestCopy = 512 * 2 ** 20;
const mostFiles = 2000;

/** Notes what a process is about to do to the outside, as `undo.ts` reads it, so that the cells can be run again from the start. */
export class Journal {
  readonly #folder: string;
  readonly #name: string;
  readonly #secrets: Secrets;
  readonly #seen = new Set<string>();
  #count = 0;

  /** @param name no other process of the run has it @param secrets are in no note */
  constructor(folder: string, name: string, secrets: Secrets) {
    this.#secrets = secrets;
    this.#folder = folder;
    this.#name = name;
  }

  /** Keeps what is there now: nothing, a link, a file, or a folder that is small enough. */
  aboutToChange(path: string): void {
    const real = join(realOf(dirname(path)), basename(path));
    if (this.#seen.has(real)) return;
    this.#seen.add(real);
    const found = lstatSync(real, { throwIfNoEntry: false });
    if (found === undefined) this.#add({ path: real, was: 'missing' });
    else if (found.isSymbolicLink()) {
      this.#add({ path: real, was: 'link', to: readlinkSync(real) });
      // What it leads to may be what is changed.
      const target = realOf(real);
      if (target !== real) this.aboutToChange(target);
    } else if (sizeOf(real) > largestCopy || !(found.isFile() || found.isDirectory())) this.lasting(`changed ${real}`);
    else this.#keep(real);
  }

  /** Something that cannot be undone. */
  lasting(what: string): void {
    if (this.#seen.has(`lasting ${what}`)) return;
    this.#seen.add(`lasting ${what}`);
    this.#add({ was: 'lasting', what: this.#secrets.mask(what) });
  }

  #keep(path: string): void {
    const copy = join(this.#folder, `${this.#name}-${String(++this.#count)}`);
    try {
      mkdirSync(this.#folder, { recursive: true });
      cpSync(path, copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    } catch (error) {
      if (!isFileError(error)) throw error;
      this.lasting(`changed ${path}, of which no copy could be kept`);
      return;
    }
    this.#add({ path, was: 'kept', copy });
  }

  #add(entry: object): void {
    mkdirSync(this.#folder, { recursive: true });
    appendFileSync(join(this.#folder, 'effects.jsonl'), `${JSON.stringify(entry)}\n`);
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isFileError(error)) return path;
    throw error;
  }
}

/** Bytes of a file or of everything in a folder; more than can be kept when there are too many files. */
function sizeOf(path: string): number {
  const found = lstatSync(path);
  if (!found.isDirectory()) return found.size;
  let [total, count] = [0, 0];
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    total += lstatSync(join(entry.parentPath, entry.name)).size;
    if (total > largestCopy || ++count > mostFiles) return largestCopy + 1;
  }
  return total;
}
