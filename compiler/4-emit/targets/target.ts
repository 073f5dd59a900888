import type { EnginePlan } from '../../bundle/engine-plan.ts';
import type { Bundle } from '../../bundle/format.ts';

/** What an emitter writes for. */
export interface Emission {
  readonly bundle: Bundle;
  readonly plan: EnginePlan;
  /** The notebook's name without its ending. */
  readonly stem: string;
  /** The notebook's folder, from the folder that is written, with slashes. */
  readonly notebookFolder: string;
}

/** One file of what is emitted. */
export interface EmittedFile {
  /** From the folder that is written, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly isProgram?: boolean;
}

/**
 * How a bundle becomes what one engine runs. An emitter only arranges calls of the task command: `bundle/` with the bundle, the plan, the notebook and the
 * worker is written beside its files. The same input gives the same bytes.
 */
export interface Target {
  /** What `--target` calls it. */
  readonly name: string;
  /** For `--list`: what is written, and how it is run. */
  readonly help: string;
  /** True when the engine sets parameters as it starts a run: the notebook gets a cell that assigns all of them, as papermill makes it. */
  readonly takesParameters?: true;
  readonly emit: (emission: Emission) => readonly EmittedFile[];
}
