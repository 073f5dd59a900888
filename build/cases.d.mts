/** Types of `cases.mjs` for the tests. */

export interface CaseCell {
  readonly source: string;
  readonly tags: readonly string[];
}

export interface Case {
  readonly name: string;
  readonly file: string;
  readonly hazard: string;
  readonly missed: string;
  readonly needs: readonly string[];
  readonly also: readonly string[];
  /** The name of the kernel that the case is for: `python3`, `deno`, `tslab` or `jslab`. */
  readonly kernel: string;
  readonly cells: readonly CaseCell[];
}

export declare function splitCells(text: string): readonly CaseCell[];
export declare function notebookOf(cells: readonly CaseCell[], kernel?: string): unknown;
export declare function writeCells(file: string, cells: readonly CaseCell[], kernel?: string): void;
export declare function parseCase(text: string): Omit<Case, 'name' | 'file'>;
export declare function readCases(folder: string): readonly Case[];
