import { basename, join } from 'node:path';
import type { EnvironmentFound } from '../event.ts';
import { foldersUp } from '../folders-up.ts';
import { listed, type LockedModule } from '../languages/module-locks.ts';
import type { PackageQuestion } from '../process/search-path.ts';
import { readOrNothing } from '../store/local.ts';
import { cacheOfDeno } from './deno-cache.ts';
import { isJavaScript } from './interpreter.ts';
import { readDenoLock } from './lock/deno-lock.ts';
import { packageLocks, packagesIn } from './lock/package-locks.ts';

type Found = Pick<EnvironmentFound, 'packages' | 'folders' | 'caches'>;

/** The modules of the lock that a run is held to, with versions, and where the engine looks for modules. */
export function listModules({ interpreter, cwd, variables }: PackageQuestion): Found {
  const caches = [cacheOfDeno(variables, cwd), ...foldersUp(cwd).map((folder) => join(folder, 'node_modules'))];
  const where = { folders: [], caches };
  const lock = isJavaScript(interpreter) ? interpreter.lock : undefined;
  const text = lock === undefined ? undefined : readOrNothing(lock);
  if (text === undefined || lock === undefined) return { packages: [], ...where };
  return { packages: listed(modulesIn(text, basename(lock))), ...where };
}

function modulesIn(text: string, name: string): readonly LockedModule[] {
  if (packageLocks.misnamed(name) === undefined) return packagesIn(text);
  const read = readDenoLock(text, name);
  return read.ok ? read.value.modules : [];
}
