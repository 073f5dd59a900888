/** A file that can be installed, as a lock file (PEP 751) names it. */
export interface LockedFile {
  /** Where it can be fetched from; a file beside the lock has a path instead. */
  readonly url?: string;
  readonly path?: string;
  readonly size?: number;
  /** By name of the algorithm, in hexadecimal digits. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** A revision in version control. */
export interface LockedRevision {
  readonly type: string;
  readonly url: string;
  readonly requestedRevision?: string;
  readonly commit: string;
  readonly subdirectory?: string;
}

/** A package that comes from exactly one kind of source. */
export interface LockedPackage {
  /** As PEP 503 compares it. */
  readonly name: string;
  /** Absent where the source decides about it. */
  readonly version?: string;
  /** When it is to be installed; always, if absent. */
  readonly marker?: string;
  readonly requiresPython?: string;
  readonly needs: readonly string[];
  readonly directory?: { readonly path: string; readonly editable: boolean };
  readonly vcs?: LockedRevision;
  readonly archive?: LockedFile;
  readonly sdist?: LockedFile;
  readonly wheels: readonly LockedFile[];
}

/** A `pylock.toml`. */
export interface Lock {
  /** Markers; one of them must hold where the lock is used. */
  readonly environments: readonly string[];
  readonly requiresPython?: string;
  readonly createdBy: string;
  readonly packages: readonly LockedPackage[];
  /** What this program writes beside the standard: its own table. Absent in locks of others. */
  readonly own?: OwnPart;
}

/** The table `[tool.cellwright]`. */
export interface OwnPart {
  /** Base name of the notebook. */
  readonly notebook: string;
  /** Exact version of the interpreter that was locked. */
  readonly python: string;
  /** Packages that were asked for beside what the notebook imports. */
  readonly asked: readonly string[];
  /** Packages that the notebook imports itself. */
  readonly imported: readonly string[];
}
