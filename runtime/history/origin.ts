import { hostname, userInfo } from 'node:os';
import type { RecordedParameter } from '../certificate/format.ts';
import { isFileError } from '../store/local.ts';

/** Who runs what, as far as the caller knows it; the record of the run keeps it. */
export interface Origin {
  /** Path of the notebook or bundle as an absolute path; `-` when it came through a pipe. */
  readonly notebook: string;
  /** Parameters that were given, in their order. Never the value of a secret. */
  readonly parameters: readonly RecordedParameter[];
  /** The program and its version. */
  readonly program: string;
  /** Where the environment was built from a lock or from script metadata: its name, and the digest of what it asks for. */
  readonly lock?: { readonly name: string; readonly digest: string } | undefined;
  /** Where the run is one point of a matrix: what joins its runs, and the point. */
  readonly variant?: Variant | undefined;
}

/** One point of a matrix. */
export interface Variant {
  /** The same for all runs of the matrix. */
  readonly matrix: string;
  readonly values: readonly RecordedParameter[];
}

/** The person and the machine. */
export interface Runner {
  readonly user: string;
  readonly host: string;
  readonly system: string;
}

/** Who runs this process, and where. */
export function describeRunner(): Runner {
  return { user: userName(), host: hostname(), system: `${process.platform} ${process.arch}` };
}

/** In a container the user often has no name: then the number stands for it. */
function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return String(process.getuid?.() ?? 'unknown');
  }
}
