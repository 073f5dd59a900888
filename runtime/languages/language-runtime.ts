import type { Diagnostic, Result } from '../../compiler/bundle/diagnostic.ts';
import type { Parameter, Task } from '../../compiler/bundle/format.ts';
import type { EnvironmentDescription, EnvironmentQuestion } from '../certificate/environment.ts';
import type { Engine, EnvironmentFound } from '../event.ts';
import type { Interpreter } from '../process/interpreter.ts';
import type { LanguageInfo } from '../process/language.ts';
import type { PackageQuestion } from '../process/search-path.ts';
import type { ProcessParent } from '../process/task-processes.ts';
import type { ParentOptions } from '../process/worker-parent.ts';
import type { Start } from '../start-state.ts';
import type { LocalStore } from '../store/local.ts';
import type { Variables } from '../variables.ts';
import type { ModuleLocks } from './module-locks.ts';

/** What is asked: who runs the cells of a notebook. */
export interface InterpreterAsked {
  /** An interpreter that was named. */
  readonly python?: string | undefined;
  /** The notebook's kernel, or one that was named. */
  readonly kernel: string;
  readonly environment: Variables;
  /** Folder that the cells run in. */
  readonly cwd: string;
  /** Absolute path of a lock of modules: what cells import comes from it, and from nowhere else. */
  readonly lock?: string | undefined;
}

/** A program that runs a notebook in a real kernel: it is given the notebook, where to write it, the folder, and then the last words. */
export interface PlainCommand {
  readonly executable: string;
  readonly words: readonly string[];
  readonly last: readonly string[];
  readonly environment: Variables;
}

/** What a machine needs for steps of engines, besides a Python and the files that every step has. */
export interface StepNeeds {
  /** Files of the installation. */
  readonly files: readonly string[];
  /** Programs on the path. The last one is what runs the cells; where there is none, Python does, with its packages. */
  readonly programs: readonly string[];
  /** False where values of parameters are those that the notebook was emitted with, and no engine can give others. */
  readonly takesValues: boolean;
  /** Why they run only where the notebook's folder is, and what helps; absent when they run anywhere. */
  readonly staysHere?: { readonly why: string; readonly next: string };
}

/** What running cells of one language takes that other languages do otherwise. */
export interface LanguageRuntime {
  /** True for the languages that it runs, as a notebook names them. */
  runs(language: string): boolean;
  /** Undefined when nothing can run the cells. */
  findInterpreter(asked: InterpreterAsked): Interpreter | undefined;
  /** What to say when there is none. */
  noInterpreter(asked: InterpreterAsked): Diagnostic;
  /** What every cell starts from. */
  describeStart(store: LocalStore, asked: PackageQuestion): Start;
  /** What is installed, once the start was described. */
  listPackages(store: LocalStore, asked: PackageQuestion): Pick<EnvironmentFound, 'packages' | 'folders' | 'caches'>;
  /** What a certificate says of who ran the cells. Fails where it cannot be found out. */
  describeEnvironment(asked: EnvironmentQuestion): Result<EnvironmentDescription>;
  /** What a cell imports, by the names that its packages have. @param imported what it was seen to import */
  importedBy(task: Task, imported: readonly string[], kernel: string): ReadonlySet<string>;
  /** As the kernel says it. @param environment digest of what cells start from: it is asked once for each */
  languageInfo(interpreter: Interpreter, environment: string, store: LocalStore): LanguageInfo | undefined;
  /** What runs the cells, by name and version, such as `python 3.12.1`; undefined when it does not tell its version. */
  engineOf(interpreter: Interpreter, environment: string, store: LocalStore): Engine | undefined;
  /** Starts what the processes of tasks come from. */
  startProcesses(options: ParentOptions): Promise<ProcessParent>;
  /**
   * How a real kernel runs a notebook by itself; undefined where there is none.
   * @param scripts folder of our scripts for Python
   */
  plainCommand(interpreter: Interpreter, asked: InterpreterAsked, scripts: string): PlainCommand | undefined;
  /** What that needs, for who does not have it. */
  readonly plainNeeds: string;
  /** How the modules of a kernel's engine are locked; undefined where packages are installed into an environment, which `pylock.toml` describes. */
  modulesOf(kernel: string): ModuleLocks | undefined;
  /** What steps of engines need for a kernel. */
  stepsOf(kernel: string): StepNeeds;
  /** What the language calls types of parameters, where it has other words than the bundle. */
  readonly typeNames: Readonly<Partial<Record<Parameter['type'], string>>>;
  /** False where tasks cannot run on other machines, and nothing is made of a notebook but runs and what is told of them. */
  readonly knowsEverything: boolean;
}
