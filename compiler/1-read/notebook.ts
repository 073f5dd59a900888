/** A notebook after reading: loose nbformat made strict once, so that later phases have no optional field. */
export interface Notebook {
  readonly name: string;
  readonly language: string;
  readonly kernelName: string;
  readonly cells: readonly Cell[];
  /** The nbformat 4.5 document (upgraded when older, made when percent format), as JSON text, outputs kept. */
  readonly document: string;
}

export interface Cell {
  /** nbformat 4.5 id, or one derived from the source and its occurrence. */
  readonly id: string;
  /** Place in the notebook, all cell types counted, from 0. */
  readonly index: number;
  readonly kind: 'code' | 'markdown' | 'raw';
  readonly source: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}
