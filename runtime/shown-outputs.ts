import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutputMessage } from './process/protocol.ts';
import { foldOutputs, type NotebookOutput } from './report/outputs.ts';
import { isFileError } from './store/local.ts';

/** What a cell showed, as it is kept while its run goes on. */
interface ShownCell {
  readonly executionCount: number;
  readonly messages: readonly OutputMessage[];
}

/** A task whose outputs are kept: its place in the notebook, and the number in `In [n]`. */
export interface Shower {
  readonly index: number;
  readonly number: number;
}

const folderName = 'shown';

/**
 * What cells show, beside the log of a run, for who follows it: the log itself has no outputs, and the executed notebook is written in the
 * end. Secrets must have been masked before.
 */
export class ShownOutputs {
  readonly #folder: string;

  /** @param folder the run's own */
  constructor(folder: string) {
    this.#folder = join(folder, folderName);
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Must come before the event that the task has retired. */
  keep({ index, number }: Shower, messages: readonly OutputMessage[]): void {
    const cell: ShownCell = { executionCount: number, messages };
    writeFileSync(fileOf(this.#folder, index), JSON.stringify(cell), { mode: 0o600 });
  }

  /** The executed notebook has it all. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Reads what cells of a run showed, and folds it as Jupyter does. */
export class ShownReader {
  readonly #folder: string;
  readonly #cells = new Map<number, ShownCell>();
  #updates = false;

  constructor(runFolder: string) {
    this.#folder = join(runFolder, folderName);
  }

  /** Takes in the cell at a place; gives the outputs that are other ones now, by place: an update of a display changes earlier cells. */
  read(index: number): ReadonlyMap<number, readonly NotebookOutput[]> {
    const cell = this.#load(index);
    if (cell === undefined) return new Map();
    this.#cells.set(index, cell);
    this.#updates ||= cell.messages.some(({ kind }) => kind === 'update-display');
    if (!this.#updates) return new Map([[index, foldOutputs([cell])[0] ?? []]]);
    const places = [...this.#cells.keys()].sort((left, right) => left - right);
    const folded = foldOutputs(places.map((place) => this.#cells.get(place) ?? { executionCount: 0, messages: [] }));
    return new Map(places.map((place, at) => [place, folded[at] ?? []]));
  }

  /** All cells start again. */
  forget(): void {
    this.#cells.clear();
    this.#updates = false;
  }

  #load(index: number): ShownCell | undefined {
    try {
      return JSON.parse(readFileSync(fileOf(this.#folder, index), 'utf8')) as ShownCell;
    } catch (error) {
      // The run came to its end meanwhile, or keeps none.
      if (isFileError(error) && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

function fileOf(folder: string, index: number): string {
  return join(folder, `${index}.json`);
}
