import type { Bundle } from '../compiler/bundle/format.ts';
import { describeLanguage } from './describe-language.ts';
import type { EnvironmentFound, InstalledPackage, RunEvent } from './event.ts';
import type { SourceControl } from './history/source-control.ts';
import { listed } from './languages/module-locks.ts';
import { namedImports } from './languages/module-locks.ts';
import { runtimeOf } from './languages/registry.ts';
import type { Interpreter } from './process/interpreter.ts';
import type { LanguageInfo } from './process/language.ts';
import type { TaskOutcome } from './run-state.ts';
import type { LocalStore } from './store/local.ts';
import type { Variables } from './variables.ts';

interface Around {
  /** One that was asked for; else it is the notebook's own. */
  readonly kernel?: string | undefined;
  readonly interpreter: Interpreter;
  readonly store: LocalStore;
  readonly cwd: string;
  readonly variables: Variables;
  readonly signal?: AbortSignal | undefined;
  /** Digest of all that the cells start from. */
  readonly start: string;
  /** What was known of packages before anything ran. */
  readonly installed: Pick<EnvironmentFound, 'packages'>;
  readonly source: () => Promise<SourceControl | undefined>;
  readonly emit: (event: RunEvent) => void;
}

/** Tells what is known of an engine, its modules and the commit when the cells have run. */
export async function tellWhatRan(
  bundle: Bundle,
  tasks: readonly TaskOutcome[],
  around: Around,
): Promise<{ readonly language: LanguageInfo | undefined; readonly packages: readonly InstalledPackage[] }> {
  const { emit, source } = around;
  const packages = await tellModules(bundle, tasks, around);
  const { language, told } = describeLanguage(bundle, around);
  if (told !== undefined) emit(told);
  const commit = await source();
  if (commit !== undefined) emit({ type: 'source-control', ...commit });
  return { language, packages };
}

/** What the cells have had of modules, where the engine fetches them by itself and no lock says which. Gives all that is known of packages. */
async function tellModules(
  { notebook }: Bundle,
  tasks: readonly TaskOutcome[],
  { kernel = notebook.kernelName, emit, installed, interpreter, cwd, variables, signal }: Around,
): Promise<readonly InstalledPackage[]> {
  const known = installed.packages;
  const locks = runtimeOf(notebook.language).modulesOf(kernel);
  if (locks === undefined || known.length > 0) return known;
  const ended = tasks.filter(({ status }) => status === 'ran' || status === 'cached');
  const imports = namedImports(ended.map(({ task }) => task));
  const imported = tasks.flatMap(({ result }) =>
    result === undefined || result.imported.length === 0 ? [] : [result.imported],
  );
  if (imports.length === 0 && imported.length === 0) return known;
  const found = await locks.found({ interpreter, cwd, variables, signal, imports }, imported);
  if (found === undefined) return known;
  const modules = listed(found);
  emit({ type: 'modules', modules });
  return modules;
}
