import type { Digest } from '../../compiler/bundle/format.ts';

/** The version of a certificate; a reader refuses any other. */
export const certificateVersion = 1;

/** A parameter that was given. */
export interface RecordedParameter {
  readonly name: string;
  readonly value: RecordedValue;
}

/** What a notebook gave, on what, as `verify --certificate` writes it. Only `facts` is compared. */
export interface Certificate {
  readonly formatVersion: typeof certificateVersion;
  /** Of `facts` as canonical JSON. It shows a change, not who made the certificate. */
  readonly digest: Digest;
  readonly facts: Facts;
  readonly made: {
    /** ISO 8601, in UTC. */
    readonly at: string;
    /** The program with its version. */
    readonly by: string;
  };
}

/** Equal facts have equal bytes. Nothing in them tells whose machine it was, or a value that a variable had. */
export interface Facts {
  readonly notebook: {
    /** Base name of the file. */
    readonly name: string;
    /** Digest of the cells' source digests. */
    readonly code: Digest;
    /** The folder that the cells ran in, from the notebook's. */
    readonly folder: string;
  };
  readonly parameters: readonly RecordedParameter[];
  readonly cells: readonly RecordedCell[];
  readonly files: readonly RecordedFile[];
  readonly environment: RecordedEnvironment;
}

/** A parameter: numbers as Python writes them, so that `1.0` stays a float, and all else as in JSON. */
export type RecordedValue =
  | null
  | boolean
  | string
  | readonly RecordedValue[]
  | { readonly int: string }
  | { readonly float: string }
  | { readonly dict: readonly { readonly key: string; readonly value: RecordedValue }[] };

/** One code cell. */
export interface RecordedCell {
  readonly id: string;
  readonly name: string;
  /** As in `In [n]`. */
  readonly number: number;
  /** Digest of the exact text. */
  readonly source: Digest;
  /** Digest of the text without comments and layout. */
  readonly code: Digest;
  /** `unstable`: something that it shows differed from run to run, and only the rest is compared. */
  readonly verdict: 'equal' | 'unstable' | 'raises' | 'not run';
  /** Why it is unstable, as far as can be told. */
  readonly cause: string;
  /** How the runs ended here: `nothing`, `outputs`, or the class of the error. */
  readonly ends: readonly string[];
  /** Absent when the runs gave different kinds of outputs. */
  readonly outputs?: readonly RecordedOutput[];
  /** Names of the cells that it waits for. */
  readonly needs: readonly string[];
  /** Distributions that its imports come from. */
  readonly packages: readonly string[];
  /** Paths in {@link Facts.files} that it read. */
  readonly files: readonly string[];
  /** Variables of the environment that it, or a library in its process, read and that were set. */
  readonly variables: readonly string[];
}

/** One output, normalised. */
export interface RecordedOutput {
  readonly kind: 'stdout' | 'stderr' | 'error' | 'result' | 'display';
  readonly parts: readonly RecordedPart[];
}

/** One text of an output: the whole of a stream, a mime type, a field of an error. With neither digest nor lines it is not compared. */
export interface RecordedPart {
  readonly name: string;
  /** Kinds of words that differed from run to run, such as addresses; all of them are masked before the digest is taken. */
  readonly masked: readonly string[];
  /** Of a text that was the same in all runs. */
  readonly digest?: Digest;
  /** Of each line of a text that was not; empty where the runs differed. */
  readonly lines?: readonly (Digest | '')[];
}

/** A file that cells read and the notebook does not write. */
export interface RecordedFile {
  /** From the notebook's folder, or from `{packages}`, `{python}` or `{home}`; of a file anywhere else only its name, after `{elsewhere}`. */
  readonly path: string;
  readonly size?: number;
  readonly sha256?: Digest;
  /** Of the names in a folder that was listed. */
  readonly names?: Digest;
}

/** What the cells ran on. */
export interface RecordedEnvironment {
  readonly python: { readonly implementation: string; readonly version: string };
  readonly platform: { readonly system: string; readonly machine: string; readonly libc: string };
  /** Every installed distribution, or every module that the cells had. `imported`: a cell imports from it. */
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    /** The digest of a module's files, where that is known besides the version. */
    readonly integrity?: string;
    readonly imported: boolean;
  }[];
  /** Those that were read and set, without those of the machine or of the person, such as `HOME`. */
  readonly variables: readonly { readonly name: string; readonly digest: string }[];
}
