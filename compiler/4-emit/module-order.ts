import type { Access, Task } from '../bundle/format.ts';
import type { Cell } from '../1-read/notebook.ts';

/** A task as a module for people is made from this. */
export interface ModuleOrder {
  readonly name: string;
  readonly cell: Cell;
  /** The Markdown heading above. */
  readonly above: string;
  readonly accesses: readonly Access[];
  readonly exposes: Task['exposes'];
  /** True when the cell is not valid. */
  readonly isRefused: boolean;
}
