import type { Diagnostic, Range, Result } from '../../compiler/bundle/diagnostic.ts';
import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import type { Interpreter } from '../process/interpreter.ts';
import type { Variables } from '../variables.ts';

/** A module that a cell imports, by a name that its text says. */
export interface NamedImport {
  readonly specifier: string;
  readonly cell: string;
  /** The cell's place in the notebook. */
  readonly index: number;
  readonly range: Range;
}

/** Every import that stands in the text of these cells. */
export function namedImports(tasks: readonly Task[]): readonly NamedImport[] {
  return tasks.flatMap(({ id, index, script }) =>
    (script?.modules ?? []).map(({ specifier, range }) => ({ specifier, cell: id, index, range })),
  );
}

/** What the cells of a bundle import by names that their texts say. */
export function importsOf({ tasks }: Pick<Bundle, 'tasks'>): readonly NamedImport[] {
  return namedImports(tasks.filter(({ executionCount }) => executionCount > 0));
}

/** A module as a lock has it. */
export interface LockedModule {
  /** With where it comes from: `npm:ms`, `jsr:@std/csv`, or an address. */
  readonly name: string;
  /** Empty for an address. */
  readonly version: string;
  /** The digest that its files must have; empty where the lock has none. */
  readonly integrity: string;
}

/** Who asks about a lock. */
export interface LockQuestion {
  /** Undefined: nothing can be started, and only what the text of the lock says is known. */
  readonly interpreter: Interpreter | undefined;
  /** Folder that the cells run in. */
  readonly cwd: string;
  readonly variables: Variables;
  readonly imports: readonly NamedImport[];
  readonly signal?: AbortSignal | undefined;
}

/** A lock file, and how it is called in messages. */
export interface LockText {
  readonly text: string;
  /** Absolute path. */
  readonly file: string;
  readonly shown: string;
}

/** What a lock file is to say, and what is to be said of it. */
export interface MadeLock {
  readonly text: string;
  readonly modules: readonly LockedModule[];
  /** Names of those that the cells import themselves. */
  readonly imported: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Something in which a lock and what is here are not the same; `null` where only the other has it. */
export interface ModuleDifference {
  readonly name: string;
  readonly locked: string | null;
  readonly here: string | null;
  /** Why a notebook cannot run with this lock. */
  readonly diagnostic: Diagnostic;
}

/** A lock compared with what the cells import and with what is kept here. */
export interface ComparedLock {
  readonly modules: readonly LockedModule[];
  readonly imported: readonly string[];
  readonly differences: readonly ModuleDifference[];
}

/** A module by name and version; of an address the version is its digest. */
export interface ListedModule {
  readonly name: string;
  readonly version: string;
  /** The digest of its files, where that is known besides the version. */
  readonly integrity?: string;
}

/** Sorted by name and version. */
export function listed(modules: readonly LockedModule[]): readonly ListedModule[] {
  const found = modules.map(({ name, version, integrity }): ListedModule => {
    if (version === '') return { name, version: integrity };
    return { name, version, ...(integrity !== '' && { integrity }) };
  });
  const keyOf = ({ name, version }: ListedModule): string => `${name} ${version}`;
  return found.sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : Number(keyOf(left) > keyOf(right))));
}

/** How the modules of an engine are locked, where the engine has a format of its own for it. */
export interface ModuleLocks {
  /** Where the lock of a notebook may be, the place that counts most first. */
  places(notebook: { readonly folder: string; readonly stem: string }): readonly string[];
  /** Where a new one is written, in the folder of the notebook. */
  usual(folder: string): string;
  /** How a lock may be called, in words; undefined when this is a name for one. */
  misnamed(name: string): string | undefined;
  /**
   * What the lock is to say. Nothing of the notebook is run; modules that are not kept here are fetched.
   * @param before the lock as it is: what it holds stays as it is
   */
  make(question: LockQuestion, before: LockText | undefined): Promise<Result<MadeLock>>;
  /**
   * A module that imports all that is in a lock, so that it can be fetched where the notebook is not. Fails for what only files beside the notebook
   * explain. Undefined where packages lie beside the notebook.
   */
  readonly entryOf?: (imports: readonly NamedImport[], lock: LockText) => Result<string>;
  /** The modules that cells would get without a lock, now. What is not kept here is fetched. */
  resolve(question: LockQuestion): Promise<Result<readonly LockedModule[]>>;
  /**
   * The modules that the cells of a run have had, with what these require. Nothing is fetched: what has gone from here meanwhile cannot be told, and
   * then it is not known.
   * @param question with the imports that stand in the cells that ran
   * @param imported names that cells were seen to import, those of each cell together
   */
  found(question: LockQuestion, imported: readonly (readonly string[])[]): Promise<readonly LockedModule[] | undefined>;
  /** The module that a name in an import leads to, as a lock calls it; undefined for files and for what the engine has itself. */
  moduleOf(specifier: string): string | undefined;
  /**
   * Variables of the environment with which a real kernel has no other modules than those of a lock, although it takes none.
   * @param folder of its own for that, which is removed after the kernel has ended
   */
  holdKernel(question: LockQuestion, lock: LockText, folder: string): Promise<Result<Variables>>;
  /**
   * Compares a lock with what the cells import and with what is kept here. Fails where the lock cannot be used at all.
   * @param fetches true: what is not kept here is fetched
   */
  compare(question: LockQuestion, lock: LockText, fetches: boolean): Promise<Result<ComparedLock>>;
}
