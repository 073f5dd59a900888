import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Bundle, Digest } from '../../compiler/bundle/format.ts';
import type { Engine, EnvironmentFound } from '../event.ts';
import { compareWithNow } from '../history/changed-data.ts';
import { dataOf } from '../history/data.ts';
import { describeFile } from '../history/observation.ts';
import type { RecordedRun } from '../history/recorded-run.ts';
import { runtimeOf } from '../languages/registry.ts';
import { loadDigests, saveDigests } from '../store/digests.ts';
import { openLocalStore } from '../store/local.ts';
import type { Variables } from '../variables.ts';
import type { Frozen, FrozenCell } from './format.ts';

/** What a run was made on, without how that came about. */
export type FrozenFacts = Omit<Frozen, 'formatVersion' | 'made' | 'notebook'>;

/** Where the notebook of a frozen state is, and which of its cells has its parameters. */
export interface NotebookPlace {
  /** Its folder, absolute. */
  readonly folder: string;
  /** True for the cell, by its place, that the parameters were written into. */
  readonly isInjected: (index: number) => boolean;
}

/** Freezes what a recorded run was made on. @param modules those that its cells imported, where the record does not say it */
export function freezeRun(
  run: RecordedRun,
  { folder, isInjected }: NotebookPlace,
  modules?: EnvironmentFound['packages'],
): FrozenFacts {
  const cells = [...run.tasks.values()].flatMap(({ name, number, index, code }): FrozenCell[] =>
    number === undefined || index === undefined || isInjected(index) ? [] : [{ name, number, code: code as Digest }],
  );
  const inputs = dataOf(run).filter(({ role, ofEnvironment, digest }) => {
    return role === 'input' && !ofEnvironment && digest.startsWith('sha256:');
  });
  const files = inputs.map(({ path, size = 0, digest }) => ({
    path: portable(folder, path),
    size,
    sha256: digest as Digest,
  }));
  return {
    parameters: run.started?.origin.parameters ?? [],
    cells,
    files,
    environment: describe(
      modules ?? run.environment?.packages ?? [],
      run.language?.engine ?? { name: 'python', version: run.language?.version ?? '' },
      run.started?.runner.system ?? '',
    ),
  };
}

/** What a run would be made on now. Only the interpreter is started, to say where it looks for packages and its version. */
export function freezeNow(
  {
    bundle,
    frozen,
    parameters,
  }: { readonly bundle: Bundle; readonly frozen: Frozen; readonly parameters: Frozen['parameters'] },
  { folder, isInjected }: NotebookPlace,
  options: {
    readonly state: string;
    readonly cwd: string;
    readonly python: string | undefined;
    readonly kernel: string | undefined;
    readonly lock?: string | undefined;
    readonly environment: Variables;
    /** Those that its cells would import, where the engine does not say it by itself. */
    readonly modules?: EnvironmentFound['packages'] | undefined;
  },
): FrozenFacts {
  const store = openLocalStore(options.state);
  loadDigests(store);
  const cells = bundle.tasks.flatMap(({ name, executionCount, index, code }) =>
    executionCount === 0 || isInjected(index) ? [] : [{ name, number: executionCount, code }],
  );
  const files = frozen.files.flatMap(({ path }) => {
    const file = resolve(folder, path);
    const { digest, size = 0 } = describeFile(file);
    return digest.startsWith('sha256:') ? [{ path, size, sha256: digest as Digest }] : [];
  });
  saveDigests(store);
  const language = runtimeOf(bundle.notebook.language);
  const interpreter = language.findInterpreter({ ...options, kernel: options.kernel ?? bundle.notebook.kernelName });
  if (frozen.environment === null || interpreter === undefined) return { parameters, cells, files, environment: null };
  const variables = { ...options.environment, ...interpreter.environment };
  const asked = { interpreter, cwd: options.cwd, variables };
  const start = language.describeStart(store, asked);
  const packages = options.modules ?? language.listPackages(store, asked).packages;
  const engine = language.engineOf(interpreter, start.whole, store) ?? { name: '', version: '' };
  const environment = describe(packages, engine, `${process.platform} ${process.arch}`);
  return { parameters, cells, files, environment };
}

/** Inputs of a run that are not what it read any more, by path. */
export function changedSince(state: string, run: RecordedRun): readonly string[] {
  const caches = run.environment?.caches ?? [];
  // What is installed is told by names and versions; what an engine fetched for itself by its files.
  const isFetched = (path: string): boolean => caches.some((folder) => path.startsWith(`${folder}${sep}`));
  const inputs = dataOf(run).filter(
    ({ role, ofEnvironment, path }) => role === 'input' && (!ofEnvironment || isFetched(path)),
  );
  const now = compareWithNow(state, inputs);
  return inputs.flatMap(({ path }, place) => (now[place] === 'same' ? [] : [path]));
}

function describe(packages: EnvironmentFound['packages'], engine: Engine, system: string): Frozen['environment'] {
  const [platform = '', machine = ''] = system.split(' ');
  return {
    python: { implementation: engine.name, version: engine.version },
    platform: { system: platform, machine, libc: '' },
    packages: packages.map(({ name, version: installed }) => ({ name, version: installed, imported: false })),
  };
}

/** From the notebook's folder when it is near; a path that only this machine has is named as it is. */
function portable(folder: string, path: string): string {
  const way = relative(folder, path);
  const isFar = isAbsolute(way) || way.startsWith(join('..', '..', '..'));
  return isFar ? path : way.split(sep).join('/');
}
