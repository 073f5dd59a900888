import { spawnSync } from 'node:child_process';
import { machine, type as systemName } from 'node:os';
import { join } from 'node:path';
import type { Result } from '../../compiler/bundle/diagnostic.ts';
import { isObject } from '../../compiler/bundle/follow-schema.ts';
import type { EnvironmentDescription, EnvironmentQuestion } from '../certificate/environment.ts';
import type { InstalledPackage } from '../event.ts';
import { foldersUp } from '../folders-up.ts';
import { readDocument } from '../store/local.ts';
import { cacheOfDeno } from './deno-cache.ts';
import { findJavaScript } from './interpreter.ts';
import { askEngine } from './language-info.ts';

/** The engine that runs the cells, the machine, and the modules that the cells had, for a certificate. */
export function describeModules(asked: EnvironmentQuestion): Result<EnvironmentDescription> {
  const { cwd, environment, packages } = asked;
  const interpreter = findJavaScript(asked);
  const engine = interpreter === undefined ? undefined : askEngine(interpreter);
  if (interpreter === undefined || engine === undefined) return refuse(`No version of ${asked.kernel} was found.`);
  const variables = { ...environment, ...interpreter.environment };
  const cache = cacheOfDeno(variables, cwd);
  return {
    ok: true,
    value: {
      python: { implementation: engine.name, version: engine.version },
      platform: { system: systemName(), machine: machine(), libc: libraryOfC() },
      packages: [...packages, ...kernelIn(interpreter.home)].map((found) => ({
        ...found,
        modules: [found.name],
        needs: [],
      })),
      path: [cache, ...foldersUp(cwd).map((folder) => join(folder, 'node_modules'))],
      library: '',
      prefixes: [interpreter.executable],
      caches: [cache],
      variables,
    },
  };
}

/** A kernel that is a package of its own: what the cells show is its doing as well. @param home its folder; empty: there is none */
function kernelIn(home: string): readonly InstalledPackage[] {
  const read = home === '' ? undefined : readDocument(join(home, 'package.json'));
  if (!isObject(read)) return [];
  return [{ name: `npm:${String(read['name'])}`, version: String(read['version']) }];
}

/** Such as `glibc 2.36`; empty where the system does not say it. */
function libraryOfC(): string {
  const { status, stdout } = spawnSync('getconf', ['GNU_LIBC_VERSION'], { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? stdout.trim() : '';
}

function refuse(message: string): Result<never> {
  const help = 'Install it again, or name another kernel with -k NAME.';
  return { ok: false, error: [{ code: 'CW501', severity: 'error', message, help, related: [] }] };
}
