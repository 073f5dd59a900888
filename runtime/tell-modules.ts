import type { Bundle } from '../compiler/bundle/format.ts';
import type { InstalledPackage, RunEvent } from './event.ts';
import { listed } from './languages/module-locks.ts';
import { namedImports } from './languages/named-imports.ts';
import { runtimeOf } from './languages/registry.ts';
import type { Interpreter } from './process/interpreter.ts';
import type { TaskOutcome } from './run-state.ts';
import type { Variables } from './variables.ts';

interface Around {
  readonly kernel: string;
  readonly interpreter: Interpreter;
  readonly cwd: string;
  readonly variables: Variables;
  readonly signal?: AbortSignal | undefined;
  /** What is known of packages without asking. */
  readonly known: readonly InstalledPackage[];
  readonly emit: (event: RunEvent) => void;
}

/**
 * What the cells of a run had of modules, where the engine fetches them by itself and no lock says which: found out when the cells have run, and told.
 * Gives all that is known of packages.
 */
export async function tellModules(
  { notebook }: Bundle,
  tasks: readonly TaskOutcome[],
  { kernel, emit, known, ...asked }: Around,
): Promise<readonly InstalledPackage[]> {
  const locks = runtimeOf(notebook.language).modulesOf(kernel);
  if (locks === undefined || known.length > 0) return known;
  const ended = tasks.filter(({ status }) => status === 'ran' || status === 'cached');
  const imports = namedImports(ended.map(({ task }) => task));
  const imported = tasks.flatMap(({ result }) =>
    result === undefined || result.imported.length === 0 ? [] : [result.imported],
  );
  if (imports.length === 0 && imported.length === 0) return known;
  const found = await locks.found({ ...asked, imports }, imported);
  if (found === undefined) return known;
  const modules = listed(found);
  emit({ type: 'modules', modules });
  return modules;
}
