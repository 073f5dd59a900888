import type { EnginePlan } from '../../bundle/engine-plan.ts';
import type { Digest, Bundle } from '../../bundle/format.ts';
import type { Notebook } from '../../1-read/notebook.ts';

/** What an emitter writes for. */
export interface Emission {
  readonly bundle: Bundle;
  readonly plan: EnginePlan;
  /** The notebook's name without its ending. */
  readonly stem: string;
  /** The notebook's folder, from the folder that is written, with slashes. */
  readonly notebookFolder: string;
  /** The folder that is written, from the root of the repository that it is in, with slashes; `.` where it is in none. */
  readonly projectFolder: string;
  readonly notebook: Notebook;
  readonly settings: EngineSettings;
}

/** What the command line says beyond the notebook. */
export interface EngineSettings {
  /** Those that a run may be started with; no secrets. */
  readonly parameters: readonly EngineParameter[];
  /** One for each combination of the values of `--matrix`. */
  readonly variants: readonly { readonly name: string; readonly values: readonly EngineParameter[] }[];
  /** When it is to run: five fields, as cron has them. */
  readonly schedule?: string;
  /** The image of the steps, for engines that run containers. */
  readonly image?: string;
  /** True when all steps have the key of the run, with which references are signed. */
  readonly signed: boolean;
  /** Where values and files are kept, for all machines. */
  readonly store?: string;
  /** The locked environment beside the notebook. */
  readonly lock?: EngineLock;
  /** What runs the cells; absent where Python does, with its packages. */
  readonly runner?: CellRunner;
}

/** What runs cells that are none of Python's. */
export interface CellRunner {
  /** Programs that a machine needs on its path, beside a Python of any kind. The last one runs the cells. */
  readonly programs: readonly CellProgram[];
  /** Digest of the lock of their modules; absent when they import none. */
  readonly lock?: Digest;
}

/** A program, and its version where it is known. */
export interface CellProgram {
  readonly name: string;
  readonly version?: string;
}

/** A locked environment. */
export interface EngineLock {
  readonly digest: Digest;
  /** Lines for pip, without hashes. */
  readonly requirements: string;
  /** Version of Python, as `3.11`; absent where the lock does not say it. */
  readonly python?: string;
}

/** A parameter and a value of it. */
export interface EngineParameter {
  readonly name: string;
  /** `json`: a list, a mapping or None, as JSON text. */
  readonly type: 'str' | 'int' | 'float' | 'bool' | 'json';
  /** Python source of the value; of `json`, of its text. */
  readonly python: string;
  /** The value as JSON, as Python's reader takes it. */
  readonly json: string;
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
  /** True when all steps run on one machine, where the notebook's folder is, and no result is used again. */
  readonly isHere?: true;
  /** True when its machines do not have the notebook's folder: the files that cells read are copied into `files/`. */
  readonly takesFiles?: true;
  /** Flags for what the engine does not have; asking for it is an error. */
  readonly without?: readonly ('matrix' | 'schedule' | 'image' | 'store' | 'signed')[];
  /** True when its machines have the repository of the notebook, so that the project has to be in it. */
  readonly usesRepository?: true;
  readonly emit: (emission: Emission) => readonly EmittedFile[];
}
